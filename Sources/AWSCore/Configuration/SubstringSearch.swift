extension StringProtocol {
    /// Where `part` begins and ends for the first time, byte by byte; `nil` where it is not, and for an empty part.
    ///
    /// The standard library's `firstRange(of:)` gives the same for ASCII, but it brings the regular expressions along,
    /// a megabyte in the function.
    package func firstOccurrence(of part: String) -> Range<Index>? {
        guard let first = part.utf8.first else { return nil }
        var start = utf8.startIndex
        while let candidate = utf8[start...].firstIndex(of: first) {
            var index = candidate
            var remaining = part.utf8[...]
            while let byte = remaining.first, index < utf8.endIndex, utf8[index] == byte {
                remaining.removeFirst()
                utf8.formIndex(after: &index)
            }
            if remaining.isEmpty { return candidate..<index }
            start = utf8.index(after: candidate)
        }
        return nil
    }

    /// The text with every occurrence of `part` replaced, from left to right.
    package func replacing(each part: String, by replacement: String) -> String {
        var result = ""
        var rest = self[startIndex...]
        while let found = rest.firstOccurrence(of: part) {
            result += rest[..<found.lowerBound]
            result += replacement
            rest = rest[found.upperBound...]
        }
        return result + rest
    }
}
