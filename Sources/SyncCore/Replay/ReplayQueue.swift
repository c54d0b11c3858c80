import AWSCore

import struct FoundationEssentials.Date

/// Takes the messages of one queue of failures, one after the other, and deletes those that are done with.
struct ReplayQueue: Sendable {
    let sqs: SQSClient
    let name: String
    /// Whether messages stay as they are.
    let isDryRun: Bool
    /// `nil` for a message that is not asked for.
    let replay: @Sendable (SQSMessage) async throws -> Ending?

    /// What became of a message.
    struct Ending: Sendable {
        var counts = ReplayReport.Counts()
        var planned = 0
        var gap: ReplayReport.Gap?
    }

    /// How long nobody else gets a message that is worked on, in seconds.
    ///
    /// Should it take longer, another replay may settle the same items at the same time, which does no harm.
    static let visibility = 900

    private enum Result: Sendable {
        case done(Ending)
        case skipped
        /// Why it stays.
        case left(String)
        case cancelled
    }

    /// - Parameter maximum: messages to read at most.
    /// - Throws: ``AWSError``; `CancellationError` once every message that was taken and is not done is back.
    func drain(
        into report: inout ReplayReport,
        maximum: Int,
        progress: @Sendable (ReplayReport) -> Void
    ) async throws {
        let url = try await queueURL()
        var held: [String: String] = [:]
        do {
            try await take(url, &report, maximum, &held, progress)
        } catch {
            await giveBack(held.values, url)
            throw error
        }
        await giveBack(held.values, url)
        report.remaining += try await sqs.queueDepth(queueURL: url).total
    }

    private func take(
        _ url: String,
        _ report: inout ReplayReport,
        _ maximum: Int,
        _ held: inout [String: String],
        _ progress: @Sendable (ReplayReport) -> Void
    ) async throws {
        var emptyReads = 0
        while report.messages < maximum, emptyReads < 2 {
            let messages = try await sqs.receiveMessages(
                queueURL: url,
                maximum: min(SQSClient.maximumBatch, maximum - report.messages),
                visibilityTimeout: Self.visibility,
                waitSeconds: 1
            )
            // SQS may deliver a message twice; what was left once in this run is left.
            let new = messages.filter { held[$0.id] == nil }
            for message in messages { held[message.id] = message.receiptHandle }
            guard !new.isEmpty else {
                emptyReads += 1
                continue
            }
            emptyReads = 0
            report.messages += new.count
            let results = await run(new)
            for (message, result) in zip(new, results) {
                switch result {
                case .done(let ending):
                    report.counts += ending.counts
                    report.planned += ending.planned
                    if let gap = ending.gap { report.gaps.append(gap) }
                    guard !isDryRun, ending.gap?.isClosed ?? true else { continue }
                    try await sqs.deleteMessage(queueURL: url, receiptHandle: message.receiptHandle)
                    held[message.id] = nil
                    report.done += 1
                case .skipped: report.skipped += 1
                case .left(let reason):
                    report.left.append(
                        .init(queue: name, region: sqs.region, messageID: message.id, reason: reason)
                    )
                case .cancelled: break
                }
            }
            progress(report)
            try Task.checkCancellation()
        }
    }

    private func run(_ messages: [SQSMessage]) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            for (place, message) in messages.enumerated() {
                group.addTask {
                    do {
                        guard let ending = try await replay(message) else { return (place, .skipped) }
                        return (place, .done(ending))
                    } catch {
                        return (place, Task.isCancelled ? .cancelled : .left("\(error)"))
                    }
                }
            }
            var results = Array(repeating: Result.cancelled, count: messages.count)
            for await (place, result) in group { results[place] = result }
            return results
        }
    }

    /// Makes messages visible again at once; should that fail, they are so after ``visibility`` by themselves.
    private func giveBack(_ handles: some Collection<String> & Sendable, _ url: String) async {
        let sqs = sqs
        let handles = Array(handles)
        // Whoever interrupted the replay wants them back, too: this must not be cancelled with the rest.
        await Task {
            for handle in handles {
                try? await sqs.changeVisibility(queueURL: url, receiptHandle: handle, seconds: 0)
            }
        }.value
    }

    private func queueURL() async throws -> String {
        do {
            return try await sqs.queueURL(name: name)
        } catch let error as AWSError
            where error.code == "QueueDoesNotExist" || error.code.hasSuffix("NonExistentQueue")
        {
            throw ReplayError(
                "live sync is not deployed in \(sqs.region) (there is no queue \(name)); run ./deploy.sh sync, or give the"
                    + " Region's own credentials"
            )
        }
    }
}
