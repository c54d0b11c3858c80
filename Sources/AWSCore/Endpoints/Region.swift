/// An AWS Region by its name, such as `us-east-1`.
///
/// Any well-formed name is accepted, so that a Region newer than this program works.
package struct Region: Sendable, Hashable, CustomStringConvertible {
    package let name: String

    /// - Returns: `nil` when `name` could not be a Region: only lower-case letters, digits and inner hyphens, at most
    ///   63, may stand there, because the name becomes part of a host name.
    package init?(_ name: String) {
        let bytes = Array(name.utf8)
        let isWellFormed = bytes.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "-")
        }
        guard isWellFormed, (3...63).contains(bytes.count), name.contains("-"),
            bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-")
        else { return nil }
        self.name = name
    }

    package var description: String { name }
}
