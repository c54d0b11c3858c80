import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

/// Two buckets in one S3, and a sync between them.
struct BucketSyncHarness {
    let fake: FakeS3
    var options = BucketSyncOptions()
    var clock = SyncClock(sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
    var prefixes = ("", "")

    init(fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }) {
        fake = FakeS3(fault: fault)
        fake.createBucket("source")
        fake.createBucket("target")
    }

    func run(onEvent: @escaping @Sendable (BucketSync.Event) -> Void = { _ in }) async throws -> BucketSyncReport {
        let s3 = try fake.s3()
        var clock = clock
        clock.date = { [fake] in fake.current.now }
        return try await BucketSync(
            source: .bucket(BucketSide(s3: s3, bucket: "source", prefix: prefixes.0)),
            target: .bucket(BucketSide(s3: s3, bucket: "target", prefix: prefixes.1)),
            options: options,
            clock: clock,
            onEvent: onEvent
        ).run()
    }

    /// Objects of all kinds: empty, in parts, with metadata, tags and classes.
    func fill(_ keys: [String], using random: inout SeededGenerator, largest: Int = 3000) {
        for key in keys {
            let size = Int.random(in: 0..<4, using: &random) == 0 ? 0 : Int.random(in: 0...largest, using: &random)
            let bytes = AwkwardKeys.bytes(size, using: &random)
            let isInParts = size > 10 && Bool.random(using: &random)
            let first = Int.random(in: 1...max(1, size / 2), using: &random)
            var parts: [Int] = []
            if isInParts {
                var rest = size
                while rest > 0 {
                    parts.append(min(first, rest))
                    rest -= first
                }
            }
            let kind = Int.random(in: 0..<8, using: &random)
            fake.put("source", key, bytes, parts: parts.count > 50 ? [] : parts) { object in
                if kind == 1 { object.metadata = ["owner": "somebody", "mtime": "12.5"] }
                if kind == 2 { object.tags = [S3Tag("a b", "c&d=e"), S3Tag("ü", "")] }
                if kind == 3 {
                    object.content = [
                        "content-type": "text/html; charset=utf-8", "content-encoding": "gzip",
                        "cache-control": "no-cache",
                        "content-disposition": "attachment; filename=\"a b\"", "content-language": "de",
                        "expires": "never",
                    ]
                }
                if kind == 4 { object.storageClass = "STANDARD_IA" }
                if kind == 5 { object.checksums = [:] }
                if kind == 6 { object.encryption = "aws:kms" }
            }
        }
    }

    /// Everything in parts, one at a time.
    mutating func copiesInParts() {
        options.multipartCopyThreshold = 1000
        options.copyPartSize = 500
        options.streamPartThreshold = 1000
        options.partSize = 500
        options.partsAtOnce = 1
    }

    /// Whether the target holds what the source holds, and nothing is left of unfinished uploads.
    func expectEqual(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
        let state = fake.current
        let source = state.buckets["source"]?.objects ?? [:]
        let target = state.buckets["target"]?.objects ?? [:]
        let missing = source.keys.filter { target[$0] == nil }
        let different = source.keys.filter { key in target[key].map { $0.essence != source[key]?.essence } ?? false }
        #expect(missing.map(\.text) == [], comment, sourceLocation: sourceLocation)
        #expect(different.map(\.text) == [], comment, sourceLocation: sourceLocation)
        #expect(state.uploads.isEmpty, comment, sourceLocation: sourceLocation)
    }
}

/// Counts the calls for which it is asked.
final class CallCounter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
