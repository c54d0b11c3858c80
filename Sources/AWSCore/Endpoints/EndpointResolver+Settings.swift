extension EndpointResolver {
    /// Collects endpoint URLs and variants from the option, the environment and the profile.
    ///
    /// - Throws: ``ConfigurationError``. A malformed URL throws only once a service would use it, but
    ///   `--endpoint-url` at once.
    init(lookup: SettingLookup, shared: SharedConfiguration, endpointURL: String?) throws {
        let explicit = endpointURL.map { Override(url: $0, origin: "--endpoint-url") }
        if let explicit { _ = try Endpoint(parsing: explicit.url, origin: explicit.origin) }
        let isIgnoring = try lookup.flag(
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            key: "ignore_configured_endpoint_urls"
        )
        let configured =
            isIgnoring ? [] : [Self.environment(lookup.environment), try Self.profile(lookup.profile, shared)]
        var addressing = BucketAddressing()
        if let text = lookup.profile.blocks["s3"]?["addressing_style"], !text.isEmpty {
            guard let style = BucketAddressing.Style(rawValue: text) else {
                throw ConfigurationError(
                    "addressing_style in profile \"\(lookup.profile.name)\": \"\(text)\" is none of auto, virtual, path"
                )
            }
            addressing.style = style
        }
        self.init(
            explicit: explicit,
            configured: configured,
            usesFIPS: try lookup.flag("AWS_USE_FIPS_ENDPOINT", key: "use_fips_endpoint"),
            usesDualStack: try lookup.flag("AWS_USE_DUALSTACK_ENDPOINT", key: "use_dualstack_endpoint"),
            bucketAddressing: addressing
        )
    }

    private static func environment(_ environment: [String: String]) -> Overrides {
        var overrides = Overrides()
        for (variable, url) in environment where !url.isEmpty {
            if variable == "AWS_ENDPOINT_URL" {
                overrides.general = Override(url: url, origin: variable)
            } else if variable.hasPrefix("AWS_ENDPOINT_URL_") {
                let service = String(variable.dropFirst("AWS_ENDPOINT_URL_".count))
                overrides.services[service] = Override(url: url, origin: variable)
            }
        }
        return overrides
    }

    private static func profile(_ profile: Profile, _ shared: SharedConfiguration) throws -> Overrides {
        var overrides = Overrides()
        if let url = profile["endpoint_url"] {
            overrides.general = Override(url: url, origin: "endpoint_url in profile \"\(profile.name)\"")
        }
        guard let name = profile["services"] else { return overrides }
        guard let services = shared.services[name] else {
            throw ConfigurationError(
                "profile \"\(profile.name)\" names the services section \"\(name)\", but there is no [services \(name)]"
            )
        }
        for (service, block) in services {
            guard let url = block["endpoint_url"], !url.isEmpty else { continue }
            let origin = "endpoint_url of \(service) in [services \(name)]"
            overrides.services[service.uppercased()] = Override(url: url, origin: origin)
        }
        return overrides
    }
}
