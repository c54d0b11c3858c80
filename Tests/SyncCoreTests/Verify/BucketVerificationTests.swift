import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Comparing two buckets")
struct BucketVerificationTests {
    /// Two buckets in one S3, and a comparison of them.
    struct Pair {
        let fake: FakeS3
        let sleeper = RecordingSleeper()
        var options = BucketVerification.Options()

        init(fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }) {
            fake = FakeS3(fault: fault)
            fake.createBucket("source")
            fake.createBucket("target")
            options.temporaryDirectory = FileManager.default.temporaryDirectory.path
        }

        /// The same object on both sides, which may be stored in other parts there.
        func put(_ key: String, _ bytes: [UInt8], parts: [Int] = [], targetParts: [Int]? = nil) {
            fake.put("source", key, bytes, parts: parts) { _ in }
            fake.put("target", key, bytes, parts: targetParts ?? parts) { _ in }
        }

        func change(_ bucket: String, _ key: String, _ body: @Sendable (inout FakeS3Object) -> Void) {
            fake.update { state in
                guard var object = state.buckets[bucket]?.objects[FakeS3Key(key)] else { return }
                body(&object)
                state.buckets[bucket]?.objects[FakeS3Key(key)] = object
            }
        }

        func side(_ bucket: String) throws -> SyncSide {
            .bucket(BucketSide(s3: try fake.s3(), bucket: bucket, prefix: ""))
        }

        func verify() async throws -> (result: BucketVerificationResult, differences: [String: ObjectDifference]) {
            let (source, target) = (try side("source"), try side("target"))
            return try await verify(source, target)
        }

