package import AWSCore

package import struct FoundationEssentials.Date

/// Makes the target buckets follow their sources: one invocation's events at a time.
///
/// Each object that an event names is settled, once however many events name it; see ``ObjectSettlement``. That takes
/// care of order and repetition, so that the sequencers of events are not even looked at.
package struct LiveBucketSync: Sendable {
    private let mappings: [LiveBucketMapping]
    private let environment: AWSClient.Environment
    private let waitUntil: @Sendable (Date) async throws -> Void

    /// Objects that are settled at the same time.
    static let maximumInFlight = 32

    /// Parts that S3 copies by itself cost the function nothing but a request that waits, and have to be done before
    /// its time is over.
    package static var options: BucketSyncOptions {
        var options = BucketSyncOptions()
        options.partsAtOnce = 48
        return options
    }

    /// - Parameters:
    ///   - options: of the copies; for tests.
    ///   - waitUntil: returns at that instant; for tests, which do not wait.
    package init(
        _ configuration: SyncConfiguration,
        connections: BucketConnections,
        environment: AWSClient.Environment = AWSClient.Environment(),
        options: BucketSyncOptions = Self.options,
        waitUntil: @escaping @Sendable (Date) async throws -> Void = {
            try await Task.sleep(for: .seconds(max(0, $0.timeIntervalSince(Date()))))
        }
    ) {
        mappings = configuration.buckets.map { LiveBucketMapping($0, connections: connections, options: options) }
        self.environment = environment
        self.waitUntil = waitUntil
    }

    /// What became of an invocation's events.
    package struct Result: Sendable {
        /// The ids of the queue's messages that have to come again.
        package var failedMessages: [String] = []
        /// Whether something failed that came without a queue, for which the invocation as a whole must fail.
        package var mustComeAgain = false
        /// What happened in each mapping that had events.
        package var figures: [LiveBucketFigures] = []
        package var ignoredCount = 0
        /// Whether any object was settled.
        package var didAnything = false
        /// Why what failed did, one line each; nothing about what the time did not suffice for.
        package var errors: [String] = []
        /// Objects that were not settled because the time was over.
        package var unfinishedCount = 0
        /// Some of those that were being settled then: `s3://bucket/key`.
        package var cutOff: [String] = []
    }

    /// Applies an event.
    ///
    /// - Parameter deadline: when everything has come to an end, calls under way included.
    package func apply(_ event: BucketEvent, deadline: Date) async -> Result {
        var result = Result()
        result.ignoredCount = event.ignoredCount
        var failedMessages: Set<Int> = []
        func fail(_ message: Int?) {
            if let message { failedMessages.insert(message) } else { result.mustComeAgain = true }
        }
        for problem in event.problems {
            fail(problem.message)
            result.errors.append(problem.error.message)
        }
        var plan = BucketSyncPlan(mappings)
        for (place, change) in event.changes.enumerated() where !plan.add(change, at: place) {
            fail(change.message)
        }
        result.errors += plan.unmapped.map { bucket in
            "no mapping names the bucket s3://\(OneLine.text(bucket)): add it to sync.buckets in config.json and deploy"
                + " again, or take its notification away from this function"
        }
        result.ignoredCount += plan.outsideCount
        let outcomes = await run(plan.jobs, deadline: deadline)
        var figures = plan.figures
        for (job, outcome) in zip(plan.jobs, outcomes) {
            switch outcome {
            case .settled(let done):
                result.didAnything = true
                figures[job.mapping].count(done)
            case .failed(let error):
                figures[job.mapping].failed += 1
                if result.errors.count < Self.maximumErrors { result.errors.append(error) }
                job.changes.forEach { fail(event.changes[$0].message) }
            case .outOfTime(let hasBegun):
                figures[job.mapping].failed += 1
                result.unfinishedCount += 1
                if hasBegun, result.cutOff.count < Self.maximumErrors {
                    result.cutOff.append(OneLine.text(mappings[job.mapping].settlement.source.name + job.key))
                }
                job.changes.forEach { fail(event.changes[$0].message) }
            }
        }
        let now = environment.now().timeIntervalSince1970
        for index in figures.indices {
            figures[index].lagMilliseconds = plan.oldest[index].map { max(0, now - $0) * 1_000 }
        }
        result.figures = figures.filter { $0.events > 0 }
        result.failedMessages = failedMessages.sorted().map { event.messageIDs[$0] }
        return result
    }

    /// Lines in the log of one invocation.
    private static let maximumErrors = 20

    private func run(_ jobs: [BucketSyncJob], deadline: Date) async -> [BucketSyncJob.Outcome] {
        let remaining = deadline.timeIntervalSince(environment.now())
        // What is under way then has this long to come to its end.
        let end = deadline.addingTimeInterval(-min(2, max(0, remaining) / 4))
        let queue = BucketSyncQueue(count: jobs.count)
        await withTaskGroup(of: Bool.self) { group in
            let workers = min(Self.maximumInFlight, jobs.count)
            for _ in 0..<workers {
                group.addTask {
                    while environment.now() < end, let place = queue.next() {
                        let job = jobs[place]
                        queue.finish(place, await job.run(mappings[job.mapping], until: end, environment))
                    }
                    return true
                }
            }
            group.addTask {
                try? await waitUntil(deadline)
                return false
            }
            var done = 0
            while done < workers, let isWorker = await group.next() {
                // The time is over: calls under way are cut off, and what they were about has failed.
                if isWorker { done += 1 } else { group.cancelAll() }
            }
            group.cancelAll()
        }
        return queue.outcomes
    }
}

extension LiveBucketFigures {
    fileprivate mutating func count(_ outcome: ObjectSettlement.Outcome) {
        switch outcome {
        case .unchanged, .vanished: unchanged += 1
        case .copied(let bytes):
            copied += 1
            copiedBytes += bytes
        case .tagged: tagged += 1
        case .deleted: deleted += 1
        }
    }
}
