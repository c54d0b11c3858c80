internal import AWSCore
import Synchronization

/// Hands out the work of a copy and keeps account of it: which pages are in memory, which of their items are on their way,
/// which have to be sent again and when.
///
/// Readers and writers are decoupled here, within a bound of memory. Pages take turns, so that writes spread over as many
/// parts of the key space as there are segments being read, and a partition that refuses writes holds up its own page
/// alone. One lock, taken a few times for each call; nothing is done for each item but a few additions.
final class CopyScheduler: Sendable {
    /// Items of one page that one call writes.
    struct Span: Sendable {
        fileprivate let slot: Int
        let segment: Int
        let page: ItemPage
        /// Their places in the page.
        var items: [Int32]
    }

    /// A page whose items are all written, and of which a merge has to look at some again.
    struct Settling: Sendable {
        fileprivate let slot: Int
        let segment: Int
        let page: ItemPage
        /// The key from which the page was read.
        let start: [UInt8]?
        /// The places of the items that are this copy's own at the target, or may be.
        let own: [Int32]
    }

    /// What became ready by a call that came back.
    struct Finished: Sendable {
        var pages: [FinishedPage] = []
        /// For the caller to settle, and to hand to ``CopyScheduler/settled(_:counts:)``.
        var settling: Settling?
    }

    private struct Segment {
        /// Of pages that are finished, with all before them.
        var counts: CopyCounts
        var openPages = 0
        var nextNumber = 0
        var nextFinished = 0
        /// Pages that are finished while one before them is not.
        var ahead: [Int: FinishedPage] = [:]
    }

    private struct State {
        var slots: [OpenPage?] = []
        var freeSlots: [Int] = []
        /// Slots of pages that have items to give, in the order of their turns.
        var ring: [Int] = []
        var inFlight = 0
        var limit: AdaptiveLimit
        var segments: [Segment]
        var memory = 0
        var openReaders: Int
        var isSomeoneSleeping = false
        var lastProgress: ContinuousClock.Instant
        var throttled = 0
        /// Grows with every event that a waiter may wait for.
        var version = 0
        var readers = WaitingTasks()
        var writers = WaitingTasks()
    }

    /// Pages of one segment that may be in memory: one being written and one being read.
    private static let pagesPerSegment = 2
    /// What a page is taken to be before it is there: 1 MB of items is somewhat more as JSON.
    private static let expectedPageBytes = 1_500_000

    private let clock: SyncClock
    private let memoryLimit: Int
    private let itemsPerSpan: @Sendable () -> Int
    private let stallLimit: Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - segments: how far each segment is already.
    ///   - readers: how many readers will call ``readerEnded()``.
    ///   - itemsPerSpan: how many items a call should write at most.
    ///   - stallLimit: how long nothing may move before the copy gives up.
    init(
        segments: [CopyCounts],
        readers: Int,
        maximumInFlight: Int,
        memoryLimit: Int = 24 << 20,
        itemsPerSpan: @escaping @Sendable () -> Int = { BatchWriteItem.maximumRequests },
        stallLimit: Duration = .seconds(600),
        clock: SyncClock
    ) {
        self.clock = clock
        self.memoryLimit = memoryLimit
        self.itemsPerSpan = itemsPerSpan
        self.stallLimit = stallLimit
        state = Mutex(
            State(
                limit: AdaptiveLimit(maximum: maximumInFlight),
                segments: segments.map { Segment(counts: $0) },
                openReaders: readers,
                lastProgress: clock.now()
            )
        )
    }

    // MARK: Readers

    /// Suspends until there is room for another page of the segment.
    ///
    /// - Throws: `CancellationError`.
    func reserve(segment: Int) async throws {
        while true {
            try Task.checkCancellation()
            let version = state.withLock { state -> Int? in
                let isFirst = state.segments[segment].openPages == 0
                // A page for a segment that has none may be taken whenever there is any room at all.
                guard state.segments[segment].openPages < Self.pagesPerSegment,
                    state.memory == 0 || state.memory + Self.expectedPageBytes <= memoryLimit
                        || isFirst && state.memory < memoryLimit / 2
                else { return state.version }
                state.segments[segment].openPages += 1
                state.memory += Self.expectedPageBytes
                return nil
            }
            guard let version else { return }
            await wait(since: version, among: \.readers)
        }
    }

