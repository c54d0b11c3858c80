/// At which places keys of a listing have been seen to differ from the next ones: in the number of a file, in that of its
/// folder, in the month.
///
/// What follows most likely differs in one of these places, too, and not in between.
struct KeyLevels: Sendable {
    /// The last ones seen, with no place twice; more than most forms of keys have.
    private static let maximumCount = 6

    private var levels: [Int] = []

    /// - Parameters: keys that follow each other, with some keys or none in between.
    mutating func learn(_ key: [UInt8], _ next: [UInt8]) {
        let level = KeySplit.commonLength(key, next)
        levels.removeAll { $0 == level }
        levels.append(level)
        if levels.count > Self.maximumCount { levels.removeFirst() }
    }

    /// Where a range might be cut, the farthest cuts first.
    func points(after lower: [UInt8], upTo upper: [UInt8]?) -> some Sequence<[UInt8]> {
        levels.sorted().lazy.compactMap { KeySplit.point(after: lower, upTo: upper, at: $0) }
    }
}
