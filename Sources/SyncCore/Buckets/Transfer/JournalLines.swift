import AWSCore

/// What a journal of JSON lines says, and whether all of it could be read.
///
/// Whoever is killed while it appends leaves a last line that breaks off: what that was about had not begun yet, or is
/// only looked at once more. Any other line that cannot be read is something that was forgotten.
struct JournalLines {
    private(set) var values: [JSONValue] = []
    /// Bytes up to the end of the last line that is whole.
    private(set) var count = 0
    /// The number of the first line that cannot be read.
    private(set) var broken: Int?

    /// - Parameter isKnown: whether a line says something that one of the journal's can say.
    init(_ bytes: [UInt8], isKnown: (JSONValue) -> Bool) {
        var number = 0
        while let end = bytes[count...].firstIndex(of: UInt8(ascii: "\n")) {
            number += 1
            if let value = try? JSONValue(parsing: bytes[count..<end]), isKnown(value) {
                values.append(value)
            } else if broken == nil {
                broken = number
            }
            count = end + 1
        }
    }
}