    /// Takes a page in for which there was a reservation.
    ///
    /// - Parameters:
    ///   - wanted: the places of the items to write; `nil` for all.
    ///   - counts: what is known of the page: what was read and what is left out.
    /// - Returns: pages that are finished by it, because nothing of it is to be written.
    ///   - start: the key from which it was read.
    func add(
        _ page: ItemPage,
        segment: Int,
        start: [UInt8]?,
        wanted: [Int32]?,
        counts: CopyCounts
    ) -> [FinishedPage] {
        let now = clock.now()
        return signal { state in
            state.lastProgress = now
            state.memory += page.bytes.capacity - Self.expectedPageBytes
            let number = state.segments[segment].nextNumber
            state.segments[segment].nextNumber += 1
            var open = OpenPage(
                page: page,
                segment: segment,
                number: number,
                start: start,
                wanted: wanted,
                unresolved: wanted?.count ?? page.count,
                counts: counts,
                memory: page.bytes.capacity
            )
            guard open.unresolved > 0 else { return Self.close(open, &state) }
            open.isInRing = true
            let slot = state.freeSlots.popLast() ?? state.slots.count
            if slot == state.slots.count { state.slots.append(open) } else { state.slots[slot] = open }
            state.ring.append(slot)
            return []
        }
    }

    /// One of the readers has read all its segments.
    func readerEnded() {
        signal(everyone: true) { $0.openReaders -= 1 }
    }

    // MARK: Writers

    /// The next items to write; suspends until there are some and a call more may be in flight.
    ///
    /// - Returns: `nil` when everything has been written.
    /// - Throws: `CancellationError`.
    func next() async throws -> Span? {
        while true {
            try Task.checkCancellation()
            let now = clock.now()
            switch state.withLock({ take(&$0, now: now) }) {
            case .span(let span, let another):
                another?.resume()
                return span
            case .finished(let others):
                for other in others { other.resume() }
                return nil
            case .wait(let version): await wait(since: version, among: \.writers)
            case .sleep(let duration):
                defer { signal { $0.isSomeoneSleeping = false } }
                try await clock.sleep(duration)
            }
        }
    }

    private enum Next {
        case span(Span, Waiter?)
        case finished([Waiter])
        case wait(since: Int)
        case sleep(Duration)
    }

    private func take(_ state: inout State, now: ContinuousClock.Instant) -> Next {
        if state.openReaders == 0, state.slots.count == state.freeSlots.count {
            return .finished(state.writers.all())
        }
        guard state.inFlight < state.limit.limit else { return .wait(since: state.version) }
        var soonest: ContinuousClock.Instant?
        for place in state.ring.indices {
            let slot = state.ring[place]
            // Taken out and not copied: each copy would count up a dozen references.
            guard var open = state.slots[slot].take() else { continue }
            if let due = open.due(now: now) {
                state.slots[slot] = open
                soonest = min(soonest ?? due, due)
                continue
            }
            let items = open.takeItems(upTo: itemsPerSpan(), now: now)
            state.ring.remove(at: place)
            open.isInRing = open.hasItemsToGive
            if open.isInRing { state.ring.append(slot) }
            let span = Span(slot: slot, segment: open.segment, page: open.page, items: items)
            state.slots[slot] = open
            state.inFlight += 1
            // Whoever gets something lets the next one look: nobody need be woken for nothing.
            let another = state.inFlight < state.limit.limit && !state.ring.isEmpty ? state.writers.first() : nil
            return .span(span, another)
        }
        guard let soonest, !state.isSomeoneSleeping else { return .wait(since: state.version) }
        state.isSomeoneSleeping = true
        return .sleep(now.duration(to: soonest))
    }

    /// Takes note of what came of a span.
    ///
    /// - Throws: ``CopyError/stalled(_:_:)`` when nothing has moved for too long.
    func finish(_ span: Span, _ outcome: Outcome, error: (any Error)? = nil) throws -> Finished {
        let now = clock.now()
        // Only for waits, which most calls do not cause: random numbers are the kernel's.
        let random = outcome.leftOver.isEmpty ? 0 : clock.random()
        let (finished, stalledFor) = signal { state -> (Finished, Duration?) in
            state.inFlight -= 1
            // A broken connection says nothing about how much the target takes.
            if outcome.isThrottled || outcome.leftOver.isEmpty {
                state.limit.record(sent: span.items.count, refused: outcome.leftOver.count)
            }
            if outcome.isThrottled { state.throttled += 1 }
            guard var open = state.slots[span.slot].take() else { return (Finished(), nil) }
            let resolved = span.items.count - outcome.leftOver.count
            open.take(outcome, resolved: resolved, now: now, random: random)
            if resolved > 0 { state.lastProgress = now }
            guard open.unresolved > 0 else { return (Self.end(open, slot: span.slot, &state), nil) }
            if !open.isInRing, open.hasItemsToGive {
                open.isInRing = true
                state.ring.append(span.slot)
            }
            state.slots[span.slot] = open
            let still = state.lastProgress.duration(to: now)
            return (Finished(), still > stallLimit ? still : nil)
        }
        if let stalledFor { throw CopyError.stalled(stalledFor, error.map { "\($0)" }) }
        return finished
    }

