import AWSCore
import AWSTesting
import FoundationEssentials
import SyncCore
import Synchronization
import Testing

/// Writes down what it sees, and how far it is.
private struct Walker: ListingVisitor {
    struct Seen: Equatable {
        var key: [UInt8]
        var isInSource: Bool
        var isInTarget: Bool
    }

    var seen: [Seen] = []
    /// Called after some pages, with the number of keys until then.
    var pause: @Sendable (Int) async throws -> Void = { _ in }

    mutating func visit(_ source: ListedKey?, _ target: ListedKey?) {
        guard let either = source ?? target else { return }
        seen.append(Seen(key: Array(either.key), isInSource: source != nil, isInTarget: target != nil))
    }

    mutating func pagesVisited(source: ListObjectsV2Page?, target: ListObjectsV2Page?) async throws {
        try await pause(seen.count)
    }
}

@Suite("A listing beside a folder, read ahead")
struct ReadAheadListingTests {
    private struct Failure: Error, Equatable {}

    /// In a time of its own.
    ///
    /// - Returns: `nil` when it got stuck.
    private func run(
        _ source: ListedKeys,
        _ target: ListedKeys,
        on time: SeededExecutor,
        pause: @escaping @Sendable (Int) async throws -> Void = { _ in }
    ) async -> Result<[Walker.Seen], any Error>? {
        await time.run {
            do {
                let merge = ListingMerge(source: source, target: target)
                return .success(try await merge.run { Walker(pause: pause) }.flatMap(\.seen))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test(
        "shows every key once and in order, whatever the keys are and whoever is slower",
        arguments: KeyShape.allCases
    )
    func complete(shape: KeyShape) async throws {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for count in [0, 1, 2, 30, 200, 600] {
            let keys = shape.keys(count, using: &random)
            var (inBucket, inFolder): ([[UInt8]], [[UInt8]]) = ([], [])
            var expected: [Walker.Seen] = []
            let share = Int.random(in: 1...5, using: &random)
            for key in keys {
                let isInBucket = Int.random(in: 0...5, using: &random) <= share
                let isInFolder = !isInBucket || Bool.random(using: &random)
                if isInBucket { inBucket.append(key) }
                if isInFolder { inFolder.append(key) }
                expected.append(.init(key: key, isInSource: isInBucket, isInTarget: isInFolder))
            }
            let time = SeededExecutor(seed: random.next())
            let delays = Mutex(SeededGenerator(seed: random.next()))
            let slowness = (Double.random(in: 0...2, using: &random), Double.random(in: 0...2, using: &random))
            @Sendable func wait(_ slowness: Double) async throws {
                try await time.sleep(delays.withLock { Double.random(in: 0...1, using: &$0) } * slowness)
            }
            let bucket = ListedKeys(inBucket, prefix: "p/", pageSize: .random(in: 1...9, using: &random)) { _ in
                try await wait(slowness.0)
                return nil
            }
            let folderPage = Int.random(in: 1...9, using: &random)
            let folder = ListedKeys(inFolder, pageSize: folderPage, startsAnywhere: false)
            let result = await run(bucket, folder, on: time) { _ in try await wait(slowness.1) }
            #expect(try result?.get() == expected, "seed \(seed), \(count) keys")
            // Gone through once, from its beginning.
            #expect(folder.current.maximumInFlight == 1)
            #expect(folder.current.requests == max(1, (inFolder.count + folderPage - 1) / folderPage))
        }
    }

    @Test("is read in many places at once, at the cost of few requests", arguments: KeyShape.allCases)
    func parallel(shape: KeyShape) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = shape.keys(shape == .short ? 20_000 : 4_000, using: &random)
        let pages = (keys.count + 19) / 20
        let time = SeededExecutor(seed: 1)
        let start = time.now
        let bucket = ListedKeys(keys, pageSize: 20) { _ in
            try await time.sleep(1)
            return nil
        }
        let folder = ListedKeys(keys, pageSize: 20, startsAnywhere: false)
        let isTarget = [.photos, .months, .words].contains(shape)
        let result = await run(isTarget ? folder : bucket, isTarget ? bucket : folder, on: time)
        #expect(try result?.get().count == keys.count)
        let turns = Int(time.now.timeIntervalSince(start).rounded())
        print("\(shape) \(pages) pages: \(turns) turns, \(bucket.current.requests) requests")
        #expect(turns * 5 < pages * 2, "\(turns) turns for \(pages) pages")
        #expect(bucket.current.requests < pages * 5 / 2, "\(bucket.current.requests) requests for \(pages) pages")
    }

    @Test("guesses seldom where each folder fills a page", arguments: [false, true])
    func guesses(isFolderSlow: Bool) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = KeyShape.photos.keys(25_000, using: &random)
        let time = SeededExecutor(seed: 1)
        let bucket = ListedKeys(keys, pageSize: 250) { _ in
            try await time.sleep(1)
            return nil
        }
        let folder = ListedKeys(keys, pageSize: 250, startsAnywhere: false) { _ in
            if isFolderSlow { try await time.sleep(2) }
            return nil
        }
        #expect(try await run(bucket, folder, on: time)?.get().count == keys.count)
        print("slow \(isFolderSlow): \(bucket.current.requests) requests")
        #expect(
            bucket.current.requests < (isFolderSlow ? 200 : 250),
            "\(bucket.current.requests) requests for 100 pages"
        )
    }

