import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import SyncCore

/// Two tables in a DynamoDB in memory, a copy between them, and a folder for its checkpoint.
struct CopyFixture {
    let dynamoDB: FakeDynamoDB
    let folder: String
    var options = TableCopy.Options()
    var segments = 4

    static let keys = [FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "N")]

    init(
        pageBytes: Int = 4_000,
        indexKeys: [FakeDynamoDBTable.Key] = [],
        onCall: @escaping @Sendable (FakeDynamoDB.Call) async throws -> FakeDynamoDB.Fault? = { _ in nil }
    ) {
        dynamoDB = FakeDynamoDB(pageBytes: pageBytes, onCall: onCall)
        dynamoDB.createTable("Source", keys: Self.keys)
        dynamoDB.createTable("Target", keys: Self.keys, indexKeys: indexKeys)
        folder = FileManager.default.temporaryDirectory.path + "/table-copy-\(UUID().uuidString)"
        options.maximumInFlight = 8
        options.stallLimit = .seconds(3_600)
    }

    var path: String { folder + "/copy.checkpoint" }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func side(_ table: String) throws -> TableSide {
        let region = try #require(Region("us-east-1"))
        return TableSide(table: table, dynamoDB: DynamoDBClient(client: dynamoDB.client(), region: region))
    }

    static let clock = SyncClock(sleep: { _ in
        try Task.checkCancellation()
        await Task.yield()
    })

    /// One run, with a checkpoint that stays.
    func run(
        restarting: Bool = false,
        clock: SyncClock = Self.clock,
        disk: DiskCalls = DiskCalls()
    ) async throws -> TableCopy.Progress {
        let (source, target) = (try side("Source"), try side("Target"))
        let tables = try await CopyTables(source: source, target: target)
        let checkpoint = try CopyCheckpoint(
            path: path,
            identity: CopyIdentity(tables, options: options),
            segments: segments,
            restarting: restarting,
            disk: disk
        )
        return try await TableCopy(source: source, target: target, tables: tables, options: options, clock: clock)
            .run(checkpoint: checkpoint)
    }

    var differences: [String] { dynamoDB.table("Source").differences(from: dynamoDB.table("Target")) }
}

/// A generator that any task may draw from.
final class SharedRandom: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) {
        generator = Mutex(SeededGenerator(seed: seed))
    }

    func chance(_ share: Double) -> Bool { generator.withLock { Double.random(in: 0..<1, using: &$0) } < share }
    func below(_ limit: Int) -> Int { generator.withLock { Int.random(in: 0..<limit, using: &$0) } }

    func with<Result>(_ body: (inout SeededGenerator) -> sending Result) -> sending Result {
        generator.withLock { body(&$0) }
    }
}

/// Items of every type and shape.
struct RandomItems {
    private static let texts = [
        "", "a", "Grüße, 世界", "e\u{301}\u{0}\u{1F}\"\\/", "🇩🇪👩‍👩‍👧", String(repeating: "x", count: 700),
        "\u{2028}\u{7F}", "null", "{\"S\":\"x\"}",
    ]

    static func item(_ number: Int, using random: inout SeededGenerator) -> JSONObject {
        // Some partitions hold many items.
        let partition = Int.random(in: 0..<10, using: &random) < 3 ? "hot" : "p\(number)-\(texts[number % texts.count])"
        var item: JSONObject = ["pk": ["S": .string(partition)], "sk": ["N": .string("\(number)")]]
        for name in ["text", "größe", "a.b", "#x", "size", "n"] where Bool.random(using: &random) {
            item[name] = value(depth: 0, using: &random)
        }
        return item
    }

    private static func value(depth: Int, using random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 3 ? 8 : 10), using: &random) {
        case 0, 1: return ["S": .string(texts.randomElement(using: &random) ?? "")]
        case 2: return ["N": .string(numbers.randomElement(using: &random) ?? "1")]
        case 3: return ["B": .string(["", "AA==", "/+8=", "AAECAwQ="].randomElement(using: &random) ?? "")]
        case 4: return ["BOOL": .bool(Bool.random(using: &random))]
        case 5: return ["NULL": true]
        case 6: return ["SS": ["b", "a", "e\u{301}", "é"]]
        case 7: return ["NS": ["1", "-0.1", "99999999999999999999999999999999999999"]]
        case 8:
            return [
                "L": .array(
                    (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth: depth + 1, using: &random) }
                )
            ]
        default:
            let members = (0..<Int.random(in: 0..<4, using: &random)).map { place in
                (place == 0 ? "\"quoted\"" : "k\(place)", value(depth: depth + 1, using: &random))
            }
            return ["M": .object(JSONObject(members))]
        }
    }

    private static let numbers = [
        "0", "-1", "3.14", "12345678901234567890123456789012345678", "1E-130",
        "9.9999999999999999999999999999999999999E+125",
        "0.00000000000000000000000000000000000001",
    ]
}
