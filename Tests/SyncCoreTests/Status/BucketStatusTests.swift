import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("How live sync of buckets stands")
struct BucketStatusTests {
    private func status(_ change: (inout LiveAWS.State) -> Void = { _ in }) async throws -> MappingStatus {
        let state = TemporaryState()
        try state.noteEqual(LiveAWS.noon.addingTimeInterval(-600), of: LiveAWS.bucketPair)
        let live = LiveAWS()
        live.state.withLock { change(&$0) }
        let status = await SyncStatus.read(try live.clients([.bucket]), records: state.records) { LiveAWS.noon }
        #expect(status.mappings.count == 1)
        return try #require(status.mappings.first)
    }

    private static func message(hidden: Bool = false) -> LiveAWS.Message {
        LiveAWS.Message(id: "m", body: "", sent: LiveAWS.noon, isHidden: hidden)
    }

    @Test("Cutting over is safe when nothing speaks against it; without events there is no lag")
    func safe() async throws {
        let mapping = try await status()
        #expect(mapping.isSafe, "\(mapping.reasons)")
        #expect(mapping.live.waiting?.value == 0 && mapping.live.lag.value == 0 && mapping.live.isIdle)
        #expect(mapping.live.eventSource.value?.uuid == "b" && mapping.live.faults.isEmpty)
    }

    @Test("Events that wait are counted, those that are worked on too, and the oldest one's age is the lag")
    func waiting() async throws {
        let mapping = try await status { state in
            state.queues["Sync-bucket-events"] = [Self.message(), Self.message(hidden: true)]
            state.metrics = ["ApproximateAgeOfOldestMessage": [30]]
        }
        #expect(mapping.live.waiting?.value == 2 && mapping.live.lag.value == 30 && mapping.isSafe)
        let late = try await status { state in
            state.queues["Sync-bucket-events"] = [Self.message()]
            state.metrics = ["ApproximateAgeOfOldestMessage": [600]]
        }
        #expect(late.reasons.contains { $0.contains("live sync is 10 minutes behind") }, "\(late.reasons)")
        // S3's events have no stream that drops them.
        #expect(late.live.gaps.isEmpty && !late.reasons.contains { $0.contains("24 hours") })
        let unknown = try await status { $0.queues["Sync-bucket-events"] = [Self.message()] }
        #expect(unknown.reasons.contains { $0.contains("the lag is not known") }, "\(unknown.reasons)")
    }

    @Test("A bucket that does not exist is named where events wait or have failed, with the command that makes it")
    func missingTarget() async throws {
        let creation = "--create --target-region us-east-1 "
        for (queue, isMissing) in [("Sync-bucket-events", true), ("Sync-bucket-failures", true), ("none", false)] {
            let state = TemporaryState()
            let live = LiveAWS(s3Fault: { call, _ in
                call.operation == "HeadBucket" && call.bucket == "new" ? .error("NotFound", status: 404) : nil
            })
            live.state.withLock { $0.queues[queue] = [Self.message()] }
            let status = await SyncStatus.read(try live.clients([.bucket]), records: state.records) { LiveAWS.noon }
            let reasons = status.mappings.flatMap(\.reasons)
            #expect(reasons.contains { $0.contains("the bucket new does not exist") } == isMissing, "\(reasons)")
            let command = "run sync bucket s3://old/kept/ s3://new/ \(isMissing ? creation : "")--mode merge"
            #expect(reasons.count { $0.hasSuffix(command) } == (isMissing ? 2 : 1), "\(reasons)")
        }
        let there = try await status { $0.queues["Sync-bucket-events"] = [Self.message()] }
        #expect(!there.reasons.contains { $0.contains("does not exist") }, "\(there.reasons)")
    }

    private static let allFaults = [
        LiveFault(testDescription: "not deployed", reason: "there is no function Sync-buckets") { $0.functions = [] },
        LiveFault(testDescription: "no notification", reason: "s3://old does not notify the queue Sync-bucket-events") {
            $0.notifiedEvents = nil
        },
        LiveFault(testDescription: "half a notification", reason: "does not notify of s3:ObjectRemoved:*") {
            $0.notifiedEvents = ["s3:ObjectCreated:*"]
        },
        LiveFault(testDescription: "disabled", reason: "is Disabled") { $0.bucketEventSource["State"] = "Disabled" },
        LiveFault(testDescription: "another queue", reason: "no event source mapping leads from the queue") {
            $0.bucketEventSource["EventSourceArn"] = "arn:aws:sqs:us-east-1:123456789012:Other"
        },
        LiveFault(testDescription: "losing failures", reason: "lacks ReportBatchItemFailures") {
            $0.bucketEventSource["FunctionResponseTypes"] = []
        },
        LiveFault(testDescription: "failed events", reason: "1 message about failed changes waits in the queue") {
            $0.queues["Sync-bucket-failures"] = [message()]
        },
        LiveFault(testDescription: "no queue of failures", reason: "whether changes have failed is not known") {
            $0.queues["Sync-bucket-failures"] = nil
        },
        LiveFault(testDescription: "no queue of events", reason: "whether events wait is not known") {
            $0.queues["Sync-bucket-events"] = nil
        },
    ]

    @Test("Each fault is a reason against it", arguments: allFaults)
    func faults(fault: LiveFault) async throws {
        let reasons = try await status(fault.change).reasons
        #expect(reasons.contains { $0.contains(fault.reason) }, "\(reasons)")
    }
}
