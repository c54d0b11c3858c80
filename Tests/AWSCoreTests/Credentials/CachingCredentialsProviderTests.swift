import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("The credentials cache")
struct CachingCredentialsProviderTests {
    private let clock = ManualClock()

    private func cache(_ provider: ScriptedProvider) -> CachingCredentialsProvider {
        CachingCredentialsProvider(provider, now: { [clock] in clock.now })
    }

    /// Credentials that hold for an hour from now, numbered by the call.
    private func hourly() -> ScriptedProvider {
        ScriptedProvider { [clock] in .test("\($0)", expiration: clock.now.addingTimeInterval(3600)) }
    }

    @Test("Credentials without an end are fetched once")
    func permanent() async throws {
        let provider = ScriptedProvider { .test("\($0)") }
        let cache = cache(provider)
        for _ in 0..<3 {
            #expect(try await cache.credentials().accessKeyID == "1")
            clock.advance(by: .seconds(1_000_000))
        }
        #expect(provider.callCount == 1)
    }

    @Test("New ones are fetched from 15 minutes before the end, not earlier")
    func refreshTime() async throws {
        let provider = hourly()
        let cache = cache(provider)
        #expect(try await cache.credentials().accessKeyID == "1")
        clock.advance(by: .seconds(45 * 60 - 1))
        #expect(try await cache.credentials().accessKeyID == "1")
        clock.advance(by: .seconds(1))
        #expect(try await cache.credentials().accessKeyID == "2")
        #expect(try await cache.credentials().accessKeyID == "2")
        #expect(provider.callCount == 2)
    }

    @Test("Any number of callers share one fetch")
    func shared() async throws {
        let gate = Gate()
        let provider = ScriptedProvider { number in
            try await gate.pass()
            return .test("\(number)")
        }
        let cache = cache(provider)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await cache.credentials().accessKeyID } }
            try await gate.waitForArrivals(1)
            gate.open()
            for try await id in group { #expect(id == "1") }
        }
        #expect(provider.callCount == 1)
    }

    @Test("A cancelled caller leaves at once; the fetch and the others go on")
    func cancelledWaiter() async throws {
        let gate = Gate()
        let provider = ScriptedProvider { number in
            try await gate.pass()
            return .test("\(number)")
        }
        let cache = cache(provider)
        let first = Task { try await cache.credentials() }
        try await gate.waitForArrivals(1)
        let second = Task { try await cache.credentials() }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        gate.open()
        #expect(try await second.value.accessKeyID == "1")
        #expect(try await cache.credentials().accessKeyID == "1")
        #expect(provider.callCount == 1)
    }

    @Test("A caller that is already cancelled starts nothing")
    func cancelledBefore() async throws {
        let provider = ScriptedProvider { .test("\($0)") }
        let cache = cache(provider)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await cache.credentials()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(provider.callCount == 0)
    }

    @Test("Between 15 and 10 minutes before the end one caller waits, the others get the old ones")
    func advisory() async throws {
        let gate = Gate()
        let provider = ScriptedProvider { [clock] number in
            if number > 1 { try await gate.pass() }
            return .test("\(number)", expiration: clock.now.addingTimeInterval(3600))
        }
        let cache = cache(provider)
        _ = try await cache.credentials()
        clock.advance(by: .seconds(46 * 60))
        let waiting = Task { try await cache.credentials().accessKeyID }
        try await gate.waitForArrivals(1)
        #expect(try await cache.credentials().accessKeyID == "1")
        gate.open()
        #expect(try await waiting.value == "2")
    }

    @Test("Less than 10 minutes before the end everybody waits")
    func mandatory() async throws {
        let gate = Gate()
        let provider = ScriptedProvider { [clock] number in
            if number > 1 { try await gate.pass() }
            return .test("\(number)", expiration: clock.now.addingTimeInterval(3600))
        }
        let cache = cache(provider)
        _ = try await cache.credentials()
        clock.advance(by: .seconds(51 * 60))
        let first = Task { try await cache.credentials().accessKeyID }
        try await gate.waitForArrivals(1)
        let second = Task { try await cache.credentials().accessKeyID }
        gate.open()
        #expect(try await first.value == "2")
        #expect(try await second.value == "2")
        #expect(provider.callCount == 2)
    }

    @Test("When the fetch fails, the old ones are given as long as they hold, and the source is left alone a while")
    func failingRefresh() async throws {
        let provider = ScriptedProvider { [clock] number in
            if number == 2 || number == 3 { throw CredentialsError.failed("down") }
            return .test("\(number)", expiration: clock.now.addingTimeInterval(3600))
        }
        let cache = cache(provider)
        _ = try await cache.credentials()
        clock.advance(by: .seconds(50 * 60))
        for _ in 0..<5 { #expect(try await cache.credentials().accessKeyID == "1") }
        #expect(provider.callCount == 2)
        clock.advance(by: .seconds(10 * 60))
        await #expect(throws: CredentialsError.failed("down")) { try await cache.credentials() }
        #expect(try await cache.credentials().accessKeyID == "4")
    }

    @Test("A source that goes on giving the same short-lived ones is not asked with every request")
    func sameAgain() async throws {
        let end = clock.now.addingTimeInterval(300)
        let provider = ScriptedProvider { .test("\($0)", expiration: end) }
        let cache = cache(provider)
        for _ in 0..<10 { _ = try await cache.credentials() }
        #expect(provider.callCount == 1)
        clock.advance(by: .seconds(31))
        #expect(try await cache.credentials().accessKeyID == "2")
    }

    @Test("Credentials that have already ended are an error, and a failure is not kept")
    func endedOnArrival() async throws {
        let provider = ScriptedProvider { [clock] number in
            .test("\(number)", expiration: clock.now.addingTimeInterval(number == 1 ? -1 : 3600))
        }
        let cache = cache(provider)
        let failure = await message { try await cache.credentials() }
        #expect(failure.contains("already ended"))
        #expect(!failure.contains("secret"))
        #expect(try await cache.credentials().accessKeyID == "2")
    }
}
