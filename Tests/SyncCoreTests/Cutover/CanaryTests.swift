import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("A canary")
struct CanaryTests {
    private static func canary(
        _ live: LiveAWS,
        _ log: CanaryLog,
        _ kinds: Set<SyncPair.Kind> = [.table]
    ) throws -> Canary {
        let now = Mutex(ContinuousClock.now)
        let clock = SyncClock(
            now: { now.withLock { $0 } },
            sleep: { duration in now.withLock { $0 = $0.advanced(by: duration) } }
        )
        return Canary(clients: try live.clients(kinds), log: log, timeout: .seconds(5), clock: clock)
    }

    @Test("is noted before it is sent, so that a run that is killed leaves none unknown")
    func noted() async throws {
        let state = TemporaryState()
        let log = try CanaryLog(path: "\(state.records.folder)/log")
        let noted = Mutex<Int?>(nil)
        let live = LiveAWS { live, operation in
            if operation == "PutItem" {
                let count = try log.entries().count
                noted.withLock { $0 = count }
            }
            if operation == "GetItem" { live.apply() }
        }
        let mapping = try #require(try live.clients().configuration.tables.first)
        let result = try await Self.canary(live, log).run(mapping, mapping.targets[0])
        guard case .passed = result else { throw CancellationError() }
        #expect(noted.withLock { $0 } == 1)
        #expect(try log.entries().isEmpty)
        _ = consume state
    }

    @Test("of a bucket is noted before it is sent, too")
    func notedObject() async throws {
        let state = TemporaryState()
        let log = try CanaryLog(path: "\(state.records.folder)/log")
        let noted = Mutex<Int?>(nil)
        let live = LiveAWS { live, operation in
            if operation.hasPrefix("S3 PUT /old/") {
                let count = try log.entries().count
                noted.withLock { $0 = count }
            }
            if operation.hasPrefix("S3 HEAD /new/") { live.followBuckets() }
        }
        let canary = try Self.canary(live, log, [.bucket])
        let mapping = try #require(canary.clients.configuration.buckets.first)
        guard case .passed = try await canary.run(mapping) else { throw CancellationError() }
        #expect(noted.withLock { $0 } == 1)
        #expect(try log.entries().isEmpty)
        _ = consume state
    }

    /// Runs a canary of a table, with what somebody does before each call.
    private func run(
        onCall: @escaping @Sendable (LiveAWS, String, _ canary: JSONObject) throws -> Void
    ) async throws -> (result: CanaryResult, live: LiveAWS, left: Int) {
        let state = TemporaryState()
        let log = try CanaryLog(path: "\(state.records.folder)/log")
        let live = LiveAWS { live, operation in
            guard case .item(_, let item, _)? = try log.entries().first,
                let canary = try JSONValue(parsing: item).object
            else { return }
            try onCall(live, operation, canary)
        }
        let canary = try Self.canary(live, log)
        let mapping = try #require(canary.clients.configuration.tables.first)
        let result = try await canary.run(mapping, mapping.targets[0])
        let left = try log.entries().count
        _ = consume state
        return (result, live, left)
    }

    private static func isFailed(_ result: CanaryResult, _ reason: String) -> Bool {
        if case .failed(let text) = result { text.contains(reason) } else { false }
    }

    @Test("is put over nothing that is there")
    func occupied() async throws {
        let run = try await run { live, operation, canary in
            guard operation == "PutItem" else { return }
            var other = canary
            other["owner"] = ["S": "somebody"]
            live.dynamoDB.put([other], into: "Orders")
        }
        #expect(Self.isFailed(run.result, "is there already"), "\(run.result)")
        #expect(run.live.dynamoDB.table("Orders").allItems.first?["owner"] == ["S": "somebody"] && run.left == 0)
    }

    @Test("has not arrived until the target's item is the same")
    func another() async throws {
        let run = try await run { live, operation, canary in
            guard operation == "GetItem" else { return }
            var other = canary
            other[CanaryItem.attribute] = ["S": "another"]
            live.dynamoDB.put([other], into: "Copy")
        }
        #expect(Self.isFailed(run.result, "did not arrive"), "\(run.result)")
        #expect(run.live.dynamoDB.table("Orders").count == 0 && run.left == 0)
    }

    @Test("that somebody has changed, or has added an attribute to, stays", arguments: ["owner", CanaryItem.attribute])
    func changed(attribute: String) async throws {
        let run = try await run { live, operation, canary in
            guard operation == "GetItem" else { return }
            live.apply()
            var other = canary
            other[attribute] = ["S": "precious"]
            live.dynamoDB.put([other], into: "Orders")
        }
        #expect(Self.isFailed(run.result, "somebody has changed"), "\(run.result)")
        #expect(run.live.dynamoDB.table("Orders").allItems.first?[attribute] == ["S": "precious"] && run.left == 0)
    }

    @Test("that somebody changes between the last look and its removal stays")
    func changedLate() async throws {
        let run = try await run { live, operation, canary in
            if operation == "GetItem" { live.apply() }
            guard operation == "DeleteItem" else { return }
            var other = canary
            other[CanaryItem.attribute] = ["S": "precious"]
            live.dynamoDB.put([other], into: "Orders")
        }
        #expect(Self.isFailed(run.result, "somebody has changed"), "\(run.result)")
        #expect(run.live.dynamoDB.table("Orders").count == 1 && run.left == 0)
    }
}
