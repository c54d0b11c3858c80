import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("Bytes that are compared with what S3 has computed of them")
struct ContentCheckTests {
    private static let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    @Test("must be as many as the object has, where nothing else is known", arguments: [-1, 0, 1])
    func count(more: Int) throws {
        let head = try #require(
            S3ObjectHead(headers: [
                "Content-Length": "\(Self.bytes.count + more)", "ETag": "\"e\"",
                "x-amz-server-side-encryption": "aws:kms",
            ])
        )
        let check = ContentCheck(of: head)
        #expect(!check.comparesBytes)
        if more == 0 {
            #expect(try ContentCheck.check(Self.bytes, against: head) == nil)
        } else {
            #expect(throws: DamagedCopyError.self) { try ContentCheck.check(Self.bytes, against: head) }
        }
    }

    @Test("are not all given out when they are not the object's, so that no request with them is ever complete")
    func lastBytes() async throws {
        let fake = FakeS3 { call, _ in
            call.operation == "GetObject" ? .replacedBody { $0.dropLast() + [0xFF] } : nil
        }
        fake.createBucket("source")
        fake.put("source", "key", Self.bytes) { $0.checksums = [:] }
        let s3 = try fake.s3()
        let head = try await s3.headObject(HeadObjectRequest(bucket: "source", key: "key", includesChecksums: true))
        let stream = ObjectBytes.stream(
            GetObjectRequest(bucket: "source", key: "key"),
            of: s3,
            count: head.size,
            check: ContentCheck(of: head)
        )
        let next = stream.makeChunks()
        var count = 0
        await #expect(throws: DamagedCopyError.self) {
            while count < head.size, let bytes = try await next() { count += bytes.count }
        }
        #expect(count < head.size)
    }

    @Test("are cut as one version of the object is, and not as the next")
    func partSizes() async throws {
        let fake = FakeS3()
        fake.createBucket("source")
        fake.put("source", "key", [1, 2, 3, 4, 5, 6], parts: [3, 1, 2])
        let side = BucketSide(s3: try fake.s3(), bucket: "source")
        let etag = fake.object("source", "key")?.etag
        #expect(try await side.partSizes("key", count: 3, etag: etag) == [3, 1, 2])
        fake.put("source", "key", [1, 2, 3, 4, 5, 7], parts: [2, 2, 2])
        await #expect(throws: ObjectMoveError.self) { try await side.partSizes("key", count: 3, etag: etag) }
    }
}
