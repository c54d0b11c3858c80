import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import BackupCore

@Suite("Pacing throttled calls")
struct CallPacerTests {
    /// A clock that stands, so that slots add up exactly.
    private func pacer(_ sleeper: RecordingSleeper, maximumAttempts: Int = 40) -> CallPacer {
        let start = ContinuousClock.now
        return CallPacer(
            interval: CallPacer.exportInterval,
            maximumAttempts: maximumAttempts,
            now: { start },
            sleep: { try await sleeper.sleep(for: $0) }
        )
    }

    private static func error(_ code: String) -> AWSError {
        AWSError(
            code: code,
            message: "Rate exceeded",
            kind: .throttling,
            service: "DynamoDB",
            operation: "ExportTableToPointInTime",
            region: "us-east-1"
        )
    }

    @Test("Nothing waits before a call was throttled; from then on each waits its 1.5 s")
    func pace() async throws {
        let sleeper = RecordingSleeper()
        let pacer = pacer(sleeper)
        for _ in 1...20 { try await pacer.call {} }
        #expect(sleeper.recorded.isEmpty)
        var failures = 2
        let calls = Mutex(0)
        try await pacer.call {
            calls.withLock { $0 += 1 }
            if failures > 0 {
                failures -= 1
                throw Self.error("ThrottlingException")
            }
        }
        // The refused call counts: the first pause comes before the second try, not after it.
        #expect(calls.withLock { $0 } == 3)
        #expect(sleeper.recorded == [.milliseconds(1_500), .milliseconds(3_000)])
        try await pacer.call {}
        #expect(sleeper.recorded.last == .milliseconds(4_500))
    }

    @Test("A throttle that never opens becomes the call's error")
    func givesUp() async throws {
        let sleeper = RecordingSleeper()
        let pacer = pacer(sleeper, maximumAttempts: 5)
        let error = await #expect(throws: AWSError.self) {
            try await pacer.call { throw Self.error("ThrottlingException") }
        }
        #expect(error?.code == "ThrottlingException")
        #expect(sleeper.recorded.count == 4)
    }

    @Test("A limit that seconds cannot lift, and any other error, is passed on at once")
    func others() async throws {
        let sleeper = RecordingSleeper()
        let pacer = pacer(sleeper)
        await #expect(throws: AWSError.self) { try await pacer.call { throw Self.error("LimitExceededException") } }
        await #expect(throws: CancellationError.self) { try await pacer.call { throw CancellationError() } }
        try await pacer.call {}
        #expect(sleeper.recorded.isEmpty)
    }

    @Test("A hundred tables start although only some calls pass at first, and no throttled call is sent again at once")
    func hundredTables() async throws {
        let names = (0..<100).map { "Table-\($0 + 100)" }
        // As DynamoDB: twenty pass, everything else is refused until the callers slow down, here: until each was
        // refused once, and some twice.
        let passed = Mutex(0)
        let fixture = try BackupFixture(names) { call in
            guard call.operation == "ExportTableToPointInTime" else { return nil }
            let isRefused = passed.withLock { passed in
                passed += 1
                return passed > 20 && passed <= 150
            }
            return isRefused ? .answer(.dynamoDBError("ThrottlingException", "Rate exceeded")) : nil
        }
        let answer = await fixture.run(limit: 16)
        #expect(answer.startedCount == 100)
        #expect(answer.results.map(\.table) == names)
        #expect(fixture.aws.current.exports.count == 100)
        // 100 calls and one more for each refusal: the client itself retries none of them.
        #expect(fixture.aws.calls("ExportTableToPointInTime").count == 230)
        #expect(!fixture.sleeper.recorded.isEmpty)
        #expect(fixture.transport.maximumRunning <= 16)
    }

    @Test("However many tables there are, no more calls are in flight than allowed")
    func callsInFlight() async throws {
        let gate = Gate()
        let fixture = try BackupFixture((0..<100).map { "Table-\($0 + 100)" }) { call in
            call.operation == "DescribeTable" ? .hang(gate) : nil
        }
        async let running = fixture.run(limit: 16)
        try await fixture.transport.wait { $0.running == 16 }
        gate.open()
        #expect(await running.startedCount == 100)
        #expect(fixture.transport.maximumRunning == 16)
    }

    @Test("Settings that are throttled are read again, ten a second, and not lost")
    func throttledSettings() async throws {
        let fixture = try BackupFixture(["Orders", "Users"]) { call in
            call.operation == "ListTagsOfResource" && call.number < 6
                ? .answer(.dynamoDBError("ThrottlingException")) : nil
        }
        #expect(await fixture.run().isComplete)
        for table in ["Orders", "Users"] {
            let key = "daily/2026/11/21/\(table)/table_settings.json"
            let file = try #require(fixture.aws.current.objects[key])
            #expect(try TableSettings(fileContents: file, source: key).parts[.tags] == .captured([]))
        }
        #expect(fixture.sleeper.recorded.count >= 12)
    }
}
