import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("The pace of a table copy")
struct CopyPaceTests {
    /// A clock that moves on when somebody sleeps.
    private final class VirtualClock: Sendable {
        private let instant = Mutex(ContinuousClock.now)

        var clock: SyncClock {
            SyncClock(
                now: { self.instant.withLock { $0 } },
                sleep: { duration in
                    try Task.checkCancellation()
                    // Who sleeps at the same time as others sleeps until the latest of them wakes, not one after another.
                    let end = self.instant.withLock { $0 + duration }
                    await Task.yield()
                    self.instant.withLock { $0 = max($0, end) }
                },
                random: { 0.5 }
            )
        }
    }

    @Test(
        "Units a second stay within 5 % of the limit, however wrong the estimates are",
        arguments: [25.0, 1_000, 40_000]
    )
    func unitsPerSecond(rate: Double) async throws {
        let time = VirtualClock()
        let pacer = CapacityPacer(unitsPerSecond: rate, clock: time.clock)
        let start = time.clock.now()
        var spent: [(at: Duration, units: Double)] = []
        var random = SystemRandomNumberGenerator()
        while start.duration(to: time.clock.now()) < .seconds(30) {
            let items = pacer.itemsPerCall(upTo: 25)
            let estimate = pacer.estimate(items: items)
            try await pacer.admit(estimate)
            let actual = Double(items) * Double.random(in: 2...4, using: &random)
            spent.append((start.duration(to: time.clock.now()), actual))
            pacer.settle(estimate: estimate, actual: actual, items: items)
        }
        let total = spent.reduce(0) { $0 + $1.units }
        let seconds = start.duration(to: time.clock.now()) / .seconds(1)
        #expect(abs(total / seconds / rate - 1) < 0.05, "\(total / seconds) of \(rate)")
        // Each second by itself, once what an item costs is known; but for the one call that begins in it.
        for second in 3..<29 {
            let units = spent.filter { $0.at >= .seconds(second) && $0.at < .seconds(second + 1) }
            let one = units.map(\.units).max() ?? 0
            #expect(units.reduce(0) { $0 + $1.units } <= rate * 1.05 + one)
        }
    }

    struct PacedCopy: Sendable, CustomTestStringConvertible {
        var mode: TableCopy.Mode
        var secondaryIndexes: Int
        var readUnits: Double?
        var writeUnits: Double?
        /// Items that are removed at the source while they are copied.
        var removals = 0
        var testDescription: String {
            "\(mode.rawValue), \(secondaryIndexes) indexes, read \(readUnits ?? 0), write \(writeUnits ?? 0), "
                + "\(removals) removed"
        }
    }

