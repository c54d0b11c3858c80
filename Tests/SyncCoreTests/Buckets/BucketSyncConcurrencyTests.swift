import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

@Suite("A sync while others write")
struct BucketSyncConcurrencyTests {
    /// Does something once, before the first call of an operation.
    private static func once(
        before operation: String,
        _ action: @escaping @Sendable (FakeS3) -> Void
    ) -> @Sendable (FakeS3Call, Int) -> FakeS3.Fault? {
        let isDone = Mutex(false)
        return { call, _ in
            guard call.operation == operation else { return nil }
            return isDone.withLock { isDone in
                if isDone { return nil }
                isDone = true
                return .first(action)
            }
        }
    }

    @Test(
        "writes nothing over an object that somebody else put there meanwhile (H9)",
        arguments: [(false, false), (true, false), (true, true)]
    )
    func absentNoMore(streams: Bool, isLarge: Bool) async throws {
        let isChecked = Mutex(false)
        var harness = BucketSyncHarness(
            fault: Self.once(before: streams ? "PutObject" : "CopyObject") { fake in
                // Live sync was faster, with a newer version.
                fake.put("source", "key", [2])
                fake.put("target", "key", [2])
                isChecked.withLock { $0 = true }
            }
        )
        harness.options.streams = streams
        if isLarge { harness.options.streamPartThreshold = 1 }
        // A large one without a checksum goes as one stream.
        harness.fake.put("source", "key", [1]) { $0.checksums = [:] }
        let report = try await harness.run()
        #expect(isChecked.withLock { $0 })
        #expect(harness.fake.object("target", "key")?.bytes == [2])
        #expect(report.conflicts == 1)
        #expect(report.foundEqual == 1)
        #expect(report.transferredObjects == 0)
    }

