/// A command line for the user to paste, every word quoted where a shell would take it apart.
package struct ShellCommand: Sendable, Equatable, CustomStringConvertible {
    package var words: [String]

    package init(_ words: [String]) {
        self.words = words
    }

    package var description: String { words.map(ShellCommand.quoted).joined(separator: " ") }

    /// The word as a POSIX shell reads it back: as it stands, or in single quotes.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_@%+=:,./-".utf8.contains(byte)
                }
            }
        if isPlain { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
