/// A guess how many keys a range holds, going by the first page of them.
///
/// Keys are taken as numbers whose digits are the bytes that the page's keys are made of, so that decimal numbers,
/// hexadecimal ones and words are each measured with a scale of their own.
struct KeySpread {
    /// Some of the page's keys in order, with the first and the last.
    let keys: [[UInt8]]
    /// How many keys the page has.
    let keyCount: Int
    /// How many pages these are.
    var pageCount = 1

    /// The same for this page and the next one.
    func followed(by page: KeySpread) -> KeySpread {
        KeySpread(keys: keys + page.keys, keyCount: keyCount + page.keyCount, pageCount: pageCount + page.pageCount)
    }

    /// - Parameter upper: the last key that may be in the range; `nil` for no bound.
    /// - Returns: how many keys there are from the page's first one to the upper bound, if they go on as they begin.
    func count(upTo upper: [UInt8]?) -> Double {
        guard let first = keys.first, let last = keys.last, first != last else { return .infinity }
        let scale = Scale(keys, from: upper.map { Self.commonLength(first, $0) } ?? 0)
        let page = scale.distance(from: first, to: last)
        guard page > 0 else { return .infinity }
        return Double(keyCount) * scale.distance(from: first, to: upper) / page
    }

    fileprivate static func commonLength(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Int {
        zip(left, right).prefix { $0 == $1 }.count
    }

    /// Measures keys that have so many bytes in common.
    private struct Scale {
        private let shared: Int
        /// For each byte its place among the digits; one that is none stands where the next digit begins.
        private var digits = Array(repeating: 0, count: 256)
        private let base: Double

        init(_ keys: [[UInt8]], from shared: Int) {
            self.shared = shared
            var isDigit = Array(repeating: false, count: 256)
            for key in keys {
                for byte in key.dropFirst(shared) { isDigit[Int(byte)] = true }
            }
            var count = 0
            for byte in isDigit.indices {
                digits[byte] = count + 1
                if isDigit[byte] { count += 1 }
            }
            // The end of a key is before every digit, and something may be behind the last one.
            base = Double(count + 2)
        }

        /// - Parameter upper: `nil` for what is behind every key.
        func distance(from lower: [UInt8], to upper: [UInt8]?) -> Double {
            let lower = lower.dropFirst(shared)
            guard let upper = upper?.dropFirst(shared) else { return 1 - value(lower) }
            // What keys have in common says nothing, and numbers have only so many digits.
            let common = KeySpread.commonLength(lower, upper)
            var scale = 1.0
            for _ in 0..<common { scale /= base }
            return scale * (value(upper.dropFirst(common)) - value(lower.dropFirst(common)))
        }

        /// From 0 up to 1.
        private func value(_ key: ArraySlice<UInt8>) -> Double {
            var (value, scale) = (0.0, 1.0)
            for byte in key.prefix(12) {
                scale /= base
                value += scale * Double(digits[Int(byte)])
            }
            return value
        }
    }
}
