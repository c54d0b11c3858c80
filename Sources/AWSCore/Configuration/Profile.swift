/// The settings of one profile, from `~/.aws/config` and `~/.aws/credentials` together.
package struct Profile: Sendable {
    package var name: String
    /// By key in lower case.
    package var values: [String: String]
    /// Nested blocks such as `s3`, by key in lower case.
    package var blocks: [String: [String: String]]

    package init(name: String, values: [String: String] = [:], blocks: [String: [String: String]] = [:]) {
        self.name = name
        self.values = values
        self.blocks = blocks
    }

    /// The value of a key; an empty one counts as not set.
    package subscript(key: String) -> String? {
        guard let value = values[key], !value.isEmpty else { return nil }
        return value
    }

    /// The value of a key that the profile cannot do without.
    func required(_ key: String, for purpose: String) throws -> String {
        guard let value = self[key] else {
            throw ConfigurationError("profile \"\(name)\": \(key) is missing, which \(purpose) needs")
        }
        return value
    }
}
