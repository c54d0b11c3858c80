import Synchronization

/// The segments that are still to be read, in an order that spreads them over the key space.
///
/// Segments are neighbouring ranges of key hashes, as partitions are: read in their order, all writes would go to the same
/// few partitions of the target at a time.
final class SegmentQueue: Sendable {
    private let remaining: Mutex<ArraySlice<Int>>

    init(_ segments: [Int]) {
        remaining = Mutex(Self.spread(segments)[...])
    }

    convenience init(count: Int) {
        self.init(Array(0..<count))
    }

    func next() -> Int? { remaining.withLock { $0.popFirst() } }

    /// Neighbours come far apart: each step goes on by the golden section of the whole.
    static func spread(_ segments: [Int]) -> [Int] {
        guard segments.count > 2 else { return segments }
        let count = segments.count
        var step = max(1, Int((Double(count) * 0.618_033_988_749_895).rounded()))
        while greatestCommonDivisor(step, count) != 1 { step += 1 }
        return (0..<count).map { segments[$0 * step % count] }
    }

    private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : greatestCommonDivisor(right, left % right)
    }
}

/// The places of a list, handed out one by one to tasks that share it.
final class SharedIndex: Sendable {
    private let state: Mutex<Int>
    private let count: Int

    init(count: Int) {
        self.count = count
        state = Mutex(0)
    }

    func next() -> Int? {
        state.withLock { next in
            guard next < count else { return nil }
            defer { next += 1 }
            return next
        }
    }
}
