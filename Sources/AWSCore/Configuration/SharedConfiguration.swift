/// What AWS's two configuration files say together.
package struct SharedConfiguration: Sendable {
    package private(set) var profiles: [String: Profile] = [:]
    /// The `[sso-session …]` sections of the config file, by name.
    package private(set) var ssoSessions: [String: [String: String]] = [:]
    /// The `[services …]` sections: name, then service, then key.
    package private(set) var services: [String: [String: [String: String]]] = [:]
    /// Sections of the config file that look like a profile whose `profile` was forgotten.
    private var unprefixedSections: Set<String> = []
    private let searched: [String]

    /// Reads both files; one that does not exist counts as empty.
    ///
    /// - Throws: ``ConfigurationError`` with file and line for one that cannot be read or understood.
    package init(files: ConfigurationFiles) throws {
        searched = [files.configPath, files.credentialsPath].compactMap { $0 }
        if let path = files.configPath, let bytes = try ConfigurationFiles.read(path) {
            try addConfig(INIFile(bytes, path: path).sections)
        }
        if let path = files.credentialsPath, let bytes = try ConfigurationFiles.read(path) {
            // The credentials file wins over the config file, key by key.
            for section in try INIFile(bytes, path: path).sections { merge(section, intoProfile: section.name) }
        }
    }

    /// The profile of that name.
    ///
    /// - Throws: ``ConfigurationError`` that lists the profiles there are.
    package func profile(named name: String, origin: String) throws -> Profile {
        if let profile = profiles[name] { return profile }
        var message = "profile \"\(name)\" (\(origin)) does not exist"
        if unprefixedSections.contains(name) {
            message += ": the config file has [\(name)], which must be written [profile \(name)]"
        } else if profiles.isEmpty {
            message += ": there are no profiles in \(searched.joined(separator: " or "))"
        } else {
            message += "; there are: \(profiles.keys.sorted().joined(separator: ", "))"
        }
        throw ConfigurationError(message)
    }

    private mutating func addConfig(_ sections: [INIFile.Section]) throws {
        // [profile default] wins over [default], wherever they stand.
        let ordered = sections.filter { $0.name == "default" } + sections.filter { $0.name != "default" }
        for section in ordered {
            let words = (try? ShellWords.split(section.name)) ?? []
            switch (words.first, words.count) {
            case ("default", 1): merge(section, intoProfile: "default")
            case ("profile", 2): merge(section, intoProfile: words[1])
            case ("sso-session", 2): ssoSessions[words[1], default: [:]].merge(section.values) { $1 }
            case ("services", 2): services[words[1], default: [:]].merge(section.blocks) { $1 }
            default: unprefixedSections.insert(section.name)
            }
        }
    }

    private mutating func merge(_ section: INIFile.Section, intoProfile name: String) {
        var profile = profiles[name] ?? Profile(name: name)
        profile.values.merge(section.values) { $1 }
        profile.blocks.merge(section.blocks) { old, new in old.merging(new) { $1 } }
        profiles[name] = profile
    }
}