        func verify(
            _ source: SyncSide,
            _ target: SyncSide
        ) async throws -> (result: BucketVerificationResult, differences: [String: ObjectDifference]) {
            var differences: [String: ObjectDifference] = [:]
            let result = try await BucketVerification(
                source: source,
                target: target,
                options: options,
                clock: SyncClock(sleep: { [sleeper] in try await sleeper.sleep(for: $0) })
            ).run { difference in
                #expect(differences[difference.key] == nil, "a key was reported twice")
                differences[difference.key] = difference
            }
            return (result, differences)
        }
    }

    private func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }

    @Test(
        "leaves out the marker of the folder that is compared where the other side is a root, as copies do",
        arguments: [false, true]
    )
    func folderMarker(isAtTarget: Bool) async throws {
        let pair = Pair()
        let s3 = try pair.fake.s3()
        let folder = SyncSide.bucket(BucketSide(s3: s3, bucket: "source", prefix: "photos/"))
        let root = SyncSide.bucket(BucketSide(s3: s3, bucket: "target"))
        for key in ["", "a", "b/"] { pair.fake.put("source", "photos/\(key)", key == "a" ? [1] : []) }
        if !isAtTarget {
            var sync = BucketSyncOptions()
            sync.mergesWithLiveSync = true
            let report = try await BucketSync(source: folder, target: root, options: sync).run()
            #expect(report.isComplete && report.folderMarkers == 1 && report.transferredObjects == 2)
        } else {
            for key in ["a", "b/"] { pair.fake.put("target", key, key == "a" ? [1] : []) }
        }
        let (result, differences) = try await isAtTarget ? pair.verify(root, folder) : pair.verify(folder, root)
        #expect(result.verdict == .equal && differences.isEmpty)
        #expect(result.folderMarkers == 1 && result.sourceObjects == 2 && result.targetObjects == 2)
        // It counts where both can have it, and where it is more than a marker.
        let other = SyncSide.bucket(BucketSide(s3: s3, bucket: "target", prefix: "copy/"))
        #expect(try await pair.verify(folder, other).differences[""]?.kind == .missing)
        pair.fake.put("source", "photos/", [1])
        #expect(try await pair.verify(folder, root).result.verdict != .equal)
    }

    @Test(
        "finds every planted difference and nothing else, by every kind of comparison",
        arguments: VerifiedBy.allCases
    )
    func findsEverything(comparison: VerifiedBy) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var pair = Pair()
        pair.options.comparison = comparison
        var expected: [String: ObjectDifference.Kind] = [:]
        for number in 0..<400 {
            let key = ["a/", "ü/", "a b+c/", "%41/", ""][number % 5] + "\(number)"
            let content = bytes(Int.random(in: 4...200, using: &random), &random)
            let parts = number % 3 == 0 ? [content.count - 3, 3] : []
            switch number % 16 {
            case 0:
                pair.fake.put("source", key, content, parts: parts) { _ in }
                expected[key] = .missing
            case 1:
                pair.fake.put("target", key, content, parts: parts) { _ in }
                expected[key] = .extra
            case 2, 3:
                var other = content
                other[Int.random(in: 0..<other.count, using: &random)] ^= 1
                pair.fake.put("source", key, content, parts: parts) { _ in }
                pair.fake.put("target", key, number % 16 == 2 ? other : other + [0], parts: parts) { _ in }
                expected[key] = .different
            // The same bytes in other parts: another ETag, the same checksum.
            case 4: pair.put(key, content, parts: [content.count], targetParts: [content.count - 1, 1])
            default: pair.put(key, content, parts: parts)
            }
        }
        let (result, differences) = try await pair.verify()
        #expect(differences.mapValues(\.kind) == expected, "seed \(seed)")
        #expect(result.verdict == .different)
        #expect(result.equal.values.reduce(0, +) == 400 - expected.count)
        #expect(result.sourceObjects == pair.fake.keys("source").count)
        #expect(result.targetObjects == pair.fake.keys("target").count)
        if comparison == .content { #expect(result.equal == [.content: 400 - expected.count]) }
        #expect(pair.sleeper.recorded == [.seconds(1), .seconds(5)])
    }

    @Test("calls empty buckets equal, and asks nothing but listings where ETags agree")
    func equalIsCheap() async throws {
        let pair = Pair()
        #expect(try await pair.verify().result.verdict == .equal)
        for number in 0..<50 { pair.put("\(number)", [1, 2, 3]) }
        let (result, _) = try await pair.verify()
        #expect(result.verdict == .equal && result.equal == [.etag: 50])
        #expect(pair.fake.current.calls["HeadObject"] == nil && pair.fake.current.calls["GetObject"] == nil)
    }

    /// An object whose sides have neither ETag nor checksum in common.
    private func incomparable(_ pair: Pair, _ key: String, equal: Bool) {
        pair.put(key, [1, 2, 3, 4], parts: [4], targetParts: [3, 1])
        if !equal { pair.fake.put("target", key, [1, 2, 3, 5], parts: [3, 1]) { _ in } }
        for bucket in ["source", "target"] { pair.change(bucket, key) { $0.checksums = [:] } }
    }

    @Test("never calls equal what only the size speaks for: reads it, or says so")
    func unverifiable() async throws {
        var pair = Pair()
        incomparable(pair, "equal", equal: true)
        pair.options.comparison = .checksum
        let (result, differences) = try await pair.verify()
        #expect(differences.mapValues(\.kind) == ["equal": .unverified])
        #expect(result.verdict == .undecided && result.equal.isEmpty)
        #expect(pair.fake.current.calls["GetObject"] == nil)
        incomparable(pair, "different", equal: false)
        pair.options.comparison = .etag
        let (read, found) = try await pair.verify()
        #expect(found.mapValues(\.kind) == ["different": .different])
        #expect(read.equal == [.content: 1])
    }

    @Test("compares headers, metadata and tags when asked")
    func properties() async throws {
        var pair = Pair()
        for key in ["same", "headers", "metadata", "tags"] { pair.put(key, [1]) }
        pair.change("target", "headers") { $0.content = ["content-type": "text/plain"] }
        pair.change("target", "metadata") { $0.metadata = ["a": "b"] }
        pair.change("target", "tags") { $0.tags = [S3Tag("a", "b")] }
        for bucket in ["source", "target"] {
            pair.change(bucket, "same") { object in
                object.tags = [S3Tag("a", "b"), S3Tag("c", "d")]
                if bucket == "target" { object.tags.reverse() }
            }
        }
        #expect(try await pair.verify().result.verdict == .equal)
        pair.options.comparesMetadata = true
        pair.options.comparesTags = true
        let differences = try await pair.verify().differences
        #expect(
            differences.mapValues(\.aspects) == [
                "headers": ["headers"], "metadata": ["metadata"], "tags": ["tags"],
            ]
        )
    }

    @Test("gives no false alarm for what arrives later, and calls changing what never rests")
    func busy() async throws {
        let holder = Mutex<Pair?>(nil)
        let heads = Mutex<[String: Int]>([:])
        let pair = Pair { call, _ in
            guard call.operation == "HeadObject", call.bucket == "target", let pair = holder.withLock({ $0 }) else {
                return nil
            }
            let count = heads.withLock { heads in
                heads[call.key, default: 0] += 1
                return heads[call.key] ?? 0
            }
            if call.key == "late", count == 2 { pair.fake.put("target", "late", [1, 2]) { _ in } }
            if call.key == "restless" { pair.fake.put("source", "restless", [9, UInt8(count)]) { _ in } }
            return nil
        }
        pair.fake.put("source", "late", [1, 2]) { _ in }
        pair.put("restless", [1, 1])
        pair.fake.put("target", "restless", [7, 7]) { _ in }
        holder.withLock { $0 = pair }
        let (result, differences) = try await pair.verify()
        #expect(differences.mapValues(\.kind) == ["restless": .changing])
        #expect(result.verdict == .undecided)
    }

    @Test("repairs with conditions, deletes only by name, and finds nothing when run again")
    func repair() async throws {
        var pair = Pair()
        var random = SeededGenerator(seed: 8)
        for number in 0..<60 {
            let content = bytes(20, &random)
            if number % 4 != 1 { pair.fake.put("source", "\(number)", content) { $0.metadata = ["n": "\(number)"] } }
            if number % 4 != 0 {
                pair.fake.put("target", "\(number)", number % 4 == 2 ? content.reversed() : content) {
                    $0.metadata = ["n": "\(number)"]
                }
            }
        }
        pair.options.repairs = true
        pair.options.comparesMetadata = true
        let (first, differences) = try await pair.verify()
        #expect(first.differences == [.missing: 15, .extra: 15, .different: 15])
        #expect(first.repairs == [.written: 30, .left: 15])
        #expect(first.verdict == .different && first.unmended == 15)
        #expect(differences.values.filter { $0.repair == .left }.allSatisfy { $0.kind == .extra })
        #expect(pair.fake.current.calls["DeleteObject"] == nil)
        pair.options.deletes = true
        let second = try await pair.verify().result
        #expect(second.repairs == [.deleted: 15] && second.verdict == .equal)
        #expect(pair.fake.keys("source") == pair.fake.keys("target"))
        let third = try await pair.verify()
        #expect(third.differences.isEmpty && third.result.verdict == .equal)
    }

    @Test("compares a bucket with a folder, byte by byte where nothing else tells")
    func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/verify-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pair = Pair()
        for (name, file, object) in [
            ("same", "abc", "abc"), ("sub/same", "", ""), ("content", "abc", "abd"), ("size", "abc", "abcd"),
        ] {
            try Data(file.utf8).write(to: URL(filePath: folder + "/" + name))
            pair.fake.put("source", name, Array(object.utf8)) { _ in }
        }
        try Data("x".utf8).write(to: URL(filePath: folder + "/extra"))
        pair.fake.put("source", "missing", [1]) { _ in }
        let expected: [String: ObjectDifference.Kind] = [
            "content": .different, "size": .different, "extra": .extra, "missing": .missing,
        ]
        for comparison in VerifiedBy.allCases {
            var pair = pair
            pair.options.comparison = comparison
            let (result, differences) = try await pair.verify(try pair.side("source"), .folder(folder))
            #expect(differences.mapValues(\.kind) == expected, "\(comparison)")
            #expect(result.equal.values.reduce(0, +) == 2)
        }
    }

    @Test("never says equal when a listing fails or an object cannot be looked at")
    func unreadable() async throws {
        let broken = Pair { call, _ in
            call.operation == "ListObjectsV2" && call.bucket == "target" ? .error("AccessDenied", status: 403) : nil
        }
        await #expect(throws: AWSError.self) { _ = try await broken.verify() }
        let forbidden = Pair { call, _ in
            call.operation == "HeadObject" && call.key == "secret" ? .error("AccessDenied", status: 403) : nil
        }
        forbidden.put("open", [1])
        forbidden.put("secret", [1, 2], parts: [2], targetParts: [1, 1])
        let (result, differences) = try await forbidden.verify()
        #expect(differences.mapValues(\.kind) == ["secret": .unverified])
        #expect(result.verdict == .undecided)
    }
}
