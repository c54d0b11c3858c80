internal import AWSCore
import Synchronization

/// Reads of one side's table that go on for as long as DynamoDB refuses them for now.
final class SideReader: Sendable {
    /// How long nothing may be answered before the comparison gives up.
    static let stallLimit = Duration.seconds(600)
    /// A page of 1 MB in eventually consistent read units, the most that a call of Scan costs.
    private static let pageUnits = 128.0

    let side: TableSide
    /// `source` or `target`, for messages.
    let role: String
    let clock: SyncClock
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    private let pacer: CapacityPacer
    private let lastAnswer: Mutex<ContinuousClock.Instant>
    private let refusals = Atomic(0)

    init(side: TableSide, role: String, maximumReadUnits: Double?, clock: SyncClock) {
        self.side = side
        self.role = role
        self.clock = clock
        dynamoDB = side.dynamoDB.leavingThrottlingToCaller()
        pacer = CapacityPacer(unitsPerSecond: maximumReadUnits, clock: clock)
        lastAnswer = Mutex(clock.now())
    }

    /// Read units that DynamoDB has charged so far.
    var consumedUnits: Double { pacer.consumed }

    /// Calls that were throttled so far.
    var throttled: Int { refusals.load(ordering: .relaxed) }

    /// One page of a segment.
    ///
    /// - Throws: ``AWSError`` for what no repetition helps against; ``VerificationError/stalled``; `CancellationError`.
    func scan(
        segment: Int,
        of totalSegments: Int,
        after start: [UInt8]?,
        consistentRead: Bool
    ) async throws -> ItemPage {
        try await answer(segment: segment, of: totalSegments, after: start, consistentRead: consistentRead).page()
    }

    /// A page that is still to be cut into items.
    struct Answer: Sendable {
        fileprivate let answer: ScanAnswer
        fileprivate let estimate: Double
        fileprivate let pacer: CapacityPacer

        /// - Parameter pattern: see ``ScanAnswer/page(like:)``.
        /// - Throws: ``AWSError``.
        func page(like pattern: PageCursor? = nil) throws(AWSError) -> ItemPage {
            let page = try answer.page(like: pattern.map { ($0.page, $0.next) })
            pacer.settle(estimate: estimate, actual: page.consumedCapacityUnits)
            return page
        }
    }

    /// As ``scan(segment:of:after:consistentRead:)``, for whoever cuts the page himself.
    func answer(
        segment: Int,
        of totalSegments: Int,
        after start: [UInt8]?,
        consistentRead: Bool
    ) async throws -> Answer {
        let estimate = consistentRead ? 2 * Self.pageUnits : Self.pageUnits
        return try await patiently(estimate: estimate) {
            let answer = try await dynamoDB.scanAnswer(
                table: side.table,
                segment: segment,
                totalSegments: totalSegments,
                exclusiveStartKey: start,
                consistentRead: consistentRead
            )
            return Answer(answer: answer, estimate: estimate, pacer: pacer)
        }
    }

    /// The items of up to 100 keys, as they are now; those that do not exist are left out.
    ///
    /// - Throws: as ``scan(segment:of:after:consistentRead:)``.
    func items(_ keys: [[UInt8]]) async throws -> [ArraySlice<UInt8>] {
        var items: [ArraySlice<UInt8>] = []
        var wanted = keys.map { $0[...] }
        while !wanted.isEmpty {
            let asked = wanted
            let estimate = Double(asked.count)
            let outcome = try await patiently(estimate: estimate) {
                let outcome = try await dynamoDB.batchGetItem(table: side.table, keys: asked, consistentRead: true)
                guard outcome.unprocessedKeys.count < asked.count else { throw nothingRead() }
                return outcome
            }
            pacer.settle(estimate: estimate, actual: outcome.consumedCapacityUnits)
            items += outcome.items
            wanted = outcome.unprocessedKeys
        }
        return items
    }

    /// An answer that leaves all keys unread is a throttled call by another name.
    private func nothingRead() -> AWSError {
        AWSError(
            code: "UnprocessedKeys",
            message: "no key was read for want of capacity",
            kind: .throttling,
            service: AWSService.dynamoDB.name,
            operation: "BatchGetItem",
            region: side.region.name,
            resource: side.table
        )
    }

    /// A conditional write, repeated only while it is refused without having been done.
    ///
    /// - Throws: ``AWSError``, after which the item may or may not have been written.
    func write<Output>(_ call: () async throws -> Output) async throws -> Output {
        try await patiently(estimate: 0, repeating: [.throttling], call)
    }

    /// - Parameter estimate: units that the call may take; they are to be settled when it has been answered.
    private func patiently<Output>(
        estimate: Double,
        repeating kinds: Set<AWSError.Kind> = [.throttling, .transient],
        _ call: () async throws -> Output
    ) async throws -> Output {
        var failures = 0
        while true {
            try await pacer.admit(estimate)
            do {
                let output = try await call()
                lastAnswer.withLock { $0 = clock.now() }
                return output
            } catch let error as AWSError where kinds.contains(error.kind) {
                pacer.settle(estimate: estimate, actual: 0)
                if error.kind == .throttling { refusals.wrappingAdd(1, ordering: .relaxed) }
                let silent = lastAnswer.withLock { $0.duration(to: clock.now()) }
                guard silent <= Self.stallLimit else {
                    throw VerificationError.stalled(side: role, table: side.name, silent, lastError: "\(error)")
                }
                failures += 1
                try await clock.sleep(Backoff.delay(afterFailures: failures, random: clock.random()))
            }
        }
    }
}
