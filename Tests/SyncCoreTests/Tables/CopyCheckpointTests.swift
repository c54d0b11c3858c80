import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Testing

@testable import SyncCore

@Suite("The checkpoint of a table copy")
struct CopyCheckpointTests {
    private static let identity = CopyIdentity(
        source: .init(arn: "arn:aws:dynamodb:us-east-1:123456789012:table/Orders", id: "a", created: 1),
        target: .init(arn: "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders", id: "b", created: 2),
        mode: .merge,
        filter: "day < '2026'"
    )

    private static func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.path + "/checkpoint-\(UUID().uuidString)/deep/orders.checkpoint"
    }

    private static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: String(path.dropLast("/deep/orders.checkpoint".count)))
    }

    private static func page(_ segment: Int, _ key: String?, pages: Int, read: Int) -> CopyScheduler.FinishedPage {
        var counts = CopyCounts()
        counts.pages = pages
        counts.read = read
        counts.written = read
        return CopyScheduler.FinishedPage(
            segment: segment,
            lastEvaluatedKey: key.map { Array($0.utf8) },
            counts: counts
        )
    }

    @Test("keeps how far each segment is, the keys of open pages, and nothing that others may read")
    func keeps() async throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        do {
            let checkpoint = try CopyCheckpoint(path: path, identity: Self.identity, segments: 3)
            #expect(!checkpoint.isResumed)
            try await checkpoint.note(.init(segment: 1, page: 0, keys: [Array(#"{"pk":{"S":"x"}}"#.utf8)]))
            try checkpoint.record(Self.page(0, "{\"pk\":\n{\"S\":\"a\"}}", pages: 1, read: 10))
            try checkpoint.record(Self.page(0, #"{"pk":{"S":"b"}}"#, pages: 2, read: 17))
            try checkpoint.record(Self.page(2, nil, pages: 1, read: 4))
        }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let again = try CopyCheckpoint(path: path, identity: Self.identity, segments: 9)
        #expect(again.isResumed && again.segmentCount == 3)
        #expect(again.positions[0].key == Array(#"{"pk":{"S":"b"}}"#.utf8) && again.positions[0].counts.read == 17)
        #expect(again.positions[1] == CopyCheckpoint.Position())
        #expect(again.positions[2].isDone && again.positions[2].counts.written == 4)
        #expect(again.intents == [.init(segment: 1, page: 0, keys: [Array(#"{"pk":{"S":"x"}}"#.utf8)])])
    }

    @Test(
        "goes by the newest page of a segment, in whichever order two are recorded, and forgets the keys of done ones"
    )
    func anyOrder() async throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        let key = Array(#"{"pk":{"S":"x"}}"#.utf8)
        do {
            let checkpoint = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
            for page in 0..<3 { try await checkpoint.note(.init(segment: 0, page: page, keys: [key])) }
            try checkpoint.record(Self.page(0, #"{"pk":{"S":"b"}}"#, pages: 2, read: 17))
            try checkpoint.record(Self.page(0, #"{"pk":{"S":"a"}}"#, pages: 1, read: 10))
            #expect(checkpoint.positions[0].counts.read == 17)
            #expect(checkpoint.intents.map(\.page) == [2])
        }
        let again = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        #expect(again.positions[0].counts.read == 17 && again.positions[0].key == Array(#"{"pk":{"S":"b"}}"#.utf8))
        #expect(again.intents.map(\.page) == [2])
    }

    @Test("survives the loss of any number of bytes at its end")
    func tornTail() throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        do {
            let checkpoint = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
            for page in 1...5 {
                try checkpoint.record(Self.page(0, #"{"pk":{"S":"\#(page)"}}"#, pages: page, read: page * 10))
            }
        }
        let whole = try #require(FileManager.default.contents(atPath: path))
        let header = try #require(whole.firstIndex(of: UInt8(ascii: "\n"))) + 1
        var last = 5
        for length in stride(from: whole.count, through: header, by: -1) {
            try whole.prefix(length).write(to: URL(filePath: path))
            let pages = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1).positions[0].counts.pages
            #expect(pages == last || pages == last - 1)
            last = pages
        }
        #expect(last == 0)
        // Not even the first line is whole: as good as none.
        try whole.prefix(20).write(to: URL(filePath: path))
        #expect(try !CopyCheckpoint(path: path, identity: Self.identity, segments: 1).isResumed)
    }

    @Test("does not grow for ever")
    func compaction() throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        do {
            let checkpoint = try CopyCheckpoint(
                path: path,
                identity: Self.identity,
                segments: 1,
                compactionBytes: 2_000
            )
            for page in 1...1_000 {
                try checkpoint.record(Self.page(0, #"{"pk":{"S":"\#(page)"}}"#, pages: page, read: page))
            }
        }
        #expect(try #require(FileManager.default.contents(atPath: path)).count < 8_000)
        let again = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        #expect(again.positions[0].counts.read == 1_000)
    }

    @Test("that begins anew names no items that failed before, and forgets keys for good")
    func anew() async throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        do {
            let checkpoint = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
            try await checkpoint.note(.init(segment: 0, page: 0, keys: [Array(#"{"pk":{"S":"x"}}"#.utf8)]))
            try checkpoint.forgetIntents()
            #expect(checkpoint.intents == [])
            // Of a page that was never recorded.
            try Data("{}\n".utf8).write(to: URL(filePath: checkpoint.failuresPath))
        }
        let again = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        #expect(again.intents == [])
        #expect(!FileManager.default.fileExists(atPath: again.failuresPath))
    }

    @Test("is used by one process at a time")
    func locked() throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        let first = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        #expect(throws: CheckpointError.inUse(path: path)) {
            try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        }
        try first.record(Self.page(0, nil, pages: 1, read: 1))
    }

    @Test("of another copy is refused, unless the copy begins anew")
    func otherCopies() throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        do {
            let checkpoint = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
            try checkpoint.record(Self.page(0, nil, pages: 1, read: 1))
        }
        var others = Array(repeating: Self.identity, count: 8)
        others[0].source.arn += "2"
        others[1].target.id = "c"
        others[2].mode = .replace
        others[3].filter = nil
        others[4].skipsExpired = true
        // Under its old name, a table that was made anew.
        others[5].source.id = "c"
        others[6].source.created = 3
        others[7].target.created = 3
        for other in others {
            #expect(throws: CheckpointError.self) { try CopyCheckpoint(path: path, identity: other, segments: 1) }
            #expect(throws: CheckpointError.self) { try CopyCheckpoint.isThere(path: path, of: other) }
        }
        #expect(throws: CheckpointError.otherSegments(path: path, segments: 1)) {
            try CopyCheckpoint(path: path, identity: Self.identity, segments: 1, requestedSegments: 4)
        }
        #expect(try CopyCheckpoint(path: path, identity: Self.identity, segments: 1).positions[0].isDone)
        #expect(try !CopyCheckpoint(path: path, identity: others[0], segments: 2, restarting: true).isResumed)
    }

    @Test(
        "is no file of somebody else, which stays as it is",
        arguments: ["something else\n", "something else", #"{"format":"another"}"#, "{}\n"]
    )
    func notOurs(text: String) throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        _ = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        try Data(text.utf8).write(to: URL(filePath: path))
        #expect(throws: CheckpointError.notACheckpoint(path: path)) {
            try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        }
        #expect(FileManager.default.contents(atPath: path) == Data(text.utf8))
    }

    @Test(
        "is believed up to the first line that is broken, as a power failure leaves one amid others",
        arguments: ["\0\0\0\0", "{\"segment\":0,\"key\":{\"pk\"", #"{"segment":7,"key":null}"#, #"{"segment":0}"#]
    )
    func brokenLine(line: String) throws {
        let path = Self.temporaryPath()
        defer { Self.remove(path) }
        do {
            let checkpoint = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
            for page in 1...2 {
                try checkpoint.record(Self.page(0, #"{"pk":{"S":"\#(page)"}}"#, pages: page, read: page * 10))
            }
        }
        var lines = try #require(FileManager.default.contents(atPath: path)).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 3)
        lines.insert(Data(line.utf8), at: 2)
        try Data(lines.joined(separator: Data("\n".utf8)) + Data("\n".utf8)).write(to: URL(filePath: path))
        let again = try CopyCheckpoint(path: path, identity: Self.identity, segments: 1)
        #expect(again.positions[0].counts.pages == 1 && again.positions[0].counts.read == 10)
    }

    @Test("that does not account for every item keeps a copy from being called done")
    func ledger() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.dynamoDB.put(
            (0..<50).map { ["pk": ["S": .string("p\($0)")], "sk": ["N": "1"]] },
            into: "Source"
        )
        _ = try await fixture.run()
        let text = String(decoding: try #require(FileManager.default.contents(atPath: fixture.path)), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").last { $0.contains("\"written\":") })
        let written = try #require(try JSONValue(parsing: Array(line.utf8))["written"]?.integer)
        let other = line.split(separator: "\"written\":\(written)").joined(separator: "\"written\":\(written - 1)")
        try Data((text + other + "\n").utf8).write(to: URL(filePath: fixture.path))
        let error = await #expect(throws: CopyError.self) { try await fixture.run() }
        guard case .unbalanced(let segments) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(segments.count == 1)
    }

    @Test("that says of a segment what this run knows otherwise, or not that it has ended, is no proof of a copy")
    func otherThanKnown() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        let (source, target) = (try fixture.side("Source"), try fixture.side("Target"))
        let tables = try await CopyTables(source: source, target: target)
        let checkpoint = try CopyCheckpoint(
            path: fixture.path,
            identity: CopyIdentity(tables, options: fixture.options),
            segments: 2
        )
        try checkpoint.record(Self.page(0, nil, pages: 1, read: 4))
        let copy = TableCopy(source: source, target: target, tables: tables, clock: CopyFixture.clock)
        func failure(isPart: Bool = false, stops: Bool = false) throws -> CopyError? {
            let run = try CopyRun(copy, checkpoint: checkpoint, stopsReading: { stops })
            do { try run.checkLedger(isPart: isPart) } catch let error as CopyError { return error }
            return nil
        }
        // Nothing of the second segment has been read.
        #expect(try failure() == .unbalanced(["segment 1: read 0 = written 0, not ended"]))
        #expect(try failure(isPart: true) == nil && failure(stops: true) == nil)
        try checkpoint.record(Self.page(1, nil, pages: 1, read: 7))
        #expect(try failure() == nil)
        let run = try CopyRun(copy, checkpoint: checkpoint, stopsReading: { false })
        try checkpoint.record(Self.page(1, nil, pages: 2, read: 9))
        #expect(throws: CopyError.unbalanced(["segment 1: read 9 = written 9"])) { try run.checkLedger() }
    }

    @Test("forgets the keys that an earlier merge may have written when they have been looked at (H16)")
    func looksOnce() async throws {
        var fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.options.mode = .merge
        fixture.dynamoDB.put([["pk": ["S": "gone"], "sk": ["N": "1"]]], into: "Target")
        let (source, target) = (try fixture.side("Source"), try fixture.side("Target"))
        let tables = try await CopyTables(source: source, target: target)
        let checkpoint = try CopyCheckpoint(
            path: fixture.path,
            identity: CopyIdentity(tables, options: fixture.options),
            segments: 1
        )
        try await checkpoint.note(
            .init(segment: 0, page: 0, keys: [Array(#"{"pk":{"S":"gone"},"sk":{"N":"1"}}"#.utf8)])
        )
        let copy = TableCopy(
            source: source,
            target: target,
            tables: tables,
            options: fixture.options,
            clock: CopyFixture.clock
        )
        // It ends before it reads anything itself.
        _ = try await copy.run(checkpoint: checkpoint, stopsReading: { true })
        #expect(fixture.dynamoDB.table("Target").count == 0)
        #expect(checkpoint.intents == [])
    }

    @Test("that cannot be written says so in one line")
    func unwritable() {
        let error = #expect(throws: CheckpointError.self) {
            try CopyCheckpoint(path: "/dev/null/x/y", identity: Self.identity, segments: 1)
        }
        #expect(
            error.map { "\($0)".hasPrefix("cannot make /dev/null/x: Not a directory") } ?? false,
            "\(error as Any)"
        )
    }
}
