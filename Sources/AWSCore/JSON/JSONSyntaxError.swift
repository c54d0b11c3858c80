/// Why a text is not JSON, and where.
package struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was found and what was expected, without the place.
    package var message: String
    /// From 1.
    package var line: Int
    /// In characters (Unicode scalars) from 1.
    package var column: Int

    package init(message: String, line: Int, column: Int) {
        self.message = message
        self.line = line
        self.column = column
    }

    /// The message with its place: `line 3, column 5: expected a value`.
    package var description: String { "line \(line), column \(column): \(message)" }
}
