/// Splits text into words as a POSIX shell does, without anything else a shell does; the same as Python's `shlex.split`,
/// which the aws command uses.
enum ShellWords {
    struct Unbalanced: Error {
        /// What is missing: `a closing quotation mark`.
        var missing: String
    }

    static func split(_ text: String) throws(Unbalanced) -> [String] {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        var bytes = Array(text.utf8).makeIterator()
        while let byte = bytes.next() {
            if let open = quote {
                if byte == open {
                    quote = nil
                } else if byte == backslash, open == doubleQuote {
                    guard let next = bytes.next() else { throw Unbalanced(missing: "a closing quotation mark") }
                    // Between double quotes a backslash quotes only itself and the double quote.
                    if next != backslash, next != doubleQuote { word?.append(backslash) }
                    word?.append(next)
                } else {
                    word?.append(byte)
                }
            } else if byte.isASCIIWhitespace {
                if let finished = word { words.append(String(decoding: finished, as: UTF8.self)) }
                word = nil
            } else if byte == doubleQuote || byte == singleQuote {
                quote = byte
                word = word ?? []
            } else if byte == backslash {
                guard let next = bytes.next() else { throw Unbalanced(missing: "a character after the last backslash") }
                word = (word ?? []) + [next]
            } else {
                word = (word ?? []) + [byte]
            }
        }
        guard quote == nil else { throw Unbalanced(missing: "a closing quotation mark") }
        if let word { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    private static let backslash = UInt8(ascii: "\\")
    private static let doubleQuote = UInt8(ascii: "\"")
    private static let singleQuote = UInt8(ascii: "'")
}
