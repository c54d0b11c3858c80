import AWSCore
import FoundationEssentials
import Testing

@testable import SyncCore

@Suite("What speaks against a cut-over")
struct CutoverLimitsTests {
    private static let now = LiveAWS.noon

    private static func history(
        _ state: HistoryProgress.State = .finished,
        filter: String? = nil,
        failed: Int = 0
    ) -> HistoryProgress {
        var history = HistoryProgress(state: state, mode: "merge", filter: filter, done: 1, failed: failed)
        history.date = now.addingTimeInterval(-3_600)
        return history
    }

    private static func verification(
        _ verdict: String = "EQUAL",
        secondsAgo: Double = 600,
        filter: String? = nil,
        missing: Int = 0,
        undecided: Int = 0
    ) -> VerificationRecord {
        VerificationRecord(
            LiveAWS.pair,
            verdict: verdict,
            filter: filter,
            startDate: now.addingTimeInterval(-secondsAgo),
            endDate: now.addingTimeInterval(-secondsAgo),
            equal: 1,
            missing: missing,
            extra: 0,
            different: 0,
            undecided: undecided
        )
    }

    /// Nothing speaks against it.
    private static func status() throws -> MappingStatus {
        var status = MappingStatus(
            pair: LiveAWS.pair,
            region: try #require(Region("us-east-1")),
            live: LiveStatus(
                eventSource: .unknown("who knows"),
                lag: .value(1),
                errors: .value(0),
                failures: .value(0),
                waiting: .value(0)
            )
        )
        // What feeds a function that is not there says nothing more.
        status.live.isDeployed = false
        status.history = history()
        status.verification = verification()
        return status
    }

    /// Something that speaks against it.
    struct Reason: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Whether it keeps the operator from stopping the writers, too.
        var isEarly = true
        var change: @Sendable (inout MappingStatus) -> Void

        init(_ description: String, isEarly: Bool = true, _ change: @escaping @Sendable (inout MappingStatus) -> Void) {
            testDescription = description
            self.isEarly = isEarly
            self.change = change
        }
    }

    /// Of live sync, by what is said of them.
    private static let live = [
        Reason("wrong") { $0.live.faults = ["wrong"] },
        Reason("who knows") { $0.live.isDeployed = true },
        Reason("1 message about failed changes waits") { $0.live.failures = .value(1) },
        Reason("whether changes have failed is not known: x") { $0.live.failures = .unknown("x") },
        Reason("61 s behind") { $0.live.lag = .value(61) },
        Reason("the lag is not known: x") { $0.live.lag = .unknown("x") },
        Reason("whether events wait is not known: x") { $0.live.waiting = .unknown("x") },
    ]

    /// Of history and comparisons.
    private static let rest = [
        Reason("is still running") { $0.history = history(.running) },
        Reason("was interrupted") { $0.history = history(.interrupted) },
        Reason("only a part was copied (v = 1)") { $0.history = history(filter: "v = 1") },
        Reason("2 could not be copied") { status in
            status.history = history(failed: 2)
            status.verification = nil
        },
        Reason("no copy of what was there before is known") { status in
            status.history = nil
            status.verification = nil
        },
        Reason("were never compared") { $0.verification = nil },
        Reason("found the sides DIFFERENT") { $0.verification = verification("DIFFERENT", missing: 1) },
        Reason("was about a part only (v = 1)") { $0.verification = verification(filter: "v = 1") },
        Reason("found 1 that kept changing", isEarly: false) {
            $0.verification = verification("UNDECIDED", undecided: 1)
        },
        Reason("found 2 that kept changing") { $0.verification = verification("UNDECIDED", missing: 1, undecided: 2) },
        Reason("is older than the copy") { $0.verification = verification(secondsAgo: 3_700) },
        Reason("was 25 hours ago") { status in
            status.history = nil
            status.verification = verification(secondsAgo: 90_000)
        },
        Reason("a gap: changes") { status in
            status.live.gaps = [StreamGap(from: nil, to: now.addingTimeInterval(-90_000), cause: "x", now: now)]
                .compactMap { $0 }
            status.verification = verification(secondsAgo: 90_100)
        },
        Reason("changes up to") { status in
            status.live.gaps = [StreamGap(from: nil, to: now.addingTimeInterval(-90_000), cause: "x", now: now)]
                .compactMap { $0 }
            status.verification = verification("DIFFERENT", missing: 1)
        },
    ]

    @Test("Nothing does when all is well")
    func nothing() throws {
        let status = try Self.status()
        #expect(CutoverLimits().reasons(against: status, now: Self.now).isEmpty)
        #expect(CutoverLimits().beforeWritersStop(status, now: Self.now).isEmpty)
        var idle = status
        idle.live.lag = .unknown("nothing was written")
        idle.live.isIdle = true
        #expect(CutoverLimits().reasons(against: idle, now: Self.now).isEmpty)
        // A later comparison has closed the gap.
        var closed = status
        closed.live.gaps = [StreamGap(from: nil, to: Self.now.addingTimeInterval(-90_000), cause: "x", now: Self.now)]
            .compactMap { $0 }
        #expect(closed.live.gaps.count == 1)
        #expect(CutoverLimits().reasons(against: closed, now: Self.now).isEmpty)
    }

    @Test("Each fault of live sync does", arguments: live)
    func faults(reason: Reason) throws {
        var status = try Self.status()
        reason.change(&status)
        let reasons = CutoverLimits().reasons(against: status, now: Self.now)
        #expect(reasons.count == 1 && reasons[0].contains(reason.testDescription), "\(reasons)")
    }

    @Test("Each want of history or comparison does, before the writers stop and after", arguments: rest)
    func wants(reason: Reason) throws {
        var status = try Self.status()
        reason.change(&status)
        let reasons = CutoverLimits().reasons(against: status, now: Self.now)
        #expect(reasons.contains { $0.contains(reason.testDescription) }, "\(reasons)")
        let early = CutoverLimits().beforeWritersStop(status, now: Self.now)
        #expect(early.contains { $0.contains(reason.testDescription) } == reason.isEarly, "\(early)")
        #expect(early.isEmpty != reason.isEarly, "\(early)")
    }
}
