import AWSCore
import AWSTesting
import SyncCore
import Synchronization

/// A side of a comparison that has these keys, and takes its time.
final class ListedKeys: ListingSource {
    /// What is wrong with an answer.
    enum Fault: Sendable {
        case error(any Error)
        /// The first key is one that was there before.
        case repeated
        /// The last two keys are in each other's place.
        case swapped
        /// The last key is not one of those that were asked for.
        case misplaced
        /// There is no key, and it goes on where it was.
        case stuck
    }

    struct Counts: Sendable {
        var requests = 0
        var requestsInFlight = 0
        var maximumInFlight = 0
        /// How many keys each answer had, by the request's number; -1 for none.
        var answers: [Int] = []
        /// The keys that were in an answer, by their index.
        fileprivate var answered: [Bool] = []
    }

    let keyPrefix: [UInt8]
    let startsAnywhere: Bool
    let name = "keys"
    private let keys: [[UInt8]]
    private let pageSize: Int
    private let answer: @Sendable (Int) async throws -> Fault?
    private let counts: WatchedValue<Counts>

    /// - Parameters:
    ///   - keys: In order.
    ///   - answer: Called for each request, with its number from 1, before it is answered.
    init(
        _ keys: [[UInt8]],
        prefix: String = "",
        pageSize: Int = 1000,
        startsAnywhere: Bool = true,
        answer: @escaping @Sendable (Int) async throws -> Fault? = { _ in nil }
    ) {
        self.keys = keys
        self.keyPrefix = Array(prefix.utf8)
        self.pageSize = pageSize
        self.startsAnywhere = startsAnywhere
        self.answer = answer
        self.counts = WatchedValue(Counts(answered: Array(repeating: false, count: keys.count)))
    }

    var current: Counts { counts.current }

    /// Suspends until so many requests waited for their answers at the same time.
    func waitForRequestsInFlight(_ count: Int) async throws {
        try await counts.wait { $0.maximumInFlight >= count }
    }

    /// How many of the keys from that index on were in an answer.
    func answeredKeys(from index: Int) -> Int {
        current.answered[index...].count { $0 }
    }

    func page(after key: [UInt8], continuing token: String?) async throws -> ListObjectsV2Page {
        let number = counts.update { counts in
            counts.requests += 1
            counts.answers.append(-1)
            counts.requestsInFlight += 1
            counts.maximumInFlight = max(counts.maximumInFlight, counts.requestsInFlight)
            return counts.requests
        }
        defer { counts.update { $0.requestsInFlight -= 1 } }
        let fault = try await answer(number)
        let first = token.flatMap { Int($0) } ?? (key.isEmpty ? 0 : index(behind: key))
        var found = Array(keys[first...].prefix(pageSize))
        let isTruncated = first + found.count < keys.count
        var next = isTruncated ? "\(first + found.count)" : nil
        switch fault {
        case nil: break
        case .error(let error): throw error
        case .repeated: if first > 0, !found.isEmpty { found[0] = keys[first - 1] }
        case .swapped: if found.count > 1 { found.swapAt(found.count - 1, found.count - 2) }
        case .misplaced: break
        case .stuck:
            found = []
            next = "\(first)"
        }
        let answered = first..<(first + found.count)
        counts.update { counts in
            counts.answers[number - 1] = answered.count
            for index in answered { counts.answered[index] = true }
        }
        var page = ListingPageBuilder()
        for (index, key) in found.enumerated() {
            var full = keyPrefix + key
            if case .misplaced = fault, index == found.count - 1 { full[0] = keyPrefix[0] + 1 }
            page.append(key: full, size: key.count)
        }
        return try page.page(nextContinuationToken: next)
    }

    private func index(behind key: [UInt8]) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if key.lexicographicallyPrecedes(keys[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
