import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

/// Runs of a cut-over over a local AWS of their own.
enum CutoverFixture {
    /// Waits take no time; what would wait for minutes waits until it is no longer needed.
    static let clock = clock()

    static func clock(onSleep: @escaping @Sendable () -> Void = {}) -> SyncClock {
        let now = Mutex(ContinuousClock.now)
        return SyncClock(
            now: { now.withLock { $0 } },
            sleep: { duration in
                onSleep()
                guard duration < .seconds(60) else { return try await Gate().pass() }
                now.withLock { $0 = $0.advanced(by: duration) }
                try Task.checkCancellation()
                await Task.yield()
            }
        )
    }

    static func run(
        _ live: LiveAWS,
        _ records: SyncRecordStore,
        _ kinds: Set<SyncPair.Kind> = [.table],
        filter: String? = nil,
        isProven: Bool = true,
        clock: SyncClock = clock,
        configure: (inout CutoverRun.Options) -> Void = { _ in },
        writers: @escaping @Sendable () async throws -> String? = { "said so" }
    ) async throws -> CutoverReport {
        let clients = try live.clients(kinds, filter: filter)
        if isProven {
            let state = SavedState(records: records)
            try state.noteEqual(LiveAWS.noon.addingTimeInterval(-600), filter: filter)
            try state.noteEqual(LiveAWS.noon.addingTimeInterval(-600), of: LiveAWS.bucketPair)
        }
        var options = CutoverRun.Options()
        options.settle = .seconds(10)
        options.timeout = .seconds(40)
        configure(&options)
        var report = CutoverReport(
            signer: .init(user: "ü", host: "h", identity: "arn:aws:iam::123456789012:user/x"),
            startDate: LiveAWS.noon,
            configurationHash: "00",
            configuration: clients.configuration
        )
        try await CutoverRun(clients, records: records, options: options, clock: clock) { LiveAWS.noon }
            .run(into: &report, observer: CutoverRun.Observer(writersAreStopped: writers))
        return report
    }

    /// Live sync that comes along whenever the target is looked at.
    static func following() -> LiveAWS {
        LiveAWS { live, operation in
            if operation == "GetItem" { live.apply() }
        }
    }

    /// Live sync of the bucket that comes along whenever the target is looked at.
    static func followingBuckets() -> LiveAWS {
        LiveAWS { live, operation in
            if operation.hasPrefix("S3 HEAD /new/") { live.followBuckets() }
        }
    }
}
