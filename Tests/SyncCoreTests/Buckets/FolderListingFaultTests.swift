import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

@Suite("A bucket that is listed in many places beside a folder")
struct FolderListingFaultTests {
    private static func key(_ number: Int) -> String { "\(number / 30)/file-\(1000 + number)" }

    /// A bucket with 150 keys in pages of five, from which a folder has 20 others.
    private func sides(_ scratch: ScratchFolder, _ fault: @escaping @Sendable (Int) -> FakeS3.Fault?) throws -> FakeS3 {
        let calls = Mutex(0)
        let fake = FakeS3 { call, _ in
            guard call.operation == "ListObjectsV2" else { return nil }
            return fault(
                calls.withLock { calls in
                    calls += 1
                    return calls
                }
            )
        }
        fake.createBucket("bucket")
        fake.update { $0.maximumKeys = 5 }
        for number in 0..<150 { fake.put("bucket", "p/" + Self.key(number), [1]) }
        for number in 130..<150 {
            try scratch.write(Self.key(number), [1])
            try scratch.write("other/" + Self.key(number), [1])
        }
        return fake
    }

    @Test(
        "deletes nothing when any page of it cannot be had or is not what it should be",
        arguments: ["error", "throttled", "cut", "misplaced"],
        [1, 2, 9, 25]
    )
    func failedPage(kind: String, number: Int) async throws {
        for isUpload in [false, true] {
            let scratch = try ScratchFolder()
            let isDone = Mutex(false)
            @Sendable func isFirst() -> Bool {
                isDone.withLock { isDone in
                    defer { isDone = true }
                    return !isDone
                }
            }
            let fake = try sides(scratch) { call in
                guard call >= number else { return nil }
                switch kind {
                case "error": return .error("AccessDenied", status: 403)
                case "throttled": return .error("SlowDown", status: 503)
                case "cut": return .cutBody(100)
                default:
                    return .replacedBody { body in
                        let text = String(decoding: body, as: UTF8.self)
                        guard text.contains("<Key>p%2F"), isFirst() else { return body }
                        return Array(text.replacing("<Key>p%2F", with: "<Key>q%2F", maxReplacements: 1).utf8)
                    }
                }
            }
            let (bucket, folder) = (try FolderSync.bucket(fake, "p/"), SyncSide.folder(scratch.path))
            await #expect(throws: (any Error).self) {
                _ = try await FolderSync.run(isUpload ? folder : bucket, isUpload ? bucket : folder) {
                    $0.deletion = .objects(1000)
                }
            }
            #expect((0..<150).allSatisfy { fake.object("bucket", "p/" + Self.key($0)) != nil })
            #expect(scratch.files.filter { $0.hasPrefix("other/") }.count == 20)
        }
    }

    @Test("is compared, uploaded to and downloaded from completely, and read once where it has one page")
    func complete() async throws {
        for isUpload in [false, true] {
            let scratch = try ScratchFolder()
            let fake = try sides(scratch) { _ in nil }
            let (bucket, folder) = (try FolderSync.bucket(fake, "p/"), SyncSide.folder(scratch.path))
            var options = BucketVerification.Options()
            options.settle = .zero
            let clock = SyncClock(sleep: { _ in try Task.checkCancellation() })
            let differences = Mutex<Set<String>>([])
            let result = try await BucketVerification(source: bucket, target: folder, options: options, clock: clock)
                .run {
                    difference in
                    differences.withLock { _ = $0.insert("\(difference.kind) \(difference.key)") }
                }
            #expect(result.sourceObjects == 150)
            #expect(result.targetObjects == 40)
            #expect(differences.withLock { $0.count } == 130 + 20)
            let report = try await FolderSync.run(isUpload ? folder : bucket, isUpload ? bucket : folder) {
                $0.deletion = .objects(1000)
            }
            #expect(report.failures == [])
            #expect(report.deleted == (isUpload ? 130 : 20))
            let expected = isUpload ? scratch.files : (0..<150).map { Self.key($0) }.sorted()
            #expect(scratch.files == expected)
            #expect(fake.keys("bucket") == expected.map { "p/" + $0 })
            fake.update { state in
                state.maximumKeys = 1000
                state.calls = [:]
            }
            let again = try await FolderSync.run(isUpload ? folder : bucket, isUpload ? bucket : folder) {
                $0.comparison = .size
            }
            #expect(again.transferredObjects == 0)
            #expect(fake.current.calls["ListObjectsV2"] == 1)
        }
    }
}