    @Test("writes nothing over an object that changed since it was compared", arguments: [1, 2000])
    func changedTarget(size: Int) async throws {
        var harness = BucketSyncHarness(
            fault: Self.once(before: size == 1 ? "CopyObject" : "CompleteMultipartUpload") { fake in
                fake.put("target", "key", Array(repeating: 2, count: size))
                fake.put("source", "key", Array(repeating: 2, count: size))
            }
        )
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.fake.put("source", "key", Array(repeating: 1, count: size))
        harness.fake.put("target", "key", [0, 0, 0])
        let report = try await harness.run()
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 2, count: size))
        #expect(harness.fake.current.uploads.isEmpty)
    }

    @Test(
        "copies one version of an object, however it changes while its parts are read (H8)",
        arguments: [false, true]
    )
    func changedSource(streams: Bool) async throws {
        var harness = BucketSyncHarness(
            fault: Self.once(before: streams ? "UploadPart" : "UploadPartCopy") { fake in
                fake.put("source", "key", Array(repeating: 2, count: 2000))
            }
        )
        harness.options.streams = streams
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.options.streamPartThreshold = 1000
        harness.options.partSize = 500
        harness.options.partsAtOnce = 1
        harness.fake.put("source", "key", Array(repeating: 1, count: 2000))
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.conflicts >= 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 2, count: 2000))
        #expect(harness.fake.current.uploads.isEmpty)
    }

    @Test(
        "copies one version of an object of which S3 has neither a checksum nor an MD5 (H8)",
        arguments: [false, true]
    )
    func changedSourceWithoutChecksum(streams: Bool) async throws {
        let parts = Mutex(0)
        let operation = streams ? "GetObject" : "UploadPartCopy"
        @Sendable func put(_ fake: FakeS3, _ byte: UInt8) {
            fake.put("source", "key", Array(repeating: byte, count: 2000), parts: [500, 500, 500, 500]) {
                $0.checksums = [:]
                $0.encryption = "aws:kms"
            }
        }
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == operation else { return nil }
            let number = parts.withLock { parts in
                parts += 1
                return parts
            }
            // Behind the first part, of which nobody would notice that it is of another version.
            return number == 2 ? .first { put($0, 2) } : nil
        }
        harness.options.streams = streams
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.options.streamPartThreshold = 1000
        harness.options.partSize = 500
        harness.options.partsAtOnce = 1
        put(harness.fake, 1)
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.conflicts >= 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 2, count: 2000))
    }

    @Test(
        "looks again before it replaces what somebody else has put at the target meanwhile",
        arguments: [false, true]
    )
    func targetOfSomebodyElse(streams: Bool) async throws {
        var harness = BucketSyncHarness(
            fault: Self.once(before: streams ? "PutObject" : "CopyObject") { $0.put("target", "key", [2]) }
        )
        harness.options.streams = streams
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == [1])
    }

    @Test(
        "copies anew what S3 has not copied as it is",
        arguments: [[0, 2, 3, 4], [1, 2, 3]],
        [false, true]
    )
    func damagedCopy(bytes: [UInt8], isInParts: Bool) async throws {
        let isDone = Mutex(false)
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "HeadObject", call.bucket == "target",
                isDone.withLock({ done in
                    defer { done = true }
                    return !done
                })
            else { return nil }
            return .first { fake in
                fake.update { state in
                    state.buckets["target"]?.objects[FakeS3Key("key")]?.bytes = bytes
                    state.buckets["target"]?.objects[FakeS3Key("key")]?.checksums = [
                        "CRC64NVME": ChecksumAlgorithm.crc64nvme.headerValue(bytes)
                    ]
                }
            }
        }
        if isInParts { harness.options.multipartCopyThreshold = 2 }
        harness.options.copyPartSize = 2
        // Its ETag is of parts, or of nothing with a KMS key, so that the copy's says nothing.
        harness.fake.put("source", "key", [1, 2, 3, 4], parts: [3, 1]) { $0.encryption = "aws:kms" }
        let report = try await harness.run()
        #expect(isDone.withLock { $0 })
        #expect(report.failures == [])
        #expect(harness.fake.object("target", "key")?.bytes == [1, 2, 3, 4])
    }

    @Test(
        "begins an object anew that S3 says is being written, or has become shorter",
        arguments: [
            ("CompleteMultipartUpload", "ConditionalRequestConflict", 409), ("UploadPartCopy", "InvalidRange", 416),
        ]
    )
    func conflict(operation: String, code: String, status: Int) async throws {
        var harness = BucketSyncHarness { call, _ in
            // However often the same call is made again.
            call.operation == operation && call.query["uploadId"] == "upload-1" ? .error(code, status: status) : nil
        }
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.fake.put("source", "key", Array(repeating: 1, count: 2000))
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 1, count: 2000))
        #expect(harness.fake.current.uploads.isEmpty)
    }

    @Test("gives up on an object that never rests, and says so")
    func restless() async throws {
        let harness = BucketSyncHarness { call, number in
            call.operation == "CopyObject" ? .first { $0.put("source", "key", Array("\(number)".utf8)) } : nil
        }
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.failures.map(\.code) == ["ObjectKeepsChanging"])
    }

    @Test("takes back what the source lost while it was copied (H10)")
    func deletedAtSource() async throws {
        // Live sync applied the deletion before history wrote.
        let deleting = Self.once(before: "HeadObject") { $0.delete("source", "key") }
        var harness = BucketSyncHarness(fault: deleting)
        harness.options.mergesWithLiveSync = true
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.takenBack == 1)
        #expect(harness.fake.keys("target") == [])
    }

    @Test("does not take back what live sync has written since")
    func liveWroteSince() async throws {
        let deleting = Self.once(before: "HeadObject") { fake in
            fake.delete("source", "key")
            fake.put("target", "key", [2])
        }
        var harness = BucketSyncHarness(fault: deleting)
        harness.options.mergesWithLiveSync = true
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.takenBack == 0)
        #expect(harness.fake.object("target", "key")?.bytes == [2])
    }

    @Test("copies anew when the source has the object again behind the taking back")
    func backAgain() async throws {
        let gone = Self.once(before: "HeadObject") { $0.delete("source", "key") }
        let back = Self.once(before: "DeleteObject") { $0.put("source", "key", [1]) }
        var harness = BucketSyncHarness { call, number in gone(call, number) ?? back(call, number) }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.takenBack == 0)
        #expect(harness.fake.object("target", "key")?.bytes == [1])
    }

    @Test("copies anew when the source has changed back while S3 replaced what the target had of it (H9)")
    func changedBack() async throws {
        // Live sync found both sides equal, and history's condition held all the time.
        let isDone = Mutex(false)
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "CopyObject", !isDone.withLock({ $0 }) else { return nil }
            isDone.withLock { $0 = true }
            return .slow { $0.put("source", "key", [1]) }
        }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("target", "key", [1])
        harness.fake.put("source", "key", [2])
        let report = try await harness.run()
        #expect(report.isComplete && report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == [1])
    }

    @Test(
        "copies anew what got other metadata and tags with the same bytes while S3 replaced it (H9)",
        arguments: [true, false]
    )
    func otherMetadata(isTold: Bool) async throws {
        let isDone = Mutex(false)
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "CopyObject", !isDone.withLock({ $0 }) else { return nil }
            isDone.withLock { $0 = true }
            return .slow { fake in
                for bucket in ["source", "target"] where isTold || bucket == "source" {
                    fake.put(bucket, "key", [1]) { object in
                        object.metadata = ["by": "live"]
                        object.tags = [S3Tag("by", "live")]
                    }
                }
            }
        }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("target", "key", [1])
        harness.fake.put("source", "key", [1]) { $0.metadata = ["by": "history"] }
        let report = try await harness.run()
        #expect(report.isComplete && report.conflicts == 1 && report.transferredObjects == 1)
        #expect(harness.fake.object("target", "key")?.metadata == ["by": "live"])
        #expect(harness.fake.object("target", "key")?.tags == [S3Tag("by", "live")])
    }

    @Test("deletes nothing because the source's bucket is gone", arguments: ["its copy", "live sync's", "older"])
    func lostSource(whose: String) async throws {
        var harness = BucketSyncHarness { call, _ in
            switch "\(call.operation) \(call.bucket)" {
            case "CopyObject target" where whose == "live sync's": .first { $0.put("target", "key", [3]) }
            case "HeadObject target" where whose == "older": .first { $0.put("target", "key", [3]) }
            case "HeadObject source": .first { fake in fake.update { $0.buckets["source"] = nil } }
            default: nil
            }
        }
        harness.options.mergesWithLiveSync = true
        if whose == "older" { harness.fake.put("target", "key", [1, 2]) }
        harness.fake.put("source", "key", [1])
        await #expect(throws: ObjectSettlementError.self) { _ = try await harness.run() }
        #expect(harness.fake.object("target", "key")?.bytes == (whose == "its copy" ? [1] : [3]))
    }

    @Test("leaves no upload behind when somebody else has brought the same object to the target meanwhile")
    func sameObject() async throws {
        let bytes: [UInt8] = [1, 2, 3, 4]
        let gone = Self.once(before: "CompleteMultipartUpload") { $0.delete("target", "key") }
        let isDone = Mutex(false)
        var harness = BucketSyncHarness { call, number in
            if call.operation == "CompleteMultipartUpload" { isDone.withLock { $0 = true } }
            if call.operation == "HeadObject", call.bucket == "target", isDone.withLock({ $0 }) {
                return .first { $0.put("target", "key", bytes) }
            }
            return gone(call, number)
        }
        harness.options.multipartCopyThreshold = 2
        harness.options.copyPartSize = 2
        harness.fake.put("target", "key", [5])
        harness.fake.put("source", "key", bytes, parts: [2, 2])
        let report = try await harness.run()
        #expect(report.isComplete)
        harness.expectEqual()
    }

    @Test("takes back what it wrote without an answer when the source has lost it")
    func lostAnswer() async throws {
        let calls = Mutex(0)
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "CopyObject" else { return nil }
            let number = calls.withLock { calls in
                calls += 1
                return calls
            }
            return number == 1 ? .lostAnswer : .first { $0.delete("source", "key") }
        }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.takenBack == 1)
        #expect(harness.fake.keys("target") == [])
    }

    @Test("takes nothing back that stood at the target before")
    func lostBeforeItsTurn() async throws {
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "CopyObject" else { return nil }
            return .first { $0.delete("source", "key") }
        }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("target", "key", [7, 7])
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.takenBack == 0)
        #expect(report.vanished == 1)
        #expect(harness.fake.object("target", "key")?.bytes == [7, 7])
    }

    @Test("copies anew when the source has the object again behind the taking back of a lost answer's")
    func lostAnswerBackAgain() async throws {
        let calls = Mutex(0)
        let back = Self.once(before: "DeleteObject") { $0.put("source", "key", [2]) }
        var harness = BucketSyncHarness { call, number in
            guard call.operation == "CopyObject" else { return back(call, number) }
            let number = calls.withLock { calls in
                calls += 1
                return calls
            }
            return number == 1 ? .lostAnswer : number == 2 ? .first { $0.delete("source", "key") } : nil
        }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.takenBack == 0)
        #expect(report.transferredObjects == 1)
        #expect(harness.fake.object("target", "key")?.bytes == [2])
    }

    @Test("counts an object that is gone when it is its turn")
    func vanished() async throws {
        let harness = BucketSyncHarness(fault: Self.once(before: "CopyObject") { $0.delete("source", "key") })
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.vanished == 1)
        #expect(report.isComplete)
    }
}
