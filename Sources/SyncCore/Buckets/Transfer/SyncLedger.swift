import AWSCore
import Synchronization

/// Counts what became of each object.
final class SyncLedger: Sendable {
    private let state = Mutex(BucketSyncReport())
    private let progress: SyncProgress

    init(progress: SyncProgress) {
        self.progress = progress
    }

    var report: BucketSyncReport { state.withLock { $0 } }

    func change(_ change: (inout BucketSyncReport) -> Void) {
        state.withLock { change(&$0) }
    }

    func transferred(_ task: TransferTask) {
        change {
            $0.transferredObjects += 1
            $0.transferredBytes += task.size
        }
        done(task)
    }

    /// The object needed no transfer after all.
    func settled(_ task: TransferTask, _ count: (inout BucketSyncReport) -> Void) {
        change(count)
        done(task)
    }

    private func done(_ task: TransferTask) {
        progress.change {
            $0.doneObjects += 1
            $0.doneBytes += task.size
        }
    }

    func archived(_ key: String) {
        change {
            $0.archived += 1
            if $0.archivedKeys.count < BucketSyncReport.maximumNamed { $0.archivedKeys.append(key) }
        }
    }

    func failed(_ key: String, _ error: any Error) {
        let code = (error as? AWSError)?.code ?? (error as? any CodedError)?.code ?? "Error"
        change {
            $0.failed += 1
            guard $0.failures.count < BucketSyncReport.maximumNamed else { return }
            $0.failures.append(BucketSyncReport.Failure(key: key, code: code, message: "\(error)"))
        }
        progress.change { $0.failed += 1 }
    }
}

/// An error of ours that has a word by which programs know it.
protocol CodedError: Error {
    var code: String { get }
}
