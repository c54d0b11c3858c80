import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

/// Something that is wrong with live sync.
struct LiveFault: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var reason: String
    var change: @Sendable (inout LiveAWS.State) -> Void
}

private let liveFaults = [
    LiveFault(testDescription: "not deployed", reason: "not deployed") { $0.functions = [] },
    LiveFault(testDescription: "disabled", reason: "is Disabled") { $0.eventSource["State"] = "Disabled" },
    LiveFault(testDescription: "failing", reason: "PROBLEM: Function call failed") {
        $0.eventSource["LastProcessingResult"] = "PROBLEM: Function call failed"
    },
    LiveFault(testDescription: "losing failures", reason: "lacks ReportBatchItemFailures") {
        $0.eventSource["FunctionResponseTypes"] = []
    },
    LiveFault(testDescription: "without a queue", reason: "no on-failure queue") {
        $0.eventSource["DestinationConfig"] = nil
    },
    LiveFault(testDescription: "another stream", reason: "follows an old stream") {
        $0.eventSource["EventSourceArn"] = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/2025"
    },
    LiveFault(testDescription: "another table", reason: "no event source mapping leads from") {
        $0.eventSource["EventSourceArn"] = "arn:aws:dynamodb:us-east-1:123456789012:table/Other/stream/2026"
    },
    LiveFault(testDescription: "failed changes", reason: "run sync replay") {
        $0.queues["Sync-table-failures"] = [
            LiveAWS.Message(id: "m", body: "", sent: LiveAWS.noon, isHidden: true)
        ]
    },
    LiveFault(testDescription: "lag", reason: "4 minutes behind") {
        $0.metrics = ["Invocations": [1], "IteratorAge": [240_000]]
    },
    LiveFault(testDescription: "no figure", reason: "CloudWatch has no figure yet") {
        $0.metrics = ["Invocations": [1]]
    },
]

@Suite("How live sync stands")
struct SyncStatusTests {
    private static let now = LiveAWS.noon

    private func status(
        _ live: LiveAWS,
        filter: String? = nil,
        records: SyncRecordStore
    ) async throws -> MappingStatus {
        let status = await SyncStatus.read(try live.clients(filter: filter), records: records) { Self.now }
        #expect(status.mappings.count == 1 && status.isSafe == status.mappings.allSatisfy(\.isSafe))
        return try #require(status.mappings.first)
    }

    /// A state folder in which everything is done.
    private func finish(_ state: borrowing TemporaryState, filter: String? = nil, failed: Int = 0) throws {
        try state.records.save(
            HistoryRecord(
                LiveAWS.pair,
                state: .finished,
                mode: "merge",
                filter: filter,
                startDate: Self.now.addingTimeInterval(-7_200),
                date: Self.now.addingTimeInterval(-3_600),
                done: 10,
                total: 10,
                failed: failed
            )
        )
        try state.noteEqual(Self.now.addingTimeInterval(-600), filter: filter)
    }

    @Test("Cutting over is safe when nothing speaks against it")
    func safe() async throws {
        let state = TemporaryState()
        try finish(state)
        let live = LiveAWS()
        live.state.withLock { $0.metrics = ["Invocations": [4, 2], "IteratorAge": [800, 90_000], "Lag": [1_500]] }
        let mapping = try await status(live, records: state.records)
        #expect(mapping.isSafe, "\(mapping.reasons)")
        // The newest figure of each, and the worse of the two.
        #expect(mapping.live.lag.value == 1.5 && !mapping.live.isIdle && mapping.live.failures.value == 0)
        #expect(mapping.history?.state == .finished && mapping.verification?.verdict == "EQUAL")
    }

    @Test("A source without changes has no lag, and that is no reason against it")
    func idle() async throws {
        let state = TemporaryState()
        try finish(state)
        let mapping = try await status(LiveAWS(), records: state.records)
        #expect(mapping.isSafe && mapping.live.isIdle && mapping.live.lag.value == nil)
    }

