/// Text from elsewhere, made fit for a terminal.
extension String {
    /// The text in one line, with everything made visible that would steer a terminal or change the order of letters.
    ///
    /// Names of tables, tags and error messages come from outside: an escape sequence in them must not become one.
    package var escapedForTerminal: String {
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
        guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.steersTerminal {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    /// The number of columns the text takes on a terminal; it must hold no control characters.
    package var terminalWidth: Int {
        // Taking text apart into characters is slow, and tables have many cells.
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.terminalWidth }
    }

    /// The text cut to at most `columns` columns, with `…` at the end when something is missing.
    package func truncated(toColumns columns: Int) -> String {
        guard columns > 0 else { return "" }
        guard terminalWidth > columns else { return self }
        var result = ""
        var width = 0
        for character in self {
            guard width + character.terminalWidth <= columns - 1 else { break }
            width += character.terminalWidth
            result.append(character)
        }
        return result + "…"
    }
}

extension Unicode.Scalar {
    fileprivate var steersTerminal: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Line separators; marks, embeddings, overrides and isolates of writing direction.
        case 0x2028, 0x2029, 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension Character {
    /// 0, 1 or 2: what terminals that know Unicode give the character.
    var terminalWidth: Int {
        var width = 0
        for scalar in unicodeScalars {
            // Variation selector 16 asks for the colourful, wide form of what stands before it.
            if scalar.value == 0xFE0F && width > 0 { return 2 }
            width = max(width, scalar.terminalWidth)
        }
        return width
    }
}

extension Unicode.Scalar {
    fileprivate var terminalWidth: Int {
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if (0x1160...0x11FF).contains(value) { return 0 }
        if properties.isEmojiPresentation { return 2 }
        return EastAsianWidth.isWide(value) ? 2 : 1
    }
}

/// The characters that Unicode's EastAsianWidth.txt calls wide or full-width, beside emoji.
private enum EastAsianWidth {
    /// Ascending; neighbours are joined where only unassigned code points lie between them.
    static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x3029, 0x3030...0x303E,
        0x3041...0x3096, 0x309B...0x3163, 0x3165...0x3247, 0x3250...0xA4C6, 0xA960...0xA97C, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x16FE3,
        0x16FF2...0x1B2FB, 0x1D300...0x1D376, 0x1F200...0x1F320, 0x20000...0x3FFFD,
    ]

    static func isWide(_ value: UInt32) -> Bool {
        var (low, high) = (0, wide.count)
        while low < high {
            let middle = (low + high) / 2
            if wide[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < wide.count && wide[low].contains(value)
    }
}