    @Test(
        "A whole copy keeps to the units a second that it was given, with what indexes and settling cost",
        arguments: [
            PacedCopy(mode: .replace, secondaryIndexes: 0, writeUnits: 25),
            PacedCopy(mode: .replace, secondaryIndexes: 3, writeUnits: 100),
            PacedCopy(mode: .merge, secondaryIndexes: 0, writeUnits: 25),
            PacedCopy(mode: .merge, secondaryIndexes: 3, writeUnits: 100),
            PacedCopy(mode: .merge, secondaryIndexes: 2, writeUnits: 75, removals: 120),
            PacedCopy(mode: .replace, secondaryIndexes: 0, readUnits: 2.5),
            PacedCopy(mode: .merge, secondaryIndexes: 0, readUnits: 10),
            PacedCopy(mode: .merge, secondaryIndexes: 0, readUnits: 25, removals: 240),
        ]
    )
    func wholeCopy(_ paced: PacedCopy) async throws {
        let time = VirtualClock()
        let count = 400
        let removed = Mutex(0)
        let dynamoDB = Mutex<FakeDynamoDB?>(nil)
        var fixture = CopyFixture(pageBytes: 60_000) { call in
            guard call.operation == "PutItem", let key = call.input["Item"]?.object else { return nil }
            let isToGo = removed.withLock { removed in
                removed += 1
                return removed <= paced.removals
            }
            // The removal is at the target before the put, so that what is put has to be taken back (H16).
            if isToGo { dynamoDB.withLock { $0 }?.change { _ = $0.tables["Source"]?.remove(key) } }
            return nil
        }
        defer { fixture.remove() }
        dynamoDB.withLock { $0 = fixture.dynamoDB }
        fixture.options.mode = paced.mode
        fixture.options.maximumReadUnits = paced.readUnits
        fixture.options.maximumWriteUnits = paced.writeUnits
        fixture.dynamoDB.change { $0.tables["Target"]?.secondaryIndexes = paced.secondaryIndexes }
        fixture.dynamoDB.put(
            (0..<count).map { number in
                [
                    "pk": ["S": .string("p\(number)")], "sk": ["N": "1"],
                    "text": ["S": .string(String(repeating: "x", count: number * 7 % 2_500))],
                ]
            },
            into: "Source"
        )
        let start = time.clock.now()
        let result = try await fixture.run(clock: time.clock)
        let seconds = start.duration(to: time.clock.now()) / .seconds(1)
        #expect(result.counts.removed == paced.removals)
        let state = fixture.dynamoDB.current
        for (limit, consumed, counted) in [
            (paced.readUnits, state.readUnits, result.readUnits),
            (paced.writeUnits, state.writeUnits, result.writeUnits),
        ] {
            guard let limit else { continue }
            #expect(seconds > 20)
            // No more than allowed, and all of what is allowed is made use of.
            #expect(consumed / seconds / limit < 1.05, "\(consumed / seconds) of \(limit)")
            #expect(consumed / seconds / limit > 0.95, "\(consumed / seconds) of \(limit)")
            #expect(abs(counted / consumed - 1) < 0.02, "counted \(counted) of \(consumed)")
        }
    }

    @Test("Two per cent of refusals do not keep the number of writes in flight down")
    func noise() {
        var limit = AdaptiveLimit(maximum: 64)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            limit.record(sent: 25, refused: (0..<25).count { _ in Int.random(in: 0..<50, using: &random) == 0 })
        }
        #expect(limit.limit == 64)
    }

    @Test("A target that refuses half of everything gets fewer writes at a time, and more again when it does not")
    func throttled() {
        var limit = AdaptiveLimit(maximum: 64)
        for _ in 0..<500 { limit.record(sent: 25, refused: 13) }
        #expect(limit.limit == 1)
        for _ in 0..<5_000 { limit.record(sent: 25, refused: 0) }
        #expect(limit.limit == 64)
    }

    @Test("Waits grow with the failures, differ by chance, and end at five seconds")
    func backoff() {
        #expect(Backoff.delay(afterFailures: 1, random: 0) == .milliseconds(12.5))
        #expect(Backoff.delay(afterFailures: 3, random: 1) == .milliseconds(200))
        #expect(Backoff.delay(afterFailures: 1_000_000, random: 1) == .seconds(5))
    }

    @Test("Segments are read far apart from each other, each once", arguments: [1, 2, 3, 8, 16, 100, 997, 1_000])
    func segments(count: Int) {
        let order = SegmentQueue.spread(Array(0..<count))
        #expect(order.sorted() == Array(0..<count))
        guard count >= 8 else { return }
        for (left, right) in zip(order, order.dropFirst()) { #expect(abs(left - right) > 1) }
    }

    @Test("Nothing that moves for long ends a copy with the last error")
    func stalls() async throws {
        let time = VirtualClock()
        var fixture = CopyFixture { call in call.operation == "DescribeTable" ? nil : .throttled }
        defer { fixture.remove() }
        fixture.options.stallLimit = .seconds(600)
        let start = time.clock.now()
        let error = await #expect(throws: CopyError.self) { try await fixture.run(clock: time.clock) }
        guard case .stalled(_, let last?) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(last.contains("ProvisionedThroughputExceededException"))
        #expect(start.duration(to: time.clock.now()) >= .seconds(600))
    }
}
