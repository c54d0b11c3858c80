import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore
@testable import BackupCore

@Suite("Catalog of the bucket")
struct BackupCatalogTests {
    private static let layout = BackupLayout(prefix: "daily")
    private static let now = Date(timeIntervalSince1970: 1_795_226_400)

    private func catalog(_ store: InMemoryBackupStore) -> BackupCatalog {
        BackupCatalog(store: store, layout: Self.layout, now: { Self.now })
    }

    /// The keys of one export begun at a time.
    private static func export(
        _ date: BackupDate,
        _ table: String,
        begun: Date,
        isComplete: Bool = true,
        dataFiles: Int = 1
    ) throws -> (id: ExportID, keys: [String]) {
        let milliseconds = (Int(begun.timeIntervalSince1970) * 1_000).padded(to: 14)
        let id = try #require(ExportID("\(milliseconds)-0123abcd"))
        let folder = layout.export(id, date: date, table: table)
        var keys = [folder.startedKey] + (0..<dataFiles).map { folder.dataFolder + "\($0).json.gz" }
        if isComplete {
            keys += [
                folder.manifestFilesKey, folder.manifestFilesChecksumKey, folder.manifestSummaryKey,
                folder.manifestSummaryChecksumKey,
            ]
        }
        return (id, keys)
    }

    @Test("Every kind of backup is told apart")
    func kinds() async throws {
        let today = BackupDate(Self.now)
        let old = try #require(today.adding(days: -10))
        var keys: [String] = []
        keys += try Self.export(today, "Complete", begun: Self.now).keys
        keys += [Self.layout.schemaKey(today, table: "Complete"), Self.layout.settingsKey(today, table: "Complete")]
        keys += try Self.export(today, "Running", begun: Self.now.addingTimeInterval(-3_600), isComplete: false).keys
        keys += try Self.export(old, "Failed", begun: old.start, isComplete: false, dataFiles: 0).keys
        keys += [
            Self.layout.schemaKey(old, table: "Refused"), "daily/readme.txt",
            "daily/2026/99/01/Users/table_schema.json",
        ]
        let store = InMemoryBackupStore(Dictionary(uniqueKeysWithValues: keys.map { ($0, .init()) }))
        let entries = try await catalog(store).entries()
        #expect(entries.map(\.table) == ["Complete", "Running", "Failed", "Refused"])
        #expect(entries.map(\.status) == [.complete, .running, .failed, .notExported])
        #expect(entries.map(\.hasSchema) == [true, false, false, true])
        #expect(entries.map(\.hasSettings) == [true, false, false, false])
        #expect(entries[0].completedAt != nil && entries[1].completedAt == nil)
    }

    @Test("The newest complete backup is found across unfinished ones, days and months")
    func newest() async throws {
        let today = BackupDate(Self.now)
        let earlier = try #require(today.adding(days: -70))
        let first = try Self.export(earlier, "Orders", begun: earlier.start.addingTimeInterval(60))
        let second = try Self.export(earlier, "Orders", begun: earlier.start.addingTimeInterval(7_200))
        let unfinished = try Self.export(
            earlier,
            "Orders",
            begun: earlier.start.addingTimeInterval(9_000),
            isComplete: false
        )
        let running = try Self.export(today, "Orders", begun: Self.now, isComplete: false)
        let others = try Self.export(today, "Orders-2", begun: Self.now)
        let keys = first.keys + second.keys + unfinished.keys + running.keys + others.keys
        let store = InMemoryBackupStore(Dictionary(uniqueKeysWithValues: keys.map { ($0, .init()) }))
        #expect(try await catalog(store).newestComplete(table: "Orders")?.export?.id == second.id)
        #expect(try await catalog(store).newestComplete(table: "Orders", on: earlier)?.export?.id == second.id)
        #expect(try await catalog(store).newestComplete(table: "Orders", on: today) == nil)
        #expect(try await catalog(store).newestComplete(table: "Order") == nil)
    }

