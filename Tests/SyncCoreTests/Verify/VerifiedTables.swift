import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

/// Two tables that are compared, each in a DynamoDB of its own, and everything that was asked of them.
struct VerifiedTables {
    static let name = "Orders"

    let source: FakeDynamoDB
    let target: FakeDynamoDB
    let sleeper = RecordingSleeper()
    var options = TableVerification.Options()

    init(
        pageBytes: Int = 4_096,
        targetPageBytes: Int? = nil,
        targetHashSeed: UInt64 = 0,
        onSource: @escaping @Sendable (FakeDynamoDB.Call) async throws -> FakeDynamoDB.Fault? = { _ in nil },
        onTarget: @escaping @Sendable (FakeDynamoDB.Call) async throws -> FakeDynamoDB.Fault? = { _ in nil }
    ) {
        source = FakeDynamoDB(region: "us-east-1", pageBytes: pageBytes, onCall: onSource)
        target = FakeDynamoDB(region: "eu-west-1", pageBytes: targetPageBytes ?? pageBytes, onCall: onTarget)
        for side in [source, target] {
            side.createTable("Placeholder", keys: PlantedItems.keys)
            side.createTable(Self.name, keys: PlantedItems.keys)
        }
        // Otherwise both would be the same table.
        target.change {
            $0.tables[Self.name]?.id = "id-of-the-target"
            $0.tables[Self.name]?.hashSeed = targetHashSeed
        }
        options.temporaryDirectory = FileManager.default.temporaryDirectory.path
        options.settle = .seconds(5)
    }

    func side(_ fake: FakeDynamoDB) throws -> TableSide {
        let region = try #require(Region(fake.region))
        return TableSide(table: Self.name, dynamoDB: DynamoDBClient(client: fake.client(), region: region))
    }

    var sourceTable: FakeDynamoDBTable { source.table(Self.name) }
    var targetTable: FakeDynamoDBTable { target.table(Self.name) }

    func put(_ items: [JSONObject], to fakes: FakeDynamoDB...) {
        for fake in fakes { fake.put(items, into: Self.name) }
    }

    /// - Returns: the result, and the differences by the number in their key.
    func verify() async throws -> (result: TableVerificationResult, differences: [Int: TableDifference]) {
        let (source, target) = (try side(source), try side(target))
        let clock = SyncClock(sleep: { [sleeper] duration in
            try await sleeper.sleep(for: duration)
            await Task.yield()
        })
        var differences: [Int: TableDifference] = [:]
        let result = try await TableVerification(source: source, target: target, options: options, clock: clock)
            .run(try await CopyTables(source: source, target: target)) { difference in
                let number = try Self.number(of: difference.key)
                #expect(differences[number] == nil, "a key was reported twice")
                differences[number] = difference
            }
        return (result, differences)
    }

    static func number(of key: [UInt8]) throws -> Int {
        let text = try #require(JSONValue(parsing: key)["sk"]?["N"]?.string)
        return Int(try #require(Double(text)))
    }
}

/// Random faults of every kind, for `onSource` and `onTarget`.
func randomFaults(seed: UInt64, share: Double) -> @Sendable (FakeDynamoDB.Call) async throws -> FakeDynamoDB.Fault? {
    let random = Mutex(SeededGenerator(seed: seed))
    return { call in
        guard call.operation != "DescribeTable" else { return nil }
        return random.withLock { random in
            guard Double.random(in: 0..<1, using: &random) < share else { return nil }
            let isDone = Bool.random(using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: return .throttled
            case 1: return .serverError(isDone: isDone)
            case 2: return .cut(isDone: isDone)
            default:
                let parity = Int.random(in: 0..<2, using: &random)
                return .unprocessed { $0 % 2 == parity }
            }
        }
    }
}
