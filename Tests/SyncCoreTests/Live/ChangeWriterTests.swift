import AWSCore
import AWSTesting
import Dispatch
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Writing a batch to a target")
struct ChangeWriterTests {
    private typealias Fixture = LiveTableFixture

    @Test("Once the target cannot be written at all, no further call is made, and all that is left comes again")
    func stopped() async throws {
        let outcome = try await withCheckedThrowingContinuation { continuation in
            // The steps block the thread on which they are driven.
            DispatchQueue(label: "steps").async { continuation.resume(with: Result { try Self.drive() }) }
        }
        #expect(outcome.atOnce == ChangeWriter.maximumInFlight)
        #expect(outcome.later == 0)
        #expect(outcome.result?.itemFailures == ["1"])
        #expect(outcome.result?.figures.first?.puts == 25 * (ChangeWriter.maximumInFlight - 1))
        #expect(outcome.result?.figures.first?.failed == 25 * 5)
        #expect(outcome.items == 25 * (ChangeWriter.maximumInFlight - 1))
    }

    private struct Outcome: Sendable {
        /// Calls that are made before any is answered.
        var atOnce = 0
        /// Calls that are made after the first answer.
        var later = 0
        var result: LiveTableSync.Result?
        var items = 0
    }

    /// The first of twenty batches is refused, and then the others that are under way are done.
    private static func drive() throws -> Outcome {
        let tasks = SteppedTasks()
        let fixture = try Fixture { call in
            guard call.operation == "BatchWriteItem" else { return nil }
            let isFirst = call.input.text().contains(#""k1""#)
            _ = await tasks.wait(.call(isFirst ? "first" : "other"))
            return isFirst ? .error(code: "AccessDeniedException", message: "said AWS") : nil
        }
        let count = 25 * (ChangeWriter.maximumInFlight + 4)
        let event = TableStreamEventTests.event((1...count).map { Fixture.record($0, "k\($0)", "") })
        let result = Mutex<LiveTableSync.Result?>(nil)
        _ = tasks.start {
            let applied = try? await fixture.apply(event)
            result.withLock { $0 = applied }
        }
        _ = tasks.run()
        var outcome = Outcome()
        outcome.atOnce = tasks.waiters.count
        for waiter in tasks.waiters where waiter.reason == .call("first") { tasks.resume(waiter) }
        _ = tasks.run()
        for waiter in tasks.waiters { tasks.resume(waiter) }
        _ = tasks.run()
        while let waiter = tasks.waiters.first {
            outcome.later += 1
            tasks.resume(waiter)
            _ = tasks.run()
        }
        outcome.result = result.withLock { $0 }
        outcome.items = fixture.dynamoDB.table("Orders-new").count
        return outcome
    }
}
