package import AWSCore
import FoundationEssentials

/// JSON for other programs: always the same text for the same value.
package enum JSONOutput {
    /// How much room the text takes.
    package enum Layout: Sendable {
        /// Two spaces a level, one member a line.
        case pretty
        /// One line, for values that follow each other.
        case line
    }

    /// The value with its keys sorted and dates like `2026-11-21T02:00:07Z`, ending with a newline.
    ///
    /// - Throws: What the value's `encode(to:)` throws.
    package static func text<Value: Encodable>(_ value: Value, _ layout: Layout = .pretty) throws -> String {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        // Parsed again, so that there is one way in which this package lays out JSON.
        return text(try JSONValue(parsing: Array(try encoder.encode(value))), layout)
    }

    /// The value with its keys sorted, ending with a newline.
    package static func text(_ value: JSONValue, _ layout: Layout = .pretty) -> String {
        value.text(layout == .pretty ? .pretty : .compact, keys: .sorted) + "\n"
    }
}