    @Test("What is not known is a reason against it, and says why")
    func unknown() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        live.state.withLock { state in
            state.metricFailure = "AccessDenied"
            state.queues["Sync-table-failures"] = nil
        }
        let reasons = try await status(live, records: state.records).reasons
        for part in [
            "the lag is not known: CloudWatch GetMetricData",
            "whether changes have failed is not known: SQS GetQueueUrl",
            "no copy of what was there before is known on this machine", "never compared on this machine",
        ] {
            #expect(reasons.contains { $0.contains(part) }, "\(part): \(reasons)")
        }
    }

    @Test("Each fault of live sync is a reason against it", arguments: liveFaults)
    func faults(fault: LiveFault) async throws {
        let state = TemporaryState()
        try finish(state)
        let live = LiveAWS()
        live.state.withLock { fault.change(&$0) }
        let reasons = try await status(live, records: state.records).reasons
        #expect(reasons.contains { $0.contains(fault.reason) }, "\(reasons)")
    }

    @Test("A target that does not exist is named with the command that makes it, and not as a batch that failed")
    func missingTarget() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        live.state.withLock { $0.eventSource["LastProcessingResult"] = "PROBLEM: Function call failed" }
        let there = try await status(live, filter: "v > 1", records: state.records).reasons
        #expect(there.contains { $0.hasPrefix("the last batch failed") }, "\(there)")
        let names = "\(LiveAWS.pair.source) \(LiveAWS.pair.target)"
        #expect(there.contains { $0.hasSuffix("; run sync table \(names) --mode merge --where 'v > 1'") }, "\(there)")
        #expect(there.contains { $0.hasSuffix("; run sync verify table \(names) --where 'v > 1'") }, "\(there)")

        live.dynamoDB.change { $0.tables["Copy"] = nil }
        let gone = try await status(live, filter: "v > 1", records: state.records).reasons
        #expect(!gone.contains { $0.contains("last batch") }, "\(gone)")
        let command = "sync table \(names) --create --mode merge --where 'v > 1'"
        #expect(gone.contains { $0.contains("table/Copy does not exist") && $0.hasSuffix("run \(command)") }, "\(gone)")
        #expect(gone.contains { $0.hasPrefix("no copy of what was there before") && $0.hasSuffix("run \(command)") })
    }

    @Test("A target that may not be looked at is not called missing")
    func unseenTarget() async throws {
        let live = LiveAWS()
        live.state.withLock { state in
            state.eventSource["LastProcessingResult"] = "PROBLEM: Function call failed"
            state.refused = ["DescribeTable"]
        }
        let reasons = try await status(live, records: TemporaryState().records).reasons
        #expect(reasons.contains { $0.hasPrefix("the last batch failed") }, "\(reasons)")
        #expect(!reasons.contains { $0.contains("does not exist") }, "\(reasons)")
    }

    @Test("A stream that was turned off is a reason against it")
    func withoutStream() async throws {
        let state = TemporaryState()
        try finish(state)
        let live = LiveAWS()
        live.dynamoDB.change { $0.tables["Orders"]?.settings = [:] }
        let reasons = try await status(live, records: state.records).reasons
        #expect(reasons.contains { $0.contains("has no stream") }, "\(reasons)")
    }

    @Test("History and comparison must be complete, about the same items, and in that order")
    func histories() async throws {
        func reasons(_ change: (SyncRecordStore) throws -> Void, filter: String? = nil) async throws -> [String] {
            let state = TemporaryState()
            try finish(state, filter: filter)
            try change(state.records)
            return try await status(LiveAWS(), filter: filter, records: state.records).reasons
        }
        func history(_ seconds: Double, state: HistoryRecord.State = .finished, filter: String? = nil, failed: Int = 0)
            -> HistoryRecord
        {
            HistoryRecord(
                LiveAWS.pair,
                state: state,
                mode: "merge",
                filter: filter,
                startDate: Self.now,
                date: Self.now.addingTimeInterval(seconds),
                done: 1,
                total: nil,
                failed: failed
            )
        }
        func verification(_ seconds: Double, verdict: String = "EQUAL", filter: String? = nil) -> VerificationRecord {
            VerificationRecord(
                LiveAWS.pair,
                verdict: verdict,
                filter: filter,
                startDate: Self.now.addingTimeInterval(seconds),
                endDate: Self.now.addingTimeInterval(seconds),
                equal: 1,
                missing: 0,
                extra: 0,
                different: 0,
                undecided: 0
            )
        }
        #expect(try await reasons({ _ in }).isEmpty)
        #expect(try await reasons({ _ in }, filter: "v > 1").isEmpty)
        #expect(try await reasons { try $0.save(history(-60)) }.first?.contains("older than the copy") == true)
        #expect(
            try await reasons { try $0.save(history(-3_600, state: .running)) }.first?.contains("interrupted") == true
        )
        #expect(
            try await reasons { try $0.save(history(-3_600, filter: "v = 1")) }.first?.contains("only a part") == true
        )
        // What could not be copied has been mended since: the comparison says so.
        #expect(try await reasons { try $0.save(history(-3_600, failed: 2)) }.isEmpty)
        #expect(
            try await reasons { try $0.save(verification(-60, verdict: "DIFFERENT")) }.first?.contains("DIFFERENT")
                == true
        )
        #expect(
            try await reasons { try $0.save(verification(-60, verdict: "EQUAL_IN_SAMPLE")) }.first?
                .contains("EQUAL_IN_SAMPLE") == true
        )
        #expect(
            try await reasons { try $0.save(verification(-60, filter: "v = 1")) }.first?.contains("a part only") == true
        )
    }

    @Test("A comparison of the day before yesterday is too old")
    func age() throws {
        var status = MappingStatus(
            pair: LiveAWS.pair,
            region: try #require(Region("us-east-1")),
            live: LiveStatus(
                eventSource: .unknown(""),
                lag: .value(0),
                errors: .value(0),
                failures: .value(0)
            )
        )
        status.history = HistoryProgress(state: .finished, mode: "merge", filter: nil, done: 1, failed: 0)
        for (hours, isSafe) in [(23.0, true), (25, false)] {
            let date = Self.now.addingTimeInterval(-hours * 3_600)
            status.verification = VerificationRecord(
                LiveAWS.pair,
                TableVerificationResult(),
                filter: nil,
                startDate: date,
                endDate: date
            )
            let reasons = CutoverLimits().reasons(against: status, now: Self.now).filter { $0.contains("ago") }
            #expect(reasons.isEmpty == isSafe, "\(reasons)")
        }
    }
}
