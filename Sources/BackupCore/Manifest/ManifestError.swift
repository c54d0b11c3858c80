/// Why an export's manifest cannot be relied upon.
package struct ManifestError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Not JSON, or cut off in the middle.
        case damaged
        /// JSON, but something a restore relies upon is missing or has another type.
        case incomplete
        /// The `.md5` file beside it says something else.
        case checksumMismatch
        /// The two manifests do not belong together.
        case inconsistent
    }

    package var code: Code
    /// The manifest's key.
    package var key: String
    package var message: String

    package init(_ code: Code, key: String, _ message: String) {
        self.code = code
        self.key = key
        self.message = message
    }

    package var description: String { "\(key): \(message)" }
}
