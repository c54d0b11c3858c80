import AWSCore

/// One invocation's work at a part: goes through the keys in their order, and has so many copies under way at once.
///
/// Copies are begun in the order of the keys, so that one key tells how far the part is; those that the time does not
/// suffice for are named beside it.
///
/// A merge has to look at the source once more behind each copy (H10), and an invocation that is killed between the two
/// never does; an object that the source has lost is in no listing that could tell the next one. So an invocation of a
/// merge only notes what it finds, and the next one, of which that is the event, copies this and nothing else: however
/// often it is killed and made again, it knows of every object that may have been written.
struct BucketPartRun {
    /// How far the part is at the end.
    struct Outcome: Sendable {
        /// Everything up to it was looked at; `nil` when that is no further than at the beginning.
        var position: [UInt8]?
        var isDone = false
        /// What was listed up to there.
        var listed = ListedCounts()
        /// In the order in which they are to be begun.
        var unfinished: [BucketCopyPart.Unfinished] = []
        /// Copies that were begun before and had an invocation's time for themselves.
        var tooLarge: [String] = []
    }

    let runner: TransferRunner
    let time: PartTime

    private enum Event: Sendable {
        case listed(RangeWalk.Pages)
        case copied(Int)
        /// The copy was cut off.
        case cutOff(Int)
        case failed(any Error)
        case timeIsUp
        case ended
    }

    /// - Parameters:
    ///   - rest: the rest of the part, and where it begins; `nil` when all of it was listed.
    ///   - resumed: what an invocation before this one could not end.
    /// - Throws: what ends the whole: a listing that failed, missing credentials, `CancellationError`.
    func run(
        _ rest: (walk: RangeWalk, pages: RangeWalk.Pages)?,
        resuming resumed: [TransferTask]
    ) async throws -> Outcome {
        var walk = rest?.walk
        var outcome = Outcome()
        outcome.isDone = walk == nil
        var underWay: [Int: TransferTask] = [:]
        var failure: (any Error)?
        await withTaskGroup(of: Event.self) { group in
            var begun = 0
            func begin(_ task: TransferTask) {
                begun += 1
                underWay[begun] = task
                group.addTask { [begun] in await copy(task, begun) }
            }
            group.addTask { (try? await time.waitForEnd()) == nil ? .ended : .timeIsUp }
            if let rest { group.addTask { await list(rest.pages) } }
            /// What is to be copied from before.
            var waiting = resumed[...]
            var notes: [BucketCopyPart.Unfinished] = []
            var room = BucketCopyPart.Unfinished.maximumBytes
            /// What was found and not begun yet, and where it ends.
            var found: ArraySlice<TransferTask> = []
            var step: RangeWalk.Step?
            var next: RangeWalk.Pages?
            var isStopped = false
            /// Whether no more can be noted.
            var isFull = false
            while true {
                // Whoever has got anywhere may stop; otherwise a time that is always too short would never end.
                if begun > 0 || outcome.position != nil, !isStopped, time.isShort() { isStopped = true }
                if !isStopped {
                    if let task = waiting.first, underWay.count < runner.options.transfersAtOnce {
                        waiting.removeFirst()
                        begin(task)
                        continue
                    }
                    if let task = found.first {
                        if runner.options.mergesWithLiveSync {
                            let note = BucketCopyPart.Unfinished(task, wasBegun: false)
                            room -= note.size
                            if room >= 0 || notes.isEmpty {
                                found.removeFirst()
                                notes.append(note)
                                (outcome.listed, outcome.position) = (task.listed, Array(task.key.utf8))
                                continue
                            }
                            isFull = true
                        } else if waiting.isEmpty, underWay.count < runner.options.transfersAtOnce {
                            found.removeFirst()
                            begin(task)
                            (outcome.listed, outcome.position) = (task.listed, Array(task.key.utf8))
                            continue
                        }
                    } else if let done = step {
                        step = nil
                        outcome.listed = done.listed
                        outcome.position = done.last ?? outcome.position
                        outcome.isDone = done.isAtEnd
                        continue
                    } else if let pages = next, let done = walk?.step(pages) {
                        next = nil
                        found = done.tasks[...]
                        step = done
                        // The next pages come while these are copied.
                        if !done.isAtEnd { group.addTask { await list(done.pages) } }
                        continue
                    }
                }
                if underWay.isEmpty, isStopped || waiting.isEmpty && (isFull || outcome.isDone) { break }
                switch await group.next() {
                case .listed(let pages): next = pages
                case .copied(let number): underWay[number] = nil
                case .cutOff(let number):
                    guard let task = underWay.removeValue(forKey: number) else { break }
                    if task.wasBegun {
                        outcome.tooLarge.append(task.key)
                    } else {
                        outcome.unfinished.append(.init(task, wasBegun: true))
                    }
                case .failed(let error):
                    // Of what follows, most is no more than that everything was given up.
                    failure = failure ?? error
                    isStopped = true
                    underWay = [:]
                    group.cancelAll()
                case .timeIsUp:
                    isStopped = true
                    group.cancelAll()
                case .ended: break
                case nil: isStopped = true
                }
            }
            group.cancelAll()
            outcome.unfinished += waiting.map { .init($0, wasBegun: $0.wasBegun) } + notes
        }
        try Task.checkCancellation()
        if let failure { throw failure }
        return outcome
    }

    private func list(_ pages: RangeWalk.Pages) async -> Event {
        do {
            return .listed(try await pages.advanced())
        } catch {
            // Pages that were given up are asked for again by the next invocation.
            return Task.isCancelled ? .ended : .failed(error)
        }
    }

    private func copy(_ task: TransferTask, _ number: Int) async -> Event {
        do {
            try await runner.run(task)
            return .copied(number)
        } catch {
            return Task.isCancelled ? .cutOff(number) : .failed(error)
        }
    }
}
