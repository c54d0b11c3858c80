import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Live sync of buckets")
struct LiveBucketSyncTests {
    private struct Live {
        let fake: FakeS3
        let clock = ManualClock()
        var mappings: [(source: String, target: String)] = [("s3://source", "s3://target")]
        var options = LiveBucketSync.options
        var waitUntil: @Sendable (Date) async throws -> Void = { _ in try await Gate().pass() }

        init(fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }) {
            fake = FakeS3(fault: fault)
            for bucket in ["source", "target", "other"] { fake.createBucket(bucket) }
        }

        func apply(_ json: JSONValue, seconds: Double = 100) async throws -> LiveBucketSync.Result {
            let region = try #require(Region("us-east-1"))
            let configuration = SyncConfiguration(
                buckets: try mappings.map { source, target in
                    BucketMapping(
                        source: try Self.place(source),
                        sourceRegion: region,
                        target: try Self.place(target),
                        targetRegion: region
                    )
                }
            )
            let sync = LiveBucketSync(
                configuration,
                connections: BucketConnections(configuration, own: fake.client(maximumAttempts: 1)) {
                    fake.client(accessKeyID: $0)
                },
                environment: AWSClient.Environment(
                    now: { [clock] in clock.now },
                    sleep: { [clock] in try await clock.sleep(for: $0) },
                    random: { 0.5 }
                ),
                options: options,
                waitUntil: waitUntil
            )
            return await sync.apply(try BucketEvents.event(json), deadline: clock.now.addingTimeInterval(seconds))
        }

