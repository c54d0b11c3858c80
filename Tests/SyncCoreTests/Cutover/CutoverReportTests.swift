import AWSCore
import Testing

@testable import SyncCore

@Suite("A report of a cut-over")
struct CutoverReportTests {
    private static func verification(
        _ verdict: String = "EQUAL",
        of pair: SyncPair = LiveAWS.pair,
        filter: String? = nil
    ) -> VerificationRecord {
        VerificationRecord(
            pair,
            verdict: verdict,
            filter: filter,
            startDate: LiveAWS.noon,
            endDate: LiveAWS.noon,
            equal: 1,
            missing: 0,
            extra: 0,
            different: 0,
            undecided: 0
        )
    }

    private static func step(_ name: String, _ result: CutoverReport.Result = .passed) -> CutoverReport.Step {
        CutoverReport.Step(name: name, result: result, startDate: LiveAWS.noon, endDate: LiveAWS.noon, details: [])
    }

    /// Of a run through all steps.
    private static func report(filter: String? = nil) throws -> CutoverReport {
        var report = CutoverReport(
            signer: .init(user: "u", host: "h", identity: "i"),
            startDate: LiveAWS.noon,
            configurationHash: "00",
            configuration: try LiveAWS().clients([.table, .bucket], filter: filter).configuration
        )
        report.steps = [step("Deployment"), step("Canaries", .skipped), step(CutoverRun.lastStep)]
        report.verifications = [verification(filter: filter), verification(of: LiveAWS.bucketPair)]
        return report
    }

    @Test("says that it is safe when all was done and found right")
    func safe() throws {
        #expect(try Self.report().isSafe && Self.report(filter: "v > 1").isSafe)
    }

    /// What is missing, or was not right.
    struct Want: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout CutoverReport) -> Void

        init(_ description: String, _ change: @escaping @Sendable (inout CutoverReport) -> Void) {
            testDescription = description
            self.change = change
        }
    }

    private static let wants = [
        Want("no step") { $0.steps = [] },
        Want("a failed step") { $0.steps[1].result = .failed },
        Want("the last step was not reached") { $0.steps.removeLast() },
        Want("no comparison") { $0.verifications = [] },
        Want("a comparison is missing") { $0.verifications.removeLast() },
        Want("differences") { $0.verifications[0] = verification("DIFFERENT") },
        Want("a sample") { $0.verifications[0] = verification("EQUAL_IN_SAMPLE") },
        Want("a part") { $0.verifications[0] = verification(filter: "v = 1") },
        Want("another pair") { $0.verifications[1] = verification(of: SyncPair(places: "s3://a/", "s3://b/")) },
    ]

    @Test("says that it is not safe when anything is missing, or was not right", arguments: wants)
    func unsafe(want: Want) throws {
        var report = try Self.report()
        want.change(&report)
        #expect(!report.isSafe)
        #expect(report.json["result"] == "NOT SAFE")
    }
}
