import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

/// Writes down what it sees.
private struct Recorder: ListingVisitor {
    struct Seen: Equatable {
        var key: [UInt8]
        var source: Int?
        var target: Int?
    }

    var seen: [Seen] = []
    var isOrdered = true

    mutating func visit(_ source: ListedKey?, _ target: ListedKey?) {
        guard let either = source ?? target else { return }
        seen.append(Seen(key: Array(either.key), source: source?.size, target: target?.size))
    }

    mutating func pagesVisited(source: ListObjectsV2Page?, target: ListObjectsV2Page?) async throws {}
}

@Suite("Two listings side by side")
struct ListingMergeTests {
    private func merge(_ fake: FakeS3, prefixes: (String, String) = ("", ""), workers: Int = 8) throws -> ListingMerge {
        let s3 = try fake.s3()
        return ListingMerge(
            source: BucketListing(s3: s3, bucket: "source", prefix: prefixes.0),
            target: BucketListing(s3: s3, bucket: "target", prefix: prefixes.1),
            workers: workers
        )
    }

    @Test("show every key of both once, whatever the keys are, in pages of any size", arguments: [1, 8])
    func complete(workers: Int) async throws {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for count in [0, 1, 7, 300, 700] {
            let fake = FakeS3()
            fake.createBucket("source")
            fake.createBucket("target")
            let pageSize = Int.random(in: 3...50, using: &random)
            fake.update { $0.maximumKeys = pageSize }
            var expected: [FakeS3Key: (Int?, Int?)] = [:]
            for key in AwkwardKeys.random(count, using: &random) {
                let sizes = (Int.random(in: 0..<3, using: &random), Int.random(in: 3..<6, using: &random))
                let sides = Int.random(in: 0..<3, using: &random)
                if sides != 1 { fake.put("source", "p/" + key, Array(repeating: 0, count: sizes.0)) }
                if sides != 0 { fake.put("target", "other/" + key, Array(repeating: 0, count: sizes.1)) }
                expected[FakeS3Key(key)] = (sides != 1 ? sizes.0 : nil, sides != 0 ? sizes.1 : nil)
            }
            fake.put("source", "q", [])
            fake.put("target", "othe", [])
            let visitors = try await merge(fake, prefixes: ("p/", "other/"), workers: workers).run { Recorder() }
            let seen = visitors.flatMap(\.seen).sorted { $0.key.lexicographicallyPrecedes($1.key) }
            let wanted = expected.keys.sorted()
            #expect(seen.map(\.key) == wanted.map(\.bytes))
            for each in seen {
                let sizes = expected[FakeS3Key(String(decoding: each.key, as: UTF8.self))]
                #expect(each.source == sizes?.0)
                #expect(each.target == sizes?.1)
            }
        }
    }

    @Test("are read from many places at once, with few requests that find nothing")
    func parallel() async throws {
        let fake = FakeS3()
        fake.createBucket("source")
        fake.createBucket("target")
        fake.update { $0.maximumKeys = 100 }
        for number in 0..<5_000 { fake.put("source", "logs/2026/\(1_000_000 + number)", []) }
        let visitors = try await merge(fake).run { Recorder() }
        #expect(visitors.reduce(0) { $0 + $1.seen.count } == 5_000)
        // More than a page for several of them; who gets how much is up to the scheduler.
        #expect(visitors.filter { $0.seen.count > 100 }.count >= 3, "\(visitors.map(\.seen.count))")
        // 50 pages of the source, and one of the target for each range.
        let requests = fake.current.calls["ListObjectsV2"] ?? 0
        #expect(requests < 250, "\(requests)")
    }

    @Test(
        "end with an error when one of them repeats, swaps or misplaces keys, or breaks off",
        arguments: ["repeat", "swap", "prefix", "cut", "error"],
        [1000, 2]
    )
    func broken(kind: String, pageSize: Int) async throws {
        let fake = FakeS3 { call, _ in
            guard call.operation == "ListObjectsV2", call.bucket == "source" else { return nil }
            switch kind {
            case "error": return .error("AccessDenied", status: 403)
            case "cut": return .cutBody(100)
            default:
                return .replacedBody { body in
                    let text = String(decoding: body, as: UTF8.self)
                    switch kind {
                    case "repeat": return Array(text.replacing("<Key>p%2F3<", with: "<Key>p%2F2<").utf8)
                    case "swap": return Array(text.replacing("<Key>p%2F3<", with: "<Key>p%2F0<").utf8)
                    default: return Array(text.replacing("<Key>p%2F3<", with: "<Key>q%2F3<").utf8)
                    }
                }
            }
        }
        fake.createBucket("source")
        fake.createBucket("target")
        // In pages of two, the third key is the first of a page.
        fake.update { $0.maximumKeys = pageSize }
        for number in 1...5 { fake.put("source", "p/\(number)", []) }
        await #expect(throws: (any Error).self) {
            // One worker reads all pages of a listing.
            _ = try await merge(fake, prefixes: ("p/", ""), workers: pageSize == 2 ? 1 : 8).run { Recorder() }
        }
    }
}
