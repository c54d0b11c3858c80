import AWSCore
import AWSTesting
import Synchronization

@testable import SyncCore

/// Rounds about one rare thing each, which rounds about everything meet too seldom: a rule that is broken must show in
/// every run of the tests.
extension LiveTableSimulation {
    /// What rounds are about, in turn.
    private enum Subject {
        case everything
        /// One item that a replay settles.
        case replay
        /// One item that a copy writes.
        case copy
        /// A replay is held up while others write, and is killed right after its own write: what it has written is not old.
        case heldReplay
        /// An item comes back to what it was while a replay is about to write what it was meanwhile.
        case returningReplay
        /// An item expires whose deletes are to be ignored.
        case expiredReplay
        /// An item whose expiry is to be ignored expires, or is deleted, in the batch that has changed it.
        case expired
        /// An item is deleted while a copy is about to write it (H16), which is killed, or gets no answer.
        case removedCopy
        /// And comes back while the copy is about to take it away again.
        case returnedCopy
        /// A copy is killed between two pages that it works on at the same time.
        case resumedCopy
        /// An item leaves a target's `where` while a copy is about to write it.
        case movedCopy
        /// A copy writes what is old, and live sync has failed to bring what is new, so that a replay must.
        case deadTarget
        /// Batches of several items, to two targets that take different parts of them.
        case partialBatches
        /// Batches that fail at two targets, at either in another place.
        case halfBatches
        /// A target that throttles for longer than an invocation has time.
        case slowTarget
        /// Changes that a target refuses, and a failure queue that does not take all of them either.
        case brokenQueue
    }

    private static let turns: [Subject] = [
        .everything, .removedCopy, .replay, .heldReplay, .everything, .partialBatches, .returnedCopy, .copy,
        .deadTarget,
        .everything, .heldReplay, .removedCopy, .returningReplay, .everything, .partialBatches, .returnedCopy, .replay,
        .expiredReplay, .movedCopy, .everything, .copy, .partialBatches, .heldReplay, .returningReplay, .slowTarget,
        .brokenQueue, .slowTarget, .halfBatches, .resumedCopy, .expired, .halfBatches, .returnedCopy,
        .resumedCopy,
    ]

    static func focus(_ plan: inout Plan, _ seed: UInt64, _ random: inout SeededGenerator) {
        let subject = turns[Int(seed % UInt64(turns.count))]
        guard subject != .everything else { return }
        plan.isCrowd = false
        plan.keys = 1
        plan.shards = 1
        plan.targets = Array(plan.targets.prefix(1))
        plan.isUnique = Bool.random(using: &random)
        plan.returns = !plan.isUnique
        plan.hasFailures = subject == .replay
        plan.copiesHistory = subject == .copy
        guard subject != .replay, subject != .copy else { return }
        plan.targets = [Target.all[0]]
        plan.policy = .forward
        plan.burst = 1
        plan.pauses = 0
        plan.writesWhileHeld = true
        plan.holds = 1
        plan.trouble = .nothing
        plan.killsAfterWrite = 0
        plan.absence = 0
        narrow(&plan, to: subject, &random)
    }

