import AWSCore
import Synchronization

/// Counts what became of each object.
final class SyncLedger: Sendable {
    private let state = Mutex(BucketSyncReport())
    private let progress: SyncProgress
    private let givesUp: Bool
    private let onFailure: @Sendable (BucketSyncReport.Failure) -> Void
    /// Failures that were counted elsewhere.
    private let adopted = Atomic(0)

    /// - Parameters:
    ///   - givesUp: whether too many failures are an error.
    ///   - onFailure: called for every failure, from any thread.
    init(
        progress: SyncProgress,
        givesUp: Bool = true,
        onFailure: @escaping @Sendable (BucketSyncReport.Failure) -> Void = { _ in }
    ) {
        self.progress = progress
        self.givesUp = givesUp
        self.onFailure = onFailure
    }

    var report: BucketSyncReport { state.withLock { $0 } }

    func change(_ change: (inout BucketSyncReport) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Adds what came of the objects that an earlier run had left, whose failures say nothing about those of this one.
    func adopt(leftovers: BucketSyncReport) {
        adopted.add(leftovers.failed, ordering: .relaxed)
        change { $0.adopt(leftovers: leftovers) }
    }

    /// The object is dealt with.
    ///
    /// - Parameter count: adds it where it belongs.
    func settled(_ task: TransferTask, _ count: (inout BucketSyncReport) -> Void) {
        change(count)
        progress.change {
            $0.doneObjects += 1
            $0.doneBytes += task.source.size
        }
    }

    func archived(_ task: TransferTask) {
        settled(task) {
            $0.archived += 1
            if $0.archivedKeys.count < BucketSyncReport.maximumNamed { $0.archivedKeys.append(task.key) }
        }
    }

    /// - Throws: ``TooManyFailuresError`` when it seems that nothing will succeed.
    func failed(_ key: String, _ error: any Error) throws {
        let code = (error as? AWSError)?.code ?? (error as? any CodedError)?.code ?? "Error"
        let failure = BucketSyncReport.Failure(key: key, code: code, message: "\(error)")
        onFailure(failure)
        let isHopeless = state.withLock { report in
            report.failed += 1
            if report.failures.count < BucketSyncReport.maximumNamed {
                report.failures.append(failure)
            }
            let failed = report.failed - adopted.load(ordering: .relaxed)
            return givesUp && (failed >= 1000 || failed >= 100 && report.transferredObjects == 0)
        }
        progress.change { $0.failed += 1 }
        if isHopeless { throw TooManyFailuresError(last: "\(error)") }
    }
}

/// An error of ours that has a word by which programs know it.
protocol CodedError: Error {
    var code: String { get }
}

/// So many failures that it would be no use to go on.
package struct TooManyFailuresError: Error, Sendable, CustomStringConvertible {
    var last: String

    package var description: String { "stopped, since too many objects failed; the last: \(last)" }
}
