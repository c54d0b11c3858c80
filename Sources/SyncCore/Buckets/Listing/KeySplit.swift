/// Where to cut a range of keys in two without knowing which keys are in it.
///
/// Keys are taken as Unicode scalars, whose order is that of their UTF-8 bytes, so that every cut is a key that S3
/// accepts for `start-after`. What is in the halves never depends on how good a cut is, only how fast listing gets.
package enum KeySplit {
    /// A key behind `lower` and before `upper` that, going by the keys seen, has about as many keys on either side.
    ///
    /// Most buckets have long prefixes that all keys share, in which halving a byte at a time would ask for nothing but
    /// empty ranges. So first the length of what all keys share is looked for, itself by halves: between what the
    /// range's bounds prove to be shared and what the keys seen so far share.
    ///
    /// - Parameters:
    ///   - lower: A key of the range; all up to it are listed.
    ///   - upper: The last key that may be in the range; `nil` for no bound.
    ///   - sample: An earlier key of the range, or of what was cut off from it.
    /// - Returns: `nil` when there is no key in between that is worth a request.
    package static func point(
        after lower: some Collection<UInt8>,
        upTo upper: (some Collection<UInt8>)?,
        sample: some Collection<UInt8>
    ) -> [UInt8]? {
        let low = scalars(lower)
        let high = upper.map { scalars($0) }
        let varying = commonLength(scalars(sample), low)
        var level = high.map { sharedLength(low, $0) } ?? 0
        var candidate: [UInt32]?
        if level < varying, let cut = successor(low[..<((level + varying + 1) / 2)]), isBetween(cut, low, high) {
            candidate = cut
        }
        while candidate == nil, level <= low.count {
            candidate = middle(low, high, at: level)
            level += 1
        }
        return candidate.flatMap { checked($0, lower, upper) }
    }

    /// A key behind `lower` and before `upper` that differs from `lower` in the scalar at `level`, about in the middle of
    /// what may stand there.
    ///
    /// - Returns: `nil` when there is none.
    static func point(after lower: [UInt8], upTo upper: [UInt8]?, at level: Int) -> [UInt8]? {
        let low = scalars(lower)
        guard level < low.count, let cut = middle(low, upper.map { scalars($0) }, at: level) else { return nil }
        return checked(cut, lower, upper)
    }

    /// How many scalars two keys have in common.
    static func commonLength(_ left: [UInt8], _ right: [UInt8]) -> Int {
        commonLength(scalars(left), scalars(right))
    }

    private static func checked(
        _ cut: [UInt32],
        _ lower: some Collection<UInt8>,
        _ upper: (some Collection<UInt8>)?
    ) -> [UInt8]? {
        let bytes = utf8(cut)
        // Foreign bytes that are not UTF-8 were read as U+FFFD, which may be elsewhere in the order.
        guard lower.lexicographicallyPrecedes(bytes) else { return nil }
        if let upper, !bytes.lexicographicallyPrecedes(upper) { return nil }
        return bytes
    }

    /// The smallest text that is behind every text that begins with `prefix`.
    private static func successor(_ prefix: ArraySlice<UInt32>) -> [UInt32]? {
        var scalars = Array(prefix)
        while let last = scalars.popLast() {
            if last < 0x10FFFF { return scalars + [last == 0xD7FF ? 0xE000 : last + 1] }
        }
        return nil
    }

    /// A cut in the middle of what may stand at one position, the scalars before it being those of `low`.
    private static func middle(_ low: [UInt32], _ high: [UInt32]?, at level: Int) -> [UInt32]? {
        let from = level < low.count ? low[level] : 0
        var end = endOfKind(from)
        if let high, high.count > level, commonLength(low, high) == level { end = min(end, max(high[level], from + 1)) }
        if end - from >= 2 {
            var scalar = from + (end - from + 1) / 2
            if (0xD800...0xDFFF).contains(scalar) { scalar = 0xE000 }
            let cut = low[..<level] + [scalar]
            if isBetween(Array(cut), low, high) { return Array(cut) }
        }
        guard level < low.count, let cut = successor(low[...level]), isBetween(cut, low, high) else { return nil }
        return cut
    }

    /// The scalar behind those that usually stand where this one does: digits beside digits, letters beside letters.
    private static func endOfKind(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case ..<0x20: 0x7F
        case 0x30...0x39: 0x3A
        case 0x41...0x5A: 0x5B
        case 0x61...0x7A: 0x7B
        case ..<0x7F: 0x7F
        case ..<0x3000: min(scalar + 0x100, 0x3000)
        default: min(scalar + 0x2000, 0x110000)
        }
    }

    private static func isBetween(_ cut: [UInt32], _ low: [UInt32], _ high: [UInt32]?) -> Bool {
        low.lexicographicallyPrecedes(cut) && (high.map { cut.lexicographicallyPrecedes($0) } ?? true)
    }

    /// How many scalars all keys behind `low` and up to `high` begin with, but for `high` itself.
    private static func sharedLength(_ low: [UInt32], _ high: [UInt32]) -> Int {
        let common = commonLength(low, high)
        guard high.count == common + 1, low.count > common, successor(low[...common]) == high else { return common }
        return common + 1
    }

    private static func commonLength(_ left: [UInt32], _ right: [UInt32]) -> Int {
        var length = 0
        while length < left.count, length < right.count, left[length] == right[length] { length += 1 }
        return length
    }

    private static func scalars(_ bytes: some Collection<UInt8>) -> [UInt32] {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value)
    }

    private static func utf8(_ scalars: [UInt32]) -> [UInt8] {
        var text = String.UnicodeScalarView()
        for scalar in scalars { text.append(Unicode.Scalar(scalar) ?? "\u{FFFD}") }
        return Array(String(text).utf8)
    }
}
