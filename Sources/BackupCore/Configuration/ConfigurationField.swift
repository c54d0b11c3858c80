package import AWSCore

/// A value of the settings and where it stands; its functions check it and name the place when it is wrong.
package struct ConfigurationField: Sendable {
    /// The file or the environment variable.
    package let source: String
    /// `sync.tables[2].source`; `nil` for a variable, whose name says it all.
    package let path: String?
    package let value: JSONValue

    package init(source: String, path: String?, value: JSONValue) {
        self.source = source
        self.path = path
        self.value = value
    }

    /// The error for this value.
    package func error(_ message: String) -> ConfigurationFieldError {
        ConfigurationFieldError(source: source, field: path, message: message)
    }

    /// - Parameter expected: what the text is, for the message: `the function's name`.
    package func string(_ expected: String) throws(ConfigurationFieldError) -> String {
        guard let string = value.string else { throw error("\(value.kindName) where \(expected) is expected") }
        return string
    }

    /// The elements of a list, each with its own place.
    package func elements(_ expected: String) throws(ConfigurationFieldError) -> [ConfigurationField] {
        guard let array = value.array else { throw error("\(value.kindName) where \(expected) is expected") }
        return array.enumerated().map { index, element in
            ConfigurationField(source: source, path: path.map { "\($0)[\(index)]" }, value: element)
        }
    }

    /// The value as an object none of whose keys are unknown.
    ///
    /// - Parameter expected: the object's form, for the message.
    package func object(
        _ expected: String,
        known: [String]
    ) throws(ConfigurationFieldError) -> ConfigurationSection {
        guard let object = value.object else { throw error("\(value.kindName) where \(expected) is expected") }
        return try ConfigurationSection(object, source: source, path: path, known: known)
    }
}

/// The members of an object of the settings.
package struct ConfigurationSection: Sendable {
    private let source: String
    private let path: String?
    private let object: JSONObject

    /// - Parameter path: `nil` for the whole document.
    init(
        _ object: JSONObject,
        source: String,
        path: String?,
        known: [String]
    ) throws(ConfigurationFieldError) {
        self.source = source
        self.path = path
        self.object = object
        for key in object.keys where !known.contains(key) {
            let names = known.filter { $0 != "$schema" }.joined(separator: ", ")
            throw ConfigurationFieldError(source: source, field: place(key), message: "unknown key; expected \(names)")
        }
    }

    /// The field of that name; `nil` when it is not there.
    package func field(_ key: String) -> ConfigurationField? {
        object[key].map { ConfigurationField(source: source, path: place(key), value: $0) }
    }

    /// The field of that name, which must be there.
    ///
    /// - Parameter expected: what belongs there.
    package func required(_ key: String, _ expected: String) throws(ConfigurationFieldError) -> ConfigurationField {
        guard let field = field(key) else {
            throw ConfigurationFieldError(source: source, field: place(key), message: "missing; add \(expected)")
        }
        return field
    }

    private func place(_ key: String) -> String { path.map { "\($0).\(key)" } ?? key }
}