        private static func place(_ text: String) throws -> BucketPrefix {
            guard case .bucket(let bucket, let prefix) = try SyncLocation(parsing: text) else {
                throw CancellationError()
            }
            return BucketPrefix(bucket: bucket, prefix: prefix)
        }
    }

    private static func message(_ keys: String..., bucket: String = "source", name: String = "ObjectCreated:Put")
        -> String
    {
        BucketEvents.records(keys.map { BucketEvents.s3($0, bucket: bucket, name: name) }).text()
    }

    @Test("settles each object once, however many events name it, and counts all of them")
    func coalesced() async throws {
        let live = Live()
        live.fake.put("source", "a", [1])
        live.fake.put("source", "e\u{301}", [2])
        live.fake.put("source", "\u{E9}", [3])
        live.fake.put("target", "gone", [4])
        let result = try await live.apply(
            BucketEvents.queue([
                Self.message("a", "gone", name: "ObjectRemoved:Delete"), Self.message("a", "e\u{301}", "\u{E9}"),
                Self.message("a", "never"),
            ])
        )
        #expect(result.failedMessages == [] && result.errors == [] && result.didAnything && !result.mustComeAgain)
        let figures = try #require(result.figures.first)
        #expect(figures.events == 7 && figures.copied == 3 && figures.copiedBytes == 3)
        #expect(figures.deleted == 1 && figures.unchanged == 1 && figures.failed == 0)
        #expect(live.fake.keys("target") == ["a", "e\u{301}", "\u{E9}"])
        #expect(live.fake.object("target", "\u{E9}")?.bytes == [3])
        let lag = try #require(figures.lagMilliseconds)
        #expect(lag == max(0, live.clock.now.timeIntervalSince1970 - 1_795_255_200) * 1_000)
        let again = try await live.apply(BucketEvents.queue([Self.message("a", "gone")]))
        #expect(again.figures.first?.unchanged == 2 && again.figures.first?.copied == 0)
    }

    @Test("deletes nothing because an event says so, and copies nothing either (H5)")
    func hints() async throws {
        let live = Live()
        for bucket in ["source", "target"] { live.fake.put(bucket, "a", [1]) }
        live.fake.put("target", "gone", [1])
        // One version of several was deleted, or a delete marker; and a late event of an object that is gone.
        for name in ["ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated"] {
            let result = try await live.apply(BucketEvents.queue([Self.message("a", name: name)]))
            #expect(result.failedMessages == [] && result.figures.first?.unchanged == 1)
        }
        _ = try await live.apply(BucketEvents.queue([Self.message("gone", name: "ObjectCreated:Put")]))
        #expect(live.fake.keys("target") == ["a"])
    }

    @Test("brings an object to all mappings of its prefix, and passes over those of none")
    func mappings() async throws {
        var live = Live()
        live.mappings = [
            ("s3://source/logs", "s3://target/old/logs"), ("s3://source/logs/2026", "s3://other"),
            ("s3://other/x", "s3://target/x"),
        ]
        for key in ["logs/2026/a", "logs/b", "logs2/c", "logs"] { live.fake.put("source", key, [1]) }
        let result = try await live.apply(
            BucketEvents.queue([Self.message("logs/2026/a", "logs/b", "logs2/c", "logs")])
        )
        #expect(live.fake.keys("target") == ["old/logs/2026/a", "old/logs/b"] && live.fake.keys("other") == ["a"])
        #expect(result.figures.map(\.events) == [2, 1] && result.ignoredCount == 2 && result.failedMessages == [])
    }

    @Test("lets a message fail that it cannot work on, and no other (unmapped buckets, refusals, nonsense)")
    func failures() async throws {
        let live = Live { call, _ in
            call.operation == "CopyObject" && call.key == "refused" ? .error("AccessDenied", status: 403) : nil
        }
        for key in ["a", "refused", "b"] { live.fake.put("source", key, [1]) }
        let result = try await live.apply(
            BucketEvents.queue([
                Self.message("a"), Self.message("x", bucket: "nobody's"), Self.message("refused", "b"), "nonsense",
            ])
        )
        #expect(result.failedMessages == ["m1", "m2", "m3"] && result.didAnything)
        #expect(live.fake.keys("target") == ["a", "b"])
        #expect(result.errors.count == 3)
        let text = result.errors.joined(separator: "\n")
        #expect(text.contains("no mapping names the bucket s3://nobody's"))
        #expect(text.contains("s3://source/refused was not brought to s3://target/: S3 CopyObject"))
        #expect(text.contains("AccessDenied") && text.contains("request FAKE403"))
        #expect(text.contains("the event is not one of S3"))
        #expect(result.figures.first?.failed == 1)
    }

    @Test("lets every message come again that names an object that failed, and an object that ran out of time")
    func sharedFailures() async throws {
        for status in [403, 503] {
            let live = Live { call, _ in
                call.key == "bad" ? .error(status == 403 ? "AccessDenied" : "SlowDown", status: status) : nil
            }
            for key in ["a", "bad"] { live.fake.put("source", key, [1]) }
            let result = try await live.apply(
                BucketEvents.queue([Self.message("bad"), Self.message("a"), Self.message("a", "bad")]),
                seconds: 2
            )
            #expect(result.failedMessages == ["m0", "m2"] && live.fake.keys("target") == ["a"])
        }
    }

    @Test("fails as a whole where there is no queue to bring one event again")
    func direct() async throws {
        let live = Live { call, _ in call.key == "bad" ? .error("AccessDenied", status: 403) : nil }
        live.fake.put("source", "a", [1])
        live.fake.put("source", "bad", [1])
        let event = BucketEvents.records([BucketEvents.s3("a"), BucketEvents.s3("bad")])
        let result = try await live.apply(event)
        #expect(result.mustComeAgain && result.failedMessages == [] && live.fake.keys("target") == ["a"])
        #expect(try await live.apply(BucketEvents.eventBridge("a")).mustComeAgain == false)
    }

    @Test("waits while the service has no capacity, and goes on")
    func throttled() async throws {
        let calls = Mutex(0)
        let live = Live { _, _ in
            let number = calls.withLock { calls in
                calls += 1
                return calls
            }
            return number <= 4 ? .error("SlowDown", status: 503) : nil
        }
        live.fake.put("source", "a", [1])
        let result = try await live.apply(BucketEvents.queue([Self.message("a")]))
        #expect(result.failedMessages == [] && live.fake.keys("target") == ["a"])
    }

    @Test("gives messages back that the time does not suffice for")
    func deadline() async throws {
        let live = Live { call, _ in call.key.hasPrefix("slow") ? .error("SlowDown", status: 503) : nil }
        for key in ["a", "slow"] { live.fake.put("source", key, [1]) }
        let result = try await live.apply(
            BucketEvents.queue([Self.message("a"), Self.message("slow")]),
            seconds: 2
        )
        #expect(result.failedMessages == ["m1"] && result.unfinishedCount == 1 && result.errors == [])
        #expect(live.fake.keys("target") == ["a"])
        // Nothing is begun any more when there is no time at all.
        let late = try await live.apply(BucketEvents.queue([Self.message("a")]), seconds: 0)
        #expect(late.failedMessages == ["m0"] && late.figures.first?.failed == 1)
    }

    @Test("cuts off calls that do not come back before the deadline")
    func cutOff() async throws {
        let hangs = Gate()
        var live = Live { call, _ in
            guard call.key == "slow" else { return nil }
            hangs.open()
            return .hangs
        }
        live.waitUntil = { _ in try await hangs.pass() }
        live.fake.put("source", "slow", [1])
        let result = try await live.apply(BucketEvents.queue([Self.message("slow")]))
        #expect(result.failedMessages == ["m0"] && result.unfinishedCount == 1 && result.errors == [])
    }

    @Test("cuts off a copy in parts that does not fit into the time, and leaves none of its parts behind")
    func cutOffUpload() async throws {
        let hangs = Gate()
        var live = Live { call, _ in
            guard call.operation == "UploadPartCopy", call.query["partNumber"] == "3" else { return nil }
            hangs.open()
            return .hangs
        }
        live.options.multipartCopyThreshold = 20
        live.options.copyPartSize = 10
        live.waitUntil = { _ in try await hangs.pass() }
        live.fake.put("source", "large", Array(repeating: 1, count: 60))
        let result = try await live.apply(BucketEvents.queue([Self.message("large")]))
        #expect(result.failedMessages == ["m0"] && result.cutOff == ["s3://source/large"])
        #expect(live.fake.current.uploads.isEmpty && live.fake.current.calls["AbortMultipartUpload"] == 1)
        #expect(live.fake.keys("target") == [])
    }
}