    @Test("Whatever lies in the bucket, however it is paged and filtered, the same backups come out")
    func property() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        // Names whose keys sort otherwise than the names themselves.
        let tables = ["Order", "Order-2", "Order.x", "Order_", "Orders", "aaa"]
        for round in 0..<25 {
            var keys: Set<String> = []
            let start = try #require(BackupDate("2025/12/28"))
            for day in 0..<Int.random(in: 1...8, using: &generator) {
                let date = try #require(start.adding(days: day * Int.random(in: 1...9, using: &generator)))
                for table in tables where Bool.random(using: &generator) {
                    if Bool.random(using: &generator) { keys.insert(Self.layout.schemaKey(date, table: table)) }
                    if Bool.random(using: &generator) {
                        keys.insert(Self.layout.exportsFolder(date, table: table) + "data/x.gz")
                    }
                    for hour in 0..<Int.random(in: 0...2, using: &generator) {
                        let export = try Self.export(
                            date,
                            table,
                            begun: date.start.addingTimeInterval(Double(hour) * 3_600),
                            isComplete: Bool.random(using: &generator),
                            dataFiles: Int.random(in: 0...30, using: &generator)
                        )
                        keys.formUnion(export.keys)
                    }
                }
            }
            let wanted = Bool.random(using: &generator) ? tables.randomElement(using: &generator) : nil
            let from = Bool.random(using: &generator) ? start.adding(days: 3) ?? start : .minimum
            let through = Bool.random(using: &generator) ? start.adding(days: 20) ?? start : .maximum
            let store = InMemoryBackupStore(
                Dictionary(uniqueKeysWithValues: keys.map { ($0, .init()) }),
                pageSize: Int.random(in: 1...12, using: &generator),
                rollsUpLongDelimiters: Bool.random(using: &generator)
            )
            let entries = try await catalog(store).entries(table: wanted, from: from, through: through)

            var expected: Set<String> = []
            let exported = Set(
                keys.compactMap { key -> String? in
                    guard let key = Self.layout.parse(key), case .export = key.part else { return nil }
                    return "\(key.date) \(key.table)"
                }
            )
            for key in keys.compactMap({ Self.layout.parse($0) })
            where (wanted == nil || key.table == wanted) && from <= key.date && key.date <= through {
                switch key.part {
                case .export(let id, _):
                    let summary = Self.layout.export(id, date: key.date, table: key.table).manifestSummaryKey
                    expected.insert("\(key.date) \(key.table) \(id) \(keys.contains(summary))")
                case .schema:
                    if !exported.contains("\(key.date) \(key.table)") { expected.insert("\(key.date) \(key.table) -") }
                default: break
                }
            }
            let found = entries.map { entry in
                "\(entry.date) \(entry.table) " + (entry.export.map { "\($0.id) \(entry.status == .complete)" } ?? "-")
            }
            #expect(Set(found) == expected && found.count == expected.count, "seed \(seed), round \(round)")
            #expect(entries.map(\.date) == entries.map(\.date).sorted(by: >), "seed \(seed), round \(round)")
            for entry in entries {
                let schema = Self.layout.schemaKey(entry.date, table: entry.table)
                #expect(entry.hasSchema == keys.contains(schema), "seed \(seed), round \(round)")
            }
        }
    }

    @Test("Two years of five tables take some dozen calls, however many data files there are")
    func callCount() async throws {
        var objects: [String: InMemoryBackupStore.Object] = [:]
        let first = try #require(BackupDate("2024/01/01"))
        for day in 0..<730 {
            let date = try #require(first.adding(days: day))
            for table in 0..<5 {
                let name = "Table-\(table)"
                for key in try Self.export(date, name, begun: date.start, dataFiles: 2).keys { objects[key] = .init() }
                objects[Self.layout.schemaKey(date, table: name)] = .init()
                objects[Self.layout.settingsKey(date, table: name)] = .init()
            }
        }
        let store = InMemoryBackupStore(objects)
        var count = 0
        try await catalog(store).forEachMonth { count += $0.count }
        #expect(count == 3_650)
        // 8 entries a backup, 1000 entries a call, and in each of 24 months a last page that is not full; the years
        // and each year's months. Going down by "/" would take two calls a backup.
        #expect(store.listCount <= 3_650 * 8 / 1_000 + 24 + 3, "\(store.listCount) calls")

        let before = store.listCount
        #expect(try await catalog(store).newestComplete(table: "Table-3")?.date.description == "2025/12/30")
        #expect(store.listCount - before <= 5, "\(store.listCount - before) calls")
    }

    @Test("What goes wrong in one month ends the listing")
    func failure() async throws {
        let store = InMemoryBackupStore([Self.layout.schemaKey(BackupDate(Self.now), table: "Orders"): .init()])
        await #expect(throws: CancellationError.self) {
            try await catalog(store).forEachMonth { _ in throw CancellationError() }
        }
    }
}
