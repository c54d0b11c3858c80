import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("A canary")
struct CanaryTests {
    private static func canary(_ live: LiveAWS, _ log: CanaryLog) throws -> Canary {
        let now = Mutex(ContinuousClock.now)
        let clock = SyncClock(
            now: { now.withLock { $0 } },
            sleep: { duration in now.withLock { $0 = $0.advanced(by: duration) } }
        )
        return Canary(clients: try live.clients(), log: log, timeout: .seconds(5), clock: clock)
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
}
