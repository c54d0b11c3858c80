/// Everything that options, environment and configuration files say, before any credentials are looked for.
package struct AWSSettings: Sendable {
    package let environment: [String: String]
    package let files: ConfigurationFiles
    package let shared: SharedConfiguration
    /// The chosen profile; without settings when nobody named one and there is no `default`.
    package let profile: Profile
    /// Whether the profile was given as an option; then keys in the environment do not count, as with the aws command.
    package let isProfileExplicit: Bool
    /// `nil` when nothing names one.
    package let region: Region?
    package let endpoints: EndpointResolver
    /// `AWS_MAX_ATTEMPTS` or the profile's `max_attempts`, at least 1; `nil` for each service's own.
    package let maximumAttempts: Int?
    /// `AWS_CA_BUNDLE` or the profile's `ca_bundle`: a PEM file of certificate authorities; `nil` for the system's.
    package let caBundle: String?
    /// `AWS_SDK_UA_APP_ID` or the profile's `sdk_ua_app_id`, for the user agent.
    package let applicationID: String?
    /// `payload_signing_enabled` in the profile's block `s3`, as the aws command reads it: whether streamed bodies are
    /// signed; `nil` where nothing but the signature protects them, over http.
    package let signsStreams: Bool?

    /// - Parameters:
    ///   - profile: the `--profile` option.
    ///   - region: the `--region` option.
    ///   - endpointURL: the `--endpoint-url` option.
    /// - Throws: ``ConfigurationError`` for an unknown profile, an unreadable file or a malformed setting.
    package init(
        profile: String? = nil,
        region: String? = nil,
        endpointURL: String? = nil,
        environment: [String: String]
    ) throws {
        self.environment = environment
        files = ConfigurationFiles(environment: environment)
        shared = try SharedConfiguration(files: files)
        isProfileExplicit = profile != nil
        self.profile = try Self.chooseProfile(profile, environment, shared)
        let lookup = SettingLookup(environment: environment, profile: self.profile)
        self.region = try Self.chooseRegion(region, lookup)
        endpoints = try EndpointResolver(lookup: lookup, shared: shared, endpointURL: endpointURL)
        maximumAttempts = try Self.chooseMaximumAttempts(lookup)
        caBundle = lookup.first(["AWS_CA_BUNDLE"], key: "ca_bundle").map { [files] in files.expand($0.value) }
        applicationID = lookup.first(["AWS_SDK_UA_APP_ID"], key: "sdk_ua_app_id")?.value
        signsStreams = try lookup.blockSetting("payload_signing_enabled", in: "s3").map(SettingLookup.flag)
    }

    private static func chooseProfile(
        _ option: String?,
        _ environment: [String: String],
        _ shared: SharedConfiguration
    ) throws -> Profile {
        if let option { return try shared.profile(named: option, origin: "--profile") }
        let named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].compactMap { variable -> (String, String)? in
            guard let name = environment[variable], !name.isEmpty else { return nil }
            return (variable, name)
        }
        // The aws command prefers AWS_DEFAULT_PROFILE, the other SDKs read only AWS_PROFILE; guessing could mean the
        // wrong account.
        if let first = named.first, let second = named.dropFirst().first, first.1 != second.1 {
            throw ConfigurationError(
                "AWS_PROFILE is \"\(first.1)\" but AWS_DEFAULT_PROFILE is \"\(second.1)\": unset one of them"
            )
        }
        if let (variable, name) = named.first { return try shared.profile(named: name, origin: variable) }
        return shared.profiles["default"] ?? Profile(name: "default")
    }

    private static func chooseRegion(_ option: String?, _ lookup: SettingLookup) throws -> Region? {
        let setting =
            option.map { SettingLookup.Setting(value: $0, origin: "--region") }
            ?? lookup.first(["AWS_REGION", "AWS_DEFAULT_REGION"], key: "region")
        guard let setting else { return nil }
        guard let region = Region(setting.value) else {
            throw ConfigurationError(
                "\(setting.origin): \"\(setting.value)\" is not a Region; expected something like us-east-1"
            )
        }
        return region
    }

    private static func chooseMaximumAttempts(_ lookup: SettingLookup) throws -> Int? {
        if let mode = lookup.first(["AWS_RETRY_MODE"], key: "retry_mode") {
            guard ["legacy", "standard", "adaptive"].contains(mode.value.lowercased()) else {
                throw ConfigurationError(
                    "\(mode.origin): \"\(mode.value)\" is not a retry mode; possible are standard, adaptive and legacy"
                )
            }
        }
        guard let attempts = lookup.first(["AWS_MAX_ATTEMPTS"], key: "max_attempts") else { return nil }
        guard let number = Int(attempts.value), number >= 1 else {
            throw ConfigurationError("\(attempts.origin): \"\(attempts.value)\" is not a number from 1")
        }
        return number
    }
}

/// Looks a setting up in the environment and then in the profile.
struct SettingLookup {
    struct Setting {
        var value: String
        /// The variable, or the profile and key, for messages.
        var origin: String
    }

    let environment: [String: String]
    let profile: Profile

    /// The first variable that is set and not empty, else the profile's key.
    func first(_ variables: [String], key: String) -> Setting? {
        for variable in variables {
            if let value = environment[variable], !value.isEmpty { return Setting(value: value, origin: variable) }
        }
        return profile[key].map { Setting(value: $0, origin: "\(key) in profile \"\(profile.name)\"") }
    }

    /// A key of one of the profile's nested blocks.
    func blockSetting(_ key: String, in block: String) -> Setting? {
        profile.blocks[block]?[key].map {
            Setting(value: $0, origin: "\(block).\(key) in profile \"\(profile.name)\"")
        }
    }

    /// A setting that is `true` or `false`; `false` when it is not set.
    func flag(_ variable: String, key: String) throws -> Bool {
        try first([variable], key: key).map(Self.flag) ?? false
    }

    static func flag(_ setting: Setting) throws -> Bool {
        switch setting.value.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw ConfigurationError("\(setting.origin): \"\(setting.value)\" is neither true nor false")
        }
    }
}
