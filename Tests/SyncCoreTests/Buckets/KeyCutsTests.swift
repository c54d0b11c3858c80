import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("The cuts between the parts of a bucket")
struct KeyCutsTests {
    private static func cuts(_ fake: FakeS3, prefix: String = "", parts: Int) async throws -> [[UInt8]] {
        try await KeyCuts(BucketListing(s3: try fake.s3(), bucket: "source", prefix: prefix)).find(parts: parts)
    }

    private static func bucket(_ keys: [String], pageSize: Int) -> FakeS3 {
        let fake = FakeS3()
        fake.createBucket("source")
        fake.update { $0.maximumKeys = pageSize }
        for key in keys { fake.put("source", key, []) }
        return fake
    }

    private static func settings() throws -> BucketCopySettings {
        let region = try #require(Region("us-east-1"))
        return BucketCopySettings(
            source: .init(bucket: "source", prefix: "", region: region, role: nil),
            target: .init(bucket: "target", prefix: "", region: region, role: nil)
        )
    }

    private static func isIn(_ key: [UInt8], _ range: KeyRange) -> Bool {
        (range.after.map { $0.lexicographicallyPrecedes(key) } ?? true)
            && !(range.upTo.map { $0.lexicographicallyPrecedes(key) } ?? false)
    }

    @Test("put every key that there can be into exactly one part, also after the way through JSON", arguments: 0..<4)
    func cover(run: UInt64) async throws {
        let seed = newSeed() &+ run
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let keys = AwkwardKeys.random(300, using: &random)
        let fake = Self.bucket(keys, pageSize: 7)
        let cuts = try await Self.cuts(fake, parts: Int.random(in: 2...60, using: &random))
        #expect(cuts.count > 0, "seed \(seed)")
        let plan = BucketCopyPlan(try Self.settings(), cuts: cuts)
        let input = try JSONValue(parsing: plan.executionInput.serialized())
        let read = try BucketCopyPlan(executionInput: input)
        #expect(read == plan && KeyRange.coverEverything(read.ranges), "seed \(seed)")
        // Keys that are there, others, those of the cuts themselves, and what is no text at all.
        var asked = (keys + AwkwardKeys.random(300, using: &random)).map { Array($0.utf8) } + cuts
        asked += cuts.map { $0 + [0] } + cuts.map { Array($0.dropLast()) } + [[], [0xFF], [0xFF, 0xFF], [0x80]]
        for key in asked {
            #expect(read.ranges.filter { Self.isIn(key, $0) }.count == 1, "seed \(seed): \(key)")
        }
    }

    @Test("divide keys evenly, however they are made, and few requests find them")
    func areEven() async throws {
        func number(_ number: Int) -> String { String("\(1_000_000 + number)".dropFirst()) }
        func hexadecimal(_ number: Int) -> String {
            let mixed = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            return String(mixed >> 16 | 1 << 48, radix: 16)
        }
        // One large folder beside many of a few pages each, which must not take all the cuts.
        let folders = (0..<50).flatMap { folder in (0..<30).map { "folder \(number(folder))/\($0)" } }
        for (name, keys) in [
            ("numbers", (0..<6_000).map { "a/long/way/down/obj-" + number($0) }),
            ("hexadecimal", (0..<6_000).map(hexadecimal)),
            ("one large folder", (0..<6_000).map { "large/2026/\(number($0)).gz" } + folders),
        ] {
            let fake = Self.bucket(keys, pageSize: 10)
            let parts = 40
            let cuts = try await Self.cuts(fake, parts: parts)
            let requests = fake.current.calls["ListObjectsV2"] ?? 0
            #expect(cuts.count == parts - 1, "\(name)")
            #expect(requests <= 6 * parts + 60, "\(name): \(requests)")
            let ranges = KeyRange.ranges(cutAt: cuts)
            let sizes = ranges.map { range in keys.count { Self.isIn(Array($0.utf8), range) } }
            #expect((sizes.max() ?? 0) <= 8 * keys.count / parts, "\(name): \(sizes)")
        }
    }

    @Test("are none where one request lists everything, or nothing is there")
    func none() async throws {
        #expect(try await Self.cuts(Self.bucket([], pageSize: 10), parts: 9) == [])
        #expect(try await Self.cuts(Self.bucket(["a", "b"], pageSize: 10), parts: 9) == [])
        #expect(try await Self.cuts(Self.bucket((0..<99).map { "p/\($0)" }, pageSize: 10), parts: 1) == [])
        let cuts = try await Self.cuts(Self.bucket((0..<99).map { "p/\($0)" }, pageSize: 10), prefix: "p/", parts: 5)
        #expect(cuts.count == 4 && cuts.allSatisfy { $0.count == 1 || $0.count == 2 })
    }

    @Test("are as many as fit into what Step Functions takes")
    func fit() throws {
        let cuts = (0..<2_000).map { number in
            Array((String("\(10_000 + number)") + String(repeating: "\u{1}", count: 900)).utf8)
        }
        let plan = BucketCopyPlan(try Self.settings(), cuts: cuts)
        #expect(plan.partCount > 10 && plan.partCount < 1_000)
        #expect(plan.executionInput.serialized().count <= 262_144)
        #expect(KeyRange.coverEverything(plan.ranges))
        #expect(BucketCopyPlan(try Self.settings(), cuts: cuts.map { Array($0.prefix(5)) }).partCount == 1_000)
    }

    @Test("that leave keys out, or have them twice, are no copy")
    func gaps() throws {
        let plan = BucketCopyPlan(try Self.settings(), cuts: [Array("b".utf8), Array("d".utf8)])
        let copy = try #require(plan.executionInput["copy"])
        for segments: JSONValue in [
            [], [["number": 0, "upTo": "b"]], [["number": 0, "after": "b"]],
            [["number": 0, "upTo": "b"], ["number": 1, "after": "c"]],
            [["number": 0, "upTo": "b"], ["number": 1, "after": "a"]],
            [["number": 0, "upTo": "b"], ["number": 2, "after": "b"]],
            [["number": 0, "upTo": "b"], ["number": 1, "after": "b", "upTo": "a"], ["number": 2, "after": "a"]],
        ] {
            let input: JSONValue = ["copy": copy, "segments": segments]
            #expect(throws: CopyPartError.self, "\(segments)") { try BucketCopyPlan(executionInput: input) }
        }
    }

    @Test("give results that fit into one answer of Step Functions")
    func results() {
        var result = BucketPartResult(segment: 999)
        // A part of a very large bucket, with a little of everything.
        for (name, path) in ObjectCounts.members {
            result.counts[keyPath: path] =
                switch name {
                case "bytes", "copiedBytes": 99_999_999_999_999
                case "listed", "there", "copied", "equal", "excluded", "extra": 9_999_999
                case "markers", "takenBack", "archived": 0
                default: 99
                }
        }
        #expect((result.json.serialized().count + 1) * CopyKind.maximumParts <= 262_144)
    }
}
