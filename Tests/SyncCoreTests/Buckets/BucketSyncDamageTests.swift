import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

/// Bytes that change on their way must be noticed by whatever S3 has computed of the source, and never by luck.
@Suite("A copy whose bytes were damaged")
struct BucketSyncDamageTests {
    @Test(
        "is made anew when a part's bytes were damaged on their way through here",
        arguments: ["CRC64NVME", "CRC32"]
    )
    func damagedPart(checksum: String) async throws {
        let parts = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "GetObject", parts.next() == 2 else { return nil }
            return .replacedBody { $0.map { $0 ^ 1 } }
        }
        harness.copiesInParts()
        harness.options.streams = true
        let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        let algorithm = try #require(ChecksumAlgorithm(rawValue: checksum))
        harness.fake.put("source", "key", bytes) { $0.checksums = [checksum: algorithm.headerValue(bytes)] }
        let report = try await harness.run()
        #expect(parts.next() > 5)
        #expect(report.failures == [])
        #expect(harness.fake.object("target", "key")?.bytes == bytes)
    }

    @Test("is made anew when its part was damaged, cut as the source's is, where S3 has no checksum")
    func damagedPartOfSameLayout() async throws {
        let parts = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "GetObject", parts.next() == 1 else { return nil }
            return .replacedBody { $0.map { $0 ^ 1 } }
        }
        harness.copiesInParts()
        harness.options.streams = true
        let bytes = Array(repeating: UInt8(7), count: 2000)
        // One part is cut the same way whatever its size.
        harness.fake.put("source", "key", bytes, parts: [2000]) { $0.checksums = [:] }
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(harness.fake.object("target", "key")?.bytes == bytes)
        #expect(harness.fake.object("target", "key")?.etag == harness.fake.object("source", "key")?.etag)
        #expect(parts.next() > 2)
    }

    /// An object in parts of several sizes, as many as equal ones would be.
    private static let uneven = [(5 << 20) + 1, 5 << 20, 2]

    private static func putUneven(_ fake: FakeS3, _ change: @Sendable (inout FakeS3Object) -> Void) -> [UInt8] {
        let bytes = Array(repeating: UInt8(7), count: uneven.reduce(0, +))
        fake.put("source", "key", bytes, parts: uneven, change: change)
        return bytes
    }

    /// The source as S3 reads it: another than it is, or itself again.
    private static func reading(_ byte: UInt8) -> FakeS3.Fault {
        .first { fake in
            fake.update { $0.buckets["source"]?.objects[FakeS3Key("key")]?.bytes[6 << 20] = byte }
        }
    }

    @Test(
        "is made anew when its part was damaged, where only the sizes of all parts tell how the source is cut",
        arguments: [false, true]
    )
    func unevenParts(streams: Bool) async throws {
        let parts = CallCounter()
        var harness = BucketSyncHarness { call, _ in
            switch call.operation {
            case "GetObject" where parts.next() == 2: .replacedBody { $0.map { $0 ^ 1 } }
            // Parts come in any order; what is wrong is the second one, and only the first time.
            case "UploadPartCopy":
                Self.reading(parts.next() < 4 && call.query["partNumber"] == "2" ? 9 : 7)
            default: nil
            }
        }
        harness.copiesInParts()
        harness.options.streams = streams
        let bytes = Self.putUneven(harness.fake) { $0.checksums = [:] }
        let report = try await harness.run()
        #expect(report.failures == [])
        let isRight = harness.fake.object("target", "key")?.bytes == bytes
        #expect(isRight)
        #expect(harness.fake.object("target", "key")?.etag == harness.fake.object("source", "key")?.etag)
        #expect(parts.next() > 2)
    }

    @Test("is no damaged one when it has another ETag because the source's parts are of several sizes")
    func unevenPartsUncompared() async throws {
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "HeadObject", call.bucket == "target" else { return nil }
            // An S3 that keeps no checksums.
            return .first { fake in
                fake.update { $0.buckets["target"]?.objects[FakeS3Key("key")]?.checksums = [:] }
            }
        }
        harness.copiesInParts()
        let bytes = Self.putUneven(harness.fake) { _ in }
        let report = try await harness.run()
        #expect(report.failures == [])
        let isRight = harness.fake.object("target", "key")?.bytes == bytes
        #expect(isRight)
        #expect(harness.fake.current.calls["CreateMultipartUpload"] == 1)
    }

    struct InOrder: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var parts: [Int] = []
        var checksums: [String: String] = [:]
        var encryption = "AES256"
    }

    /// What can be told of all bytes in their order and not of parts.
    static let inOrder = [
        InOrder(testDescription: "an MD5"),
        InOrder(
            testDescription: "a SHA-256, and no MD5",
            checksums: ["SHA256": ChecksumAlgorithm.sha256.headerValue(Array(repeating: 7, count: 2000))],
            encryption: "aws:kms"
        ),
        InOrder(testDescription: "MD5s of parts that S3 takes from nobody", parts: [300, 900, 800]),
    ]

    @Test(
        "never stands at the target where only the MD5 or checksum of the whole tells that it is damaged",
        arguments: inOrder
    )
    func damagedWhole(object: InOrder) async throws {
        let gets = CallCounter()
        let isDamaged = Mutex(true)
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "GetObject", isDamaged.withLock({ $0 }) else { return nil }
            let number = gets.next()
            return .replacedBody { bytes in
                var bytes = bytes
                // Somewhere else each time: the first and the last bytes, too.
                if !bytes.isEmpty { bytes[[0, bytes.count - 1, bytes.count / 2][number % 3]] ^= 1 }
                return bytes
            }
        }
        harness.copiesInParts()
        harness.options.streams = true
        let bytes = Array(repeating: UInt8(7), count: 2000)
        harness.fake.put("source", "key", bytes, parts: object.parts) {
            $0.checksums = object.checksums
            $0.encryption = object.encryption
        }
        let report = try await harness.run()
        #expect(report.failures.map(\.code) == ["DamagedCopy"])
        #expect(report.failures.first?.message.hasSuffix("it is copied again by the next run") == true)
        #expect(report.transferredObjects == 0 && !report.isComplete)
        #expect(harness.fake.object("target", "key") == nil && harness.fake.current.uploads.isEmpty)
        #expect(gets.next() > 6)
        isDamaged.withLock { $0 = false }
        #expect(try await harness.run().isComplete)
        #expect(harness.fake.object("target", "key")?.bytes == bytes)
        if object.parts.isEmpty {
            #expect(harness.fake.object("target", "key")?.etag == harness.fake.object("source", "key")?.etag)
        }
    }

    @Test(
        "is told of when it is damaged each time, whether it stands at the target, and how to replace it",
        arguments: [false, true]
    )
    func damagedForEver(hasChecksum: Bool) async throws {
        let isDamaged = Mutex(true)
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == "GetObject", isDamaged.withLock({ $0 }) else { return nil }
            return .replacedBody { $0.map { $0 ^ 1 } }
        }
        harness.copiesInParts()
        harness.options.streams = true
        // Without a checksum, only the ETag of the whole copy tells.
        harness.fake.put("source", "key", Array(repeating: 1, count: 2000), parts: [2000]) {
            if !hasChecksum { $0.checksums = [:] }
        }
        let report = try await harness.run()
        #expect(report.failures.map(\.code) == ["DamagedCopy"])
        let advice =
            hasChecksum
            ? "it is copied again by the next run"
            : "it stands at the target: run the command again with --compare checksum"
        #expect(report.failures.first?.message.hasSuffix(advice) == true)
        #expect(report.transferredObjects == 0 && report.foundEqual == 0 && !report.isComplete)
        #expect((harness.fake.object("target", "key") == nil) == hasChecksum)
        #expect(harness.fake.current.uploads.isEmpty)
        // What is told to do helps.
        isDamaged.withLock { $0 = false }
        if !hasChecksum { harness.options.comparison = .checksum }
        #expect(try await harness.run().transferredObjects == 1)
        #expect(harness.fake.object("target", "key")?.bytes == Array(repeating: 1, count: 2000))
    }

    @Test("is made anew when it is too short, where nothing but its size tells")
    func tooShort() async throws {
        let heads = CallCounter()
        let harness = BucketSyncHarness { call, _ in
            guard call.operation == "HeadObject", call.bucket == "target", heads.next() == 1 else { return nil }
            return .first { fake in
                fake.update { state in
                    state.buckets["target"]?.objects[FakeS3Key("key")]?.bytes = [1, 2]
                    state.buckets["target"]?.objects[FakeS3Key("key")]?.checksums = [:]
                }
            }
        }
        harness.fake.put("source", "key", [1, 2, 3]) {
            $0.checksums = [:]
            $0.encryption = "aws:kms"
            $0.etag = "\"of a key\""
        }
        let report = try await harness.run()
        #expect(report.failures == [] && report.transferredObjects == 1)
        #expect(harness.fake.object("target", "key")?.bytes == [1, 2, 3])
        #expect(harness.fake.current.calls["CopyObject"] == 2)
    }
}