    /// A page was settled.
    ///
    /// - Parameter counts: what to add to its counts.
    /// - Returns: pages that are finished by it.
    func settled(_ settling: Settling, counts: CopyCounts) -> [FinishedPage] {
        let now = clock.now()
        return signal { state in
            state.lastProgress = now
            guard var open = state.slots[settling.slot] else { return [] }
            state.slots[settling.slot] = nil
            state.freeSlots.append(settling.slot)
            open.counts += counts
            return Self.close(open, &state)
        }
    }

    /// All items of a page are written, kept or have failed.
    private static func end(_ open: OpenPage, slot: Int, _ state: inout State) -> Finished {
        guard open.own.isEmpty else {
            state.slots[slot] = open
            return Finished(
                settling: Settling(slot: slot, segment: open.segment, page: open.page, start: open.start, own: open.own)
            )
        }
        state.freeSlots.append(slot)
        return Finished(pages: close(open, &state))
    }

    /// Takes a page out of the account, and gives the pages of its segment that are finished by it.
    private static func close(_ open: OpenPage, _ state: inout State) -> [FinishedPage] {
        state.memory -= open.memory
        state.segments[open.segment].openPages -= 1
        state.segments[open.segment].ahead[open.number] = FinishedPage(
            segment: open.segment,
            lastEvaluatedKey: open.page.lastEvaluatedKey,
            counts: open.counts,
            failures: open.failures
        )
        var finished: [FinishedPage] = []
        let segment = open.segment
        while var page = state.segments[segment].ahead.removeValue(forKey: state.segments[segment].nextFinished) {
            state.segments[segment].nextFinished += 1
            state.segments[segment].counts += page.counts
            page.counts = state.segments[segment].counts
            finished.append(page)
        }
        return finished
    }

    // MARK: Both

    /// A call for a page has failed for now.
    ///
    /// - Throws: ``CopyError/stalled(_:_:)`` when nothing has moved for too long.
    func noteFailure(_ error: any Error) throws {
        let now = clock.now()
        let still = state.withLock { state in
            if (error as? AWSError)?.kind == .throttling { state.throttled += 1 }
            return state.lastProgress.duration(to: now)
        }
        if still > stallLimit { throw CopyError.stalled(still, "\(error)") }
    }

    struct Snapshot: Sendable {
        var counts: CopyCounts
        var segments: [CopyCounts]
        var inFlight: Int
        var limit: Int
        var throttled: Int
        var memory: Int
    }

    /// How far the copy is; `counts` with the pages that are being written, `segments` without.
    var snapshot: Snapshot {
        state.withLock { state in
            var counts = CopyCounts()
            for segment in state.segments {
                counts += segment.counts
                for page in segment.ahead.values { counts += page.counts }
            }
            for case let open? in state.slots { counts += open.counts }
            return Snapshot(
                counts: counts,
                segments: state.segments.map(\.counts),
                inFlight: state.inFlight,
                limit: state.limit.limit,
                throttled: state.throttled,
                memory: state.memory
            )
        }
    }

    // MARK: Waiting

    private typealias Waiter = WaitingTasks.Waiter

    /// Changes the state and wakes those who may have waited for it: the readers, and one writer, who wakes the next.
    private func signal<Result>(everyone: Bool = false, _ change: (inout State) -> sending Result) -> sending Result {
        let (result, waiters) = state.withLock { state -> sending (Result, [Waiter]) in
            let result = change(&state)
            state.version += 1
            var waiters = state.readers.all()
            if everyone {
                waiters += state.writers.all()
            } else if let writer = state.writers.first() {
                waiters.append(writer)
            }
            return (result, waiters)
        }
        for waiter in waiters { waiter.resume() }
        return result
    }

    /// Suspends until something has happened since, or the task is cancelled.
    private func wait(since version: Int, among tasks: any WritableKeyPath<State, WaitingTasks> & Sendable) async {
        let id = state.withLock { $0[keyPath: tasks].newID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let isWaiting = state.withLock { state in
                    state.version == version && state[keyPath: tasks].add(id, waiter)
                }
                if !isWaiting { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0[keyPath: tasks].cancel(id) }?.resume()
        }
        state.withLock { $0[keyPath: tasks].end(id) }
    }
}
