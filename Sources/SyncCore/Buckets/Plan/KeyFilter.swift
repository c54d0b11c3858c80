/// Which keys take part: `--include` and `--exclude`, as `aws s3 sync` understands them.
///
/// A key takes part unless a pattern says otherwise; of several that match, the last one counts. A pattern is matched
/// with the whole key below the prefix or folder: `*` stands for any characters, slashes too, `?` for one, `[ab]`,
/// `[a-z]` and `[!a]` for one of a set.
package struct KeyFilter: Sendable, Equatable {
    /// One option, in the order of the command line.
    package enum Rule: Sendable, Equatable {
        case include(String)
        case exclude(String)
    }

    private struct Compiled: Sendable, Equatable {
        let includes: Bool
        let pattern: KeyPattern
    }

    private let rules: [Compiled]

    package init(_ rules: [Rule] = []) {
        self.rules = rules.map { rule in
            switch rule {
            case .include(let pattern): Compiled(includes: true, pattern: KeyPattern(pattern))
            case .exclude(let pattern): Compiled(includes: false, pattern: KeyPattern(pattern))
            }
        }
    }

    package var isEmpty: Bool { rules.isEmpty }

    package func includes(_ key: UnsafeRawBufferPointer) -> Bool {
        for rule in rules.reversed() where rule.pattern.matches(key) { return rule.includes }
        return true
    }

    package func includes(_ key: String) -> Bool {
        var key = key
        return key.withUTF8 { includes(UnsafeRawBufferPointer($0)) }
    }
}

/// A pattern of Python's `fnmatch`, which the AWS CLI uses.
struct KeyPattern: Sendable, Equatable {
    private enum Token: Sendable, Equatable {
        case anything
        case anyCharacter
        case character(UInt32)
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    private let tokens: [Token]

    init(_ pattern: String) {
        let scalars = pattern.unicodeScalars.map(\.value)
        var tokens: [Token] = []
        var position = 0
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            switch scalar {
            case 0x2A: if tokens.last != .anything { tokens.append(.anything) }
            case 0x3F: tokens.append(.anyCharacter)
            case 0x5B:
                if let (token, end) = Self.set(scalars, from: position) {
                    tokens.append(token)
                    position = end
                } else {
                    tokens.append(.character(scalar))
                }
            default: tokens.append(.character(scalar))
            }
        }
        self.tokens = tokens
    }

    /// What stands in brackets; a `]` directly behind the opening is a member.
    ///
    /// Without an end, `[` means itself.
    private static func set(_ scalars: [UInt32], from start: Int) -> (Token, end: Int)? {
        var position = start
        let isNegated = position < scalars.count && scalars[position] == 0x21
        if isNegated { position += 1 }
        let first = position
        if position < scalars.count, scalars[position] == 0x5D { position += 1 }
        while position < scalars.count, scalars[position] != 0x5D { position += 1 }
        guard position < scalars.count else { return nil }
        let members = scalars[first..<position]
        var ranges: [ClosedRange<UInt32>] = []
        var index = members.startIndex
        while index < members.endIndex {
            if index + 2 < members.endIndex, members[index + 1] == 0x2D {
                // A range the wrong way round is empty.
                if members[index] <= members[index + 2] { ranges.append(members[index]...members[index + 2]) }
                index += 3
            } else {
                ranges.append(members[index]...members[index])
                index += 1
            }
        }
        return (.set(ranges, isNegated: isNegated), position + 1)
    }

    /// In time proportional to both lengths at worst: only the last `*` is ever reconsidered.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var token = 0
        var position = 0
        var starToken = -1
        var starPosition = 0
        while position < text.count {
            let (scalar, next) = Self.scalar(text, at: position)
            if token < tokens.count, tokens[token] == .anything {
                starToken = token
                starPosition = position
                token += 1
            } else if token < tokens.count, accepts(tokens[token], scalar) {
                token += 1
                position = next
            } else if starToken >= 0 {
                starPosition = Self.scalar(text, at: starPosition).next
                position = starPosition
                token = starToken + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .anything }
    }

    private func accepts(_ token: Token, _ scalar: UInt32) -> Bool {
        switch token {
        case .anything, .anyCharacter: true
        case .character(let own): own == scalar
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }

    /// The scalar at a position, and where the next one begins; a byte that is not UTF-8 is taken for itself.
    private static func scalar(_ text: UnsafeRawBufferPointer, at position: Int) -> (UInt32, next: Int) {
        let first = text[position]
        let length = first < 0x80 ? 1 : first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard length > 1, position + length <= text.count else { return (UInt32(first), position + 1) }
        var value = UInt32(first) & (0xFF >> (UInt32(length) + 1))
        for index in 1..<length { value = value << 6 | UInt32(text[position + index] & 0x3F) }
        return (value, position + length)
    }
}
