import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

@Suite("A copy that may not be what was copied")
struct BucketSyncDoubtTests {
    /// An object that S3 has neither a checksum nor an MD5 of.
    private static func putUnknown(_ fake: FakeS3, _ bucket: String, _ byte: UInt8) {
        fake.put(bucket, "key", Array(repeating: byte, count: 2000), parts: [500, 500, 500, 500]) {
            $0.checksums = [:]
            $0.encryption = "aws:kms"
        }
    }

    @Test(
        "is looked at again when somebody else has written to the target before it could be checked",
        arguments: [(false, false), (false, true), (true, true)]
    )
    func targetOfSomebodyElse(streams: Bool, isInParts: Bool) async throws {
        let heads = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "HeadObject", call.bucket == "target", heads.next() == 1 else { return nil }
            // Nothing that S3 knows of it tells that it is another.
            return .first { Self.putUnknown($0, "target", 9) }
        }
        if isInParts { harness.copiesInParts() }
        harness.options.streams = streams
        harness.options.comparison = .checksum
        Self.putUnknown(harness.fake, "source", 1)
        let report = try await harness.run()
        #expect(report.conflicts == 1)
        #expect(report.transferredObjects == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 1, count: 2000))
    }

    @Test("is made anew when the source has another object by the time that both are compared")
    func sourceOfSomebodyElse() async throws {
        let heads = CallCounter()
        let harness = BucketSyncHarness { call, _ in
            guard call.operation == "HeadObject", call.bucket == "source", heads.next() == 1 else { return nil }
            return .first { Self.putUnknown($0, "source", 2) }
        }
        Self.putUnknown(harness.fake, "source", 1)
        let report = try await harness.run()
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 2, count: 2000))
    }

    @Test("is known to be made when only the answer got lost that completed it", arguments: [false, true])
    func lostCompletion(streams: Bool) async throws {
        let completions = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            call.operation == "CompleteMultipartUpload" && completions.next() == 1 ? .lostAnswer : nil
        }
        harness.copiesInParts()
        harness.options.streams = streams
        let bytes = Array(repeating: UInt8(1), count: 2000)
        harness.fake.put("source", "key", bytes)
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.transferredObjects == 1)
        #expect(report.conflicts == 0)
        #expect(harness.fake.object("target", "key")?.bytes == bytes)
        #expect(harness.fake.current.calls["CreateMultipartUpload"] == 1)
    }

    @Test("is not taken for made when its upload is gone and another object stands in its place")
    func lostUpload() async throws {
        let completions = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "CompleteMultipartUpload", completions.next() == 1 else { return nil }
            return .first { fake in
                fake.update { $0.uploads = [:] }
                fake.put("target", "key", Array(repeating: 9, count: 2000))
            }
        }
        harness.copiesInParts()
        harness.fake.put("source", "key", Array(repeating: 1, count: 2000))
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 1, count: 2000))
        #expect(harness.fake.current.calls["CreateMultipartUpload"] == 2)
    }

    @Test(
        "of a version that came after the listing is not begun",
        arguments: [(true, false), (true, true), (false, true)]
    )
    func newerThanListed(streams: Bool, isInParts: Bool) async throws {
        let gets = CallCounter()
        let size = isInParts ? 2000 : 20
        var harness = BucketSyncHarness { call, _ in
            let isFirst = call.bucket == "source" && ["GetObject", "HeadObject"].contains(call.operation)
            guard isFirst, gets.next() == 1 else { return nil }
            return .first { $0.put("source", "key", Array(repeating: 2, count: size)) }
        }
        harness.copiesInParts()
        harness.options.streams = streams
        harness.fake.put("source", "key", Array(repeating: 1, count: size))
        let report = try await harness.run()
        #expect(report.conflicts == 1)
        #expect(report.transferredObjects == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 2, count: size))
        #expect(harness.fake.current.calls["CreateMultipartUpload"] == (isInParts ? 1 : nil))
    }

    @Test("is not taken for another's doing when S3 does not find what stands at both sides")
    func notFound() async throws {
        let harness = BucketSyncHarness { call, _ in
            call.operation == "CopyObject" ? .error("NoSuchKey", status: 404) : nil
        }
        harness.fake.put("source", "key", [1, 2])
        harness.fake.put("target", "key", [1])
        let report = try await harness.run()
        #expect(report.failures.map(\.code) == ["NoSuchKey"])
        #expect(report.conflicts == 0 && report.vanished == 0)
        #expect(harness.fake.object("target", "key")?.bytes == [1])
    }

    @Test("is made when the source has another size by the second look, even if only sizes are compared")
    func otherSizeMeanwhile() async throws {
        let copies = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "CopyObject", copies.next() == 1 else { return nil }
            return .first { $0.put("source", "key", [1, 2, 3]) }
        }
        harness.options.comparison = .size
        harness.fake.put("source", "key", [1, 2])
        harness.fake.put("target", "key", [1])
        let report = try await harness.run()
        #expect(report.conflicts == 1 && report.foundEqual == 0 && report.transferredObjects == 1)
        harness.expectEqual()
    }

    /// A listing as it is where S3 tells no ETags.
    private static let withoutETags = FakeS3.Fault.replacedBody { body in
        var text = String(decoding: body, as: UTF8.self)
        while let start = text.firstRange(of: "<ETag>"), let end = text.firstRange(of: "</ETag>") {
            text.removeSubrange(start.lowerBound..<end.upperBound)
        }
        return Array(text.utf8)
    }

    @Test("is made where the listings tell no ETags that could be compared")
    func listedWithoutETags() async throws {
        var harness = BucketSyncHarness { call, _ in
            call.operation == "ListObjectsV2" ? Self.withoutETags : nil
        }
        harness.options.comparison = .etag
        harness.fake.put("source", "key", [1, 2])
        harness.fake.put("target", "key", [3, 4])
        harness.fake.put("source", "same", [1, 2])
        harness.fake.put("target", "same", [1, 2])
        harness.fake.put("source", "new", [5])
        let report = try await harness.run()
        // Each is looked at first, so that no write goes without a condition.
        #expect(report.transferredObjects == 2 && report.foundEqual == 1 && report.conflicts == 0)
        harness.expectEqual()
    }

    @Test("is not written over what somebody else wrote since it was listed, where the listing tells no ETag")
    func targetListedWithoutETags() async throws {
        let copies = CallCounter()
        let harness = BucketSyncHarness { call, _ in
            switch (call.operation, call.bucket) {
            case ("ListObjectsV2", "target"): Self.withoutETags
            case ("CopyObject", _) where copies.next() == 1: .first { $0.put("target", "key", [1, 2]) }
            default: nil
            }
        }
        harness.fake.put("target", "key", [0])
        harness.fake.put("source", "key", [1, 2])
        let report = try await harness.run()
        #expect(report.conflicts == 1 && report.foundEqual == 1 && report.transferredObjects == 0)
        harness.expectEqual()
    }

    @Test("is tried for longer than one call lasts, and given up at last", arguments: [10, .max])
    func tries(failures: Int) async throws {
        let calls = CallCounter()
        let harness = BucketSyncHarness { call, _ in
            guard call.operation == "CopyObject", calls.next() <= failures else { return nil }
            return .error("InternalError", status: 500)
        }
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(report.failures.map(\.code) == (failures == .max ? ["InternalError"] : []))
        #expect(harness.fake.keys("target") == (failures == .max ? [] : ["key"]))
    }

    @Test("is made anew when less came than S3 says that there is")
    func shortBody() async throws {
        let gets = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "GetObject", gets.next() == 1 else { return nil }
            return .replacedBody { $0.dropLast() }
        }
        harness.options.streams = true
        Self.putUnknown(harness.fake, "source", 1)
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 1, count: 2000))
    }

    @Test("is begun again when the connection breaks within an object, and given up at last", arguments: [3, .max])
    func brokenStream(breaks: Int) async throws {
        for isInParts in [false, true] {
            let calls = CallCounter()
            var harness = BucketSyncHarness { call, _ in
                call.operation == "GetObject" && calls.next() <= breaks ? .cutBody(0) : nil
            }
            harness.copiesInParts()
            harness.options.streams = true
            let bytes = Array(repeating: UInt8(1), count: isInParts ? 2000 : 500)
            harness.fake.put("source", "key", bytes)
            let report = try await harness.run()
            let code = isInParts ? "ConnectionLost" : "InterruptedStream"
            #expect(report.failures.map(\.code) == (breaks == .max ? [code] : []))
            #expect(harness.fake.object("target", "key")?.bytes == (breaks == .max ? nil : bytes))
            #expect(harness.fake.current.uploads.isEmpty)
        }
    }

    @Test("is not taken for made when only an older object stands in its place")
    func olderTarget() async throws {
        let copies = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "UploadPartCopy", copies.next() == 1 else { return nil }
            return .first { Self.putUnknown($0, "source", 2) }
        }
        harness.copiesInParts()
        Self.putUnknown(harness.fake, "target", 9)
        Self.putUnknown(harness.fake, "source", 1)
        let report = try await harness.run()
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 2, count: 2000))
    }

    @Test("is put together with all by which S3 can tell that it is the whole", arguments: [false, true])
    func completion(streams: Bool) async throws {
        let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        let headers = Mutex<HTTPHeaders?>(nil)
        var harness = BucketSyncHarness { call, _ in
            if call.operation == "CompleteMultipartUpload" { headers.withLock { $0 = call.headers } }
            return nil
        }
        harness.copiesInParts()
        harness.options.streams = streams
        harness.fake.put("source", "key", bytes)
        _ = try await harness.run()
        let sent = try #require(headers.withLock { $0 })
        #expect(sent["x-amz-checksum-crc64nvme"] == ChecksumAlgorithm.crc64nvme.headerValue(bytes))
        #expect(sent["x-amz-checksum-type"] == "FULL_OBJECT")
        #expect(sent["x-amz-mp-object-size"] == "2000")
        #expect(sent["If-None-Match"] == "*")
    }

    @Test("is none without metadata that only S3 itself can read", arguments: [false, true])
    func unreadableMetadata(streams: Bool) async throws {
        var harness = BucketSyncHarness()
        harness.options.streams = streams
        harness.fake.put("source", "key", [1]) { $0.content["x-amz-missing-meta"] = "2" }
        let report = try await harness.run()
        #expect(report.failures.map(\.code) == (streams ? ["UnreadableMetadata"] : []))
        #expect(harness.fake.keys("target") == (streams ? [] : ["key"]))
    }

    @Test("is none of the folder that is synced itself")
    func rootMarker() async throws {
        var harness = BucketSyncHarness()
        harness.prefixes = ("p/", "")
        harness.fake.put("source", "p/", [])
        harness.fake.put("source", "p/key", [1])
        let report = try await harness.run()
        #expect(report.folderMarkers == 1)
        #expect(report.failures == [])
        #expect(harness.fake.keys("target") == ["key"])
    }

    @Test("is not tried of every object when it seems that none can be made")
    func hopeless() async throws {
        let harness = BucketSyncHarness { call, _ in
            call.operation == "CopyObject" ? .error("AccessDenied", status: 403) : nil
        }
        for number in 0..<300 { harness.fake.put("source", "\(number)", [1]) }
        await #expect(throws: TooManyFailuresError.self) { try await harness.run() }
        #expect((harness.fake.current.calls["CopyObject"] ?? 0) < 300)
    }
}