    @Test("waits for as many requests as are to be made at the same time", arguments: [2, 16])
    func inFlight(count: Int) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = KeyShape.hexadecimal.keys(2_000, using: &random)
        let time = SeededExecutor(seed: 1)
        let inFlight = WatchedValue(0)
        let bucket = ListedKeys(keys, pageSize: 10) { number in
            // From the second on, none is answered until there are so many.
            if number == 1 { return nil }
            inFlight.update { $0 += 1 }
            if number < (count == 2 ? 2 : 40) { return nil }
            try await inFlight.wait { $0 >= count }
            return nil
        }
        let folder = ListedKeys(keys, pageSize: 10, startsAnywhere: false)
        #expect(try await run(bucket, folder, on: time)?.get().count == keys.count)
        #expect(bucket.current.maximumInFlight <= 16)
    }

    @Test("asks once for what fits into a page, and not for more than is there")
    func onePage() async throws {
        let time = SeededExecutor(seed: 1)
        for count in [0, 1, 10] {
            let keys = (0..<count).map { Array("key-\($0)".utf8) }
            let bucket = ListedKeys(keys, pageSize: 10)
            let folder = ListedKeys([], startsAnywhere: false)
            #expect(try await run(bucket, folder, on: time)?.get().count == count)
            #expect(bucket.current.requests == 1)
        }
    }

    @Test("holds no more than 64 pages, however far behind the folder is", arguments: [KeyShape.numbers, .hexadecimal])
    func bounded(shape: KeyShape) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = shape.keys(10_000, using: &random)
        let time = SeededExecutor(seed: 1)
        let bucket = ListedKeys(keys, pageSize: 10)
        let folder = ListedKeys(keys, pageSize: 10, startsAnywhere: false)
        let maximum = Mutex(0)
        let result = await run(bucket, folder, on: time) { seen in
            // In this time all that may be read is read.
            try await time.sleep(1)
            let held = bucket.answeredKeys(from: seen)
            maximum.withLock { $0 = max($0, held) }
        }
        #expect(try result?.get().count == keys.count)
        let held = maximum.withLock { $0 }
        // And the page that the merge has; some that were read belonged to nobody who had asked for them.
        #expect(held <= 10 * (64 + 1 + 8), "\(held) keys")
        #expect(held >= 10 * 40, "\(held) keys")
    }

    @Test(
        "ends with an error when any page of any range is not what it should be",
        arguments: ["error", "repeated", "swapped", "misplaced", "stuck"]
    )
    func broken(kind: String) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = KeyShape.photos.keys(1_000, using: &random)
        func bucket(_ fault: @escaping @Sendable (Int) -> ListedKeys.Fault?) -> ListedKeys {
            ListedKeys(keys, prefix: "p/", pageSize: 10) { fault($0) }
        }
        let sound = bucket { _ in nil }
        let folder = { ListedKeys(keys, pageSize: 10, startsAnywhere: false) }
        #expect(try await run(sound, folder(), on: SeededExecutor(seed: 1))?.get().count == keys.count)
        let answers = sound.current.answers
        #expect(answers.count >= 100)
        // The first page has no key before it that it could repeat.
        for number in stride(from: kind == "repeated" ? 2 : 1, through: answers.count, by: 4)
        where answers[number - 1] > 1 {
            let broken = bucket { request in
                guard request >= number else { return nil }
                switch kind {
                case "error": return request == number ? .error(Failure()) : nil
                case "repeated": return request == number ? .repeated : nil
                case "swapped": return request == number ? .swapped : nil
                case "misplaced": return request == number ? .misplaced : nil
                // Goes on at some time, so that nobody waits for ever who does not see it.
                default: return request < number + 100 ? .stuck : nil
                }
            }
            let result = await run(broken, folder(), on: SeededExecutor(seed: 1))
            #expect(broken.current.requests >= number)
            switch result {
            case .failure(let error):
                #expect(kind == "error" ? error is Failure : error is BrokenListingError, "\(number): \(error)")
            case .success: Issue.record("request \(number) of \(answers.count) was believed")
            case nil: Issue.record("request \(number) of \(answers.count) left it stuck")
            }
        }
    }

    @Test("ends when whoever looks at the keys, or the folder, fails", arguments: [1, 3, 40], [false, true])
    func consumerFails(pages: Int, isFolder: Bool) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = KeyShape.numbers.keys(3_000, using: &random)
        let time = SeededExecutor(seed: 1)
        let bucket = ListedKeys(keys, pageSize: 10) { _ in
            try await time.sleep(1)
            return nil
        }
        let folder = ListedKeys(keys, pageSize: 10, startsAnywhere: false) { number in
            // By then nothing more may be read.
            try await time.sleep(100)
            return isFolder && number == pages ? .error(Failure()) : nil
        }
        let result = await run(bucket, folder, on: time) { seen in
            if !isFolder, seen >= pages * 10 { throw Failure() }
        }
        #expect(throws: Failure.self) { try result?.get() }
        #expect(result != nil)
    }

    @Test("ends when it is cancelled, whatever it waits for", arguments: ["answers", "keys", "room"])
    func cancelled(waits: String) async throws {
        var random = SeededGenerator(seed: 7)
        let keys = KeyShape.numbers.keys(3_000, using: &random)
        let time = SeededExecutor(seed: 1)
        let gate = Gate()
        let bucket = ListedKeys(keys, pageSize: 10) { number in
            if waits == "answers" || waits == "keys" && number > 5 { try await gate.pass() }
            return nil
        }
        let folder = ListedKeys(keys, pageSize: 10, startsAnywhere: false)
        let isCancelled = await time.run {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    let merge = ListingMerge(source: bucket, target: folder)
                    do {
                        _ = try await merge.run { Walker { _ in if waits == "room" { try await gate.pass() } } }
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                // Until nothing can go on.
                try? await time.sleep(1)
                group.cancelAll()
                return await group.next() ?? false
            }
        }
        #expect(isCancelled == true)
    }
}
