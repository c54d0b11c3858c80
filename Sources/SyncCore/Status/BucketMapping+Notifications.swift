import AWSCore
import BackupCore

extension BucketMapping {
    /// What is wrong with the way in which the source tells of its changes, and what to do; `nil` when nothing is.
    ///
    /// Of EventBridge's rule only `deploy.sh sync --check` knows: reading it would take one more right.
    ///
    /// - Parameter queue: the name of the queue of the buckets' events. An entry is ours by it: ids are made for each
    ///   prefix.
    func fault(of found: S3Notifications, queue: String) -> String? {
        switch events {
        case .notifications: fault(of: found.queues, queue: queue)
        case .eventBridge:
            found.sendsToEventBridge
                ? nil
                : "s3://\(source.bucket) does not send its events to EventBridge, from where the queue \(queue) gets them;"
                    + " run ./deploy.sh sync"
        }
    }

    private func fault(of entries: [S3QueueNotification], queue: String) -> String? {
        let own = entries.filter { entry in
            ARN(entry.queueARN)?.resource == queue && entry.suffix.isEmpty
                && source.prefix.utf8.starts(with: entry.prefix.utf8)
        }
        guard !own.isEmpty else {
            return "s3://\(source.bucket) does not notify the queue \(queue) of changes in \(source); run"
                + " ./deploy.sh sync"
        }
        let events = own.flatMap(\.events)
        for needed in ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] where !events.contains(needed) {
            return "s3://\(source.bucket) does not notify of \(needed); run ./deploy.sh sync"
        }
        return nil
    }
}
