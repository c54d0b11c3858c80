/// What is wrong with an expression of `--where`, and where.
package struct ItemFilterError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    /// In characters (Unicode scalars), from 1.
    package var column: Int
    package var expression: String

    /// One line: the message, the column, and the expression with a caret before what is meant.
    package var description: String {
        let scalars = Array(expression.unicodeScalars)
        let place = min(column - 1, scalars.count)
        // Enough of a long expression to find the place.
        let start = max(0, place - 40)
        let end = min(scalars.count, place + 40)
        func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }
        let excerpt =
            (start > 0 ? "…" : "") + text(start..<place) + "^" + text(place..<end) + (end < scalars.count ? "…" : "")
        return "column \(column): \(message): \(excerpt)"
    }
}
