/// What is wrong with the settings: one line that names the file or variable, the field, and what belongs there.
package struct ConfigurationFieldError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file or environment variable: `config.json`, `TABLE_ARNS`.
    package var source: String
    /// `bucket.name`, `tables[2]`; `nil` when it is about the whole file.
    package var field: String?
    package var message: String

    package init(source: String, field: String? = nil, message: String) {
        self.source = source
        self.field = field
        self.message = message
    }

    package var description: String { [source, field, message].compactMap(\.self).joined(separator: ": ") }
}
