package import struct FoundationEssentials.Date

/// Time, waits and chance, as a sync takes them from the world around it, so that tests can hold them still.
package struct SyncClock: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// What S3's times are compared with.
    package var date: @Sendable () -> Date
    package var sleep: @Sendable (Duration) async throws -> Void
    /// From 0 up to 1.
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        date: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.now = now
        self.date = date
        self.sleep = sleep
        self.random = random
    }
}
