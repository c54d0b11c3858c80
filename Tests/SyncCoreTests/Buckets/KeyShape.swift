import AWSTesting

/// How the keys of a bucket may look.
enum KeyShape: String, CaseIterable, Sendable {
    case photos, numbers, hexadecimal, months, words, skewed, short, awkward

    /// About so many keys, in order.
    func keys(_ count: Int, using random: inout SeededGenerator) -> [[UInt8]] {
        var keys: Set<[UInt8]> = []
        func add(_ key: String) { keys.insert(Array(key.utf8)) }
        func text(_ length: Int, of alphabet: String) -> String {
            let alphabet = Array(alphabet)
            return String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
        }
        for number in 0..<count {
            switch self {
            case .photos: add("photos/\(digits(number / 250, 4))/object-\(digits(number, 9)).jpg")
            case .numbers: add("a/long/prefix/that/all/keys/have/in/common/object-\(digits(number, 9))")
            case .hexadecimal: add("data/" + text(32, of: "0123456789abcdef"))
            case .months:
                let day = number * 336 / count
                add(
                    "logs/2026/\(digits(day / 28 + 1, 2))/\(digits(day % 28 + 1, 2))/\(digits(number % 24, 2))/\(number)"
                )
            case .words: add(text(.random(in: 3...20, using: &random), of: "etaoinshrdlu/"))
            case .skewed:
                add(number % 10 == 0 ? text(10, of: "0123456789abcdef") : "users/12345/files/\(text(12, of: "abcdef"))")
            // So close that what is cut is a key, too.
            case .short: add(text(.random(in: 1...3, using: &random), of: "0123456789/:"))
            case .awkward: break
            }
        }
        if self == .awkward { for key in AwkwardKeys.random(count, using: &random) { add(key) } }
        return keys.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func digits(_ number: Int, _ count: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