    private static func narrow(_ plan: inout Plan, to subject: Subject, _ random: inout SeededGenerator) {
        switch subject {
        case .everything, .replay, .copy: break
        case .heldReplay:
            plan.hasFailures = true
            plan.isUnique = true
            plan.absence = 2
            plan.heldReads = 2
            plan.killsAfterWrite = 2
            plan.script = Bool.random(using: &random) ? [.any] : [.any, .any]
            guard Int.random(in: 0..<3, using: &random) == 0 else { break }
            // It is there again when the replay is about to delete it.
            plan.absence = 1
            plan.heldReads = 0
            plan.script = [.put]
        case .returningReplay:
            plan.hasFailures = true
            plan.script = Bool.random(using: &random) ? [.former] : [.put, .former]
        case .expiredReplay:
            plan.hasFailures = true
            plan.isMended = true
            plan.policy = .ignore
            plan.script = [.expire]
        case .expired:
            plan.policy = .ignore
            plan.isUnique = true
            plan.times = [60]
            plan.writesWhileHeld = false
            plan.script =
                [[.put, .expire], [.put, .removeByService], [.removeByService], [.put, .expire, .put]].randomElement(
                    using: &random
                ) ?? []
        case .removedCopy:
            plan.copiesHistory = true
            plan.trouble = Int.random(in: 0..<5, using: &random) < 2 ? .lostAnswers : .nothing
            plan.killsAfterWrite = plan.trouble == .nothing ? 2 : 0
            plan.killsAfterRead = plan.killsAfterWrite > 0 ? 6 : 0
            plan.script = [.delete]
            guard plan.trouble == .nothing, Bool.random(using: &random) else { break }
            // Of two pages one is done with.
            plan.keys = 2
            plan.segments = 1
            plan.pageBytes = 1
            plan.script = [.delete, .delete, .delete]
        case .returnedCopy:
            plan.copiesHistory = true
            plan.replicated = 2
            plan.trouble = Bool.random(using: &random) ? .lostAnswers : .nothing
            plan.script = [.delete, Int.random(in: 0..<3, using: &random) > 0 ? .former : .put]
            if Bool.random(using: &random) { plan.script.append(.delete) }
        case .resumedCopy:
            plan.copiesHistory = true
            plan.keys = 2
            plan.segments = 1
            plan.pageBytes = 1
            plan.freePuts = 1
            plan.killsBetweenPages = true
            plan.script = [.delete, .delete]
        case .movedCopy:
            plan.copiesHistory = true
            plan.targets = [Target.all[1]]
            plan.script = [.elsewhere]
        case .deadTarget:
            plan.copiesHistory = true
            plan.maximumRetryAttempts = 0
            plan.trouble = .deadTarget
            plan.script = [.put]
        case .partialBatches:
            plan.keys = 3
            plan.targets = Array(Target.all.prefix(2))
            plan.isUnique = true
            plan.trouble = .partialBatches
            plan.times = [60]
            plan.writesWhileHeld = false
            plan.script = [.any, .any, .any, .any, .any]
        case .halfBatches:
            plan.keys = 4
            plan.targets = Array(Target.all.prefix(2))
            plan.isUnique = true
            plan.trouble = .halfBatches
            plan.shuffles = 2
            plan.times = [60]
            plan.writesWhileHeld = false
            plan.maximumRetryAttempts = 100
            plan.script = [.put, .put, .put, .put, .put, .put]
        case .slowTarget:
            plan.isUnique = true
            plan.trouble = .slowTarget
            plan.writesWhileHeld = false
            plan.times = [0, 0.3, 0.3, 3]
            plan.timeouts = 3
            plan.maximumRetryAttempts = 100
            plan.script = [.put, .put, .put]
        case .brokenQueue:
            plan.keys = 3
            plan.targets = [Target.all[2]]
            plan.trouble = .brokenQueue
            plan.writesWhileHeld = false
            plan.script = [.refused, .refused, .refused, .refused]
        }
    }

    /// What goes wrong with a call in such a round.
    func drawNarrowFault(_ name: String, _ body: [UInt8]) -> FakeDynamoDB.Fault? {
        let call = "\(SteppedTasks.process) \(name == "BatchWriteItem" ? Self.batchTable(body) : "")"
        let pattern = state.withLock { UInt64.random(in: 0...UInt64.max, using: &$0.random) }
        let process = SteppedTasks.process
        return state.withLock { state in
            guard !state.isCalm else { return nil }
            switch plan.trouble {
            case .lostAnswers:
                guard name == "PutItem" || name == "DeleteItem" else { return nil }
                if state.struck.remove(call) != nil { return draw(2, &state) ? .throttled : nil }
                guard state.faults > 0, draw(2, &state) else { return nil }
                state.faults -= 1
                state.struck.insert(call)
                return .cut(isDone: true)
            case .partialBatches:
                guard name == "BatchWriteItem", state.faults > 0 else { return nil }
                let isSecond = state.struck.remove(call) != nil
                guard isSecond ? draw(2, &state) : !draw(4, &state) else { return nil }
                state.faults -= 1
                state.troubled.insert(process)
                let isOther = call.hasSuffix(Target.all[1].name)
                if isSecond || draw(3, &state) != isOther {
                    return .error(code: "AccessDeniedException", message: "not now")
                }
                state.struck.insert(call)
                return .unprocessed { pattern >> UInt64($0 % 64) & 1 == 1 }
            case .halfBatches:
                guard name == "BatchWriteItem" else { return nil }
                if state.struck.remove(call) != nil {
                    return .error(code: "AccessDeniedException", message: "not now")
                }
                guard state.faults > 0 else { return nil }
                state.faults -= 1
                state.troubled.insert(process)
                state.struck.insert(call)
                return .unprocessed { pattern >> UInt64($0 % 64) & 1 == 1 }
            case .deadTarget:
                guard name == "BatchWriteItem" else { return nil }
                state.troubled.insert(process)
                return .error(code: "AccessDeniedException", message: "not now")
            case .slowTarget:
                guard name == "BatchWriteItem", state.faults > 0, !draw(4, &state) else { return nil }
                state.faults -= 1
                state.troubled.insert(process)
                return .throttled
            case .brokenQueue:
                guard name == "SendMessageBatch", state.faults > 0, !draw(4, &state) else { return nil }
                state.faults -= 1
                state.troubled.insert(process)
                if draw(3, &state) { return .error(code: "AccessDeniedException", message: "not now") }
                return .unprocessed { pattern >> UInt64($0 % 64) & 1 == 1 }
            case .any, .nothing: return nil
            }
        }
    }

    private static func batchTable(_ body: [UInt8]) -> String {
        (try? JSONValue(parsing: body))?["RequestItems"]?.object?.members.first?.key ?? ""
    }
}
