import AWSCore

import struct FoundationEssentials.Date

/// Replays events of buckets that could not be applied: their objects are settled once more.
struct BucketReplay: Sendable {
    private let configuration: SyncConfiguration
    private let sync: LiveBucketSync
    private let isDryRun: Bool
    private let timeLimit: Double

    /// - Parameter timeLimit: for the objects of one message, which are one or a few; in seconds, and below the time for
    ///   which a message is hidden.
    init(_ clients: LiveClients, isDryRun: Bool, timeLimit: Double = 840) {
        self.timeLimit = timeLimit
        configuration = clients.configuration
        sync = LiveBucketSync(clients.configuration, connections: BucketConnections(clients))
        self.isDryRun = isDryRun
    }

    /// The mappings that an event is about.
    func pairs(of event: BucketEvent) -> [SyncPair] {
        event.changes.flatMap { change in
            configuration.buckets.filter { mapping in
                mapping.source.bucket == change.bucket && change.key.starts(with: mapping.source.prefix.utf8)
            }.map { SyncPair($0) }
        }
    }

    static func event(in message: SQSMessage) throws(ReplayError) -> BucketEvent {
        do throws(BucketEventError) {
            return try BucketEvent(parsingMessage: Array(message.body.utf8))
        } catch {
            throw ReplayError("the message is not understood: \(error)")
        }
    }

    /// - Throws: ``ReplayError`` when something of the message could not be settled.
    func replay(_ event: BucketEvent) async throws -> ReplayQueue.Ending {
        guard !isDryRun else { return ReplayQueue.Ending(planned: event.changes.count) }
        let result = await sync.apply(event, deadline: Date().addingTimeInterval(timeLimit))
        try Task.checkCancellation()
        // A replay's events came without a queue, so that whatever failed makes the whole of it come again.
        guard !result.mustComeAgain else {
            throw ReplayError(
                result.errors.isEmpty
                    ? "there was not enough time; run sync replay again" : result.errors.joined(separator: "; ")
            )
        }
        var ending = ReplayQueue.Ending()
        for figures in result.figures {
            ending.counts.written += figures.copied + figures.tagged
            ending.counts.deleted += figures.deleted
            ending.counts.unchanged += figures.unchanged
        }
        return ending
    }
}
