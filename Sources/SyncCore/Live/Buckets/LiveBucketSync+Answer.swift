extension LiveBucketSync.Result {
    /// What Lambda is answered: the messages that have to come again.
    ///
    /// - Throws: ``BucketSyncFailure`` when the whole event has to come again, because nothing of it was done, or
    ///   something failed that no message brought; and then an error is what the caller and Lambda's own metrics see.
    package func answer(to event: BucketEvent) throws(BucketSyncFailure) -> [UInt8] {
        let hasFailedWhole = !event.messageIDs.isEmpty && failedMessages.count == event.messageIDs.count
        if mustComeAgain || hasFailedWhole && !didAnything && !errors.isEmpty {
            throw BucketSyncFailure(message: (errors + timeouts).joined(separator: "\n"))
        }
        return BatchItemFailures.answer(failedMessages)
    }

    /// What the time did not suffice for: one line, and one for each large object of which that may be true the next
    /// time, too.
    package var timeouts: [String] {
        guard unfinishedCount > 0 else { return [] }
        return [
            "the time ran out before \(unfinishedCount) objects were settled; their events come again, and in the end go"
                + " to the queue of failures; what is too large for one invocation sync bucket --mode merge copies"
        ] + cutOff.map { "\($0) was being settled when the time ran out" }
    }
}

/// Why an invocation's whole event has to come again.
package struct BucketSyncFailure: Error {
    /// A line for each reason.
    package var message: String
}
