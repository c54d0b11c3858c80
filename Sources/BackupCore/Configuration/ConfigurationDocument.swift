internal import AWSCore

/// The settings file as it stands, with its top level checked: what every part of the settings is read from.
package struct ConfigurationDocument: Sendable {
    /// The name for messages.
    package let file: String
    /// Whether there is a file; without one every field is missing.
    package let isFileThere: Bool
    private let top: ConfigurationSection

    /// All that may stand at the top.
    ///
    /// Who reads one part of the settings leaves the others to their own readers.
    private static let keys = [
        "$schema", "functionName", "tables", "bucket", "schedule", "maximumAgeHours", "alarmEmail", "sync",
    ]

    /// Reads the file.
    ///
    /// - Parameter mayBeMissing: whether a file that is not there counts as an empty one.
    package init(path: String, mayBeMissing: Bool) throws(ConfigurationFieldError) {
        let contents: [UInt8]?
        do {
            contents = try ConfigurationFiles.read(path)
        } catch {
            throw ConfigurationFieldError(source: path, message: "the file cannot be read; check its permissions")
        }
        guard contents != nil || mayBeMissing else {
            throw ConfigurationFieldError(source: path, message: "there is no such file")
        }
        try self.init(contents: contents, file: path)
    }

    /// - Parameter contents: the file's; `nil` when there is none.
    package init(contents: [UInt8]?, file: String) throws(ConfigurationFieldError) {
        self.file = file
        isFileThere = contents != nil
        let value: JSONValue
        do {
            value = try contents.map { bytes in try JSONValue(parsing: bytes) } ?? .object(JSONObject())
        } catch {
            throw ConfigurationFieldError(source: file, message: "not JSON: \(error)")
        }
        guard let object = value.object else {
            throw ConfigurationFieldError(
                source: file,
                message: "\(value.kindName) where an object { … } is expected"
            )
        }
        top = try ConfigurationSection(object, source: file, path: nil, known: Self.keys)
    }

    /// The field of that name at the top; `nil` when it is not there.
    package func field(_ key: String) -> ConfigurationField? { top.field(key) }

    /// An error about the file as a whole.
    package func error(_ message: String) -> ConfigurationFieldError {
        ConfigurationFieldError(source: file, message: message)
    }
}
