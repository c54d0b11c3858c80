/// Finds the endpoint of a service in a Region.
///
/// The first of these that is set wins, as in the AWS SDKs: the `--endpoint-url` option,
/// `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's `services` section, the profile's `endpoint_url`,
/// AWS's own endpoint. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` leaves only the first and the last.
package struct EndpointResolver: Sendable {
    /// Endpoint URLs that stand in one place: the environment or a profile.
    package struct Overrides: Sendable {
        /// By ``AWSService/settingsName``.
        package var services: [String: Override] = [:]
        package var general: Override?

        package init() {}
    }

    /// One endpoint URL as it was written, and where.
    package struct Override: Sendable {
        package var url: String
        /// The variable, option or key, for messages.
        package var origin: String

        package init(url: String, origin: String) {
            self.url = url
            self.origin = origin
        }
    }

    /// The `--endpoint-url` option.
    package var explicit: Override?
    /// The first place that has an URL for the service wins.
    package var configured: [Overrides]
    package var usesFIPS: Bool
    package var usesDualStack: Bool
    package var bucketAddressing: BucketAddressing

    package init(
        explicit: Override? = nil,
        configured: [Overrides] = [],
        usesFIPS: Bool = false,
        usesDualStack: Bool = false,
        bucketAddressing: BucketAddressing = BucketAddressing()
    ) {
        self.explicit = explicit
        self.configured = configured
        self.usesFIPS = usesFIPS
        self.usesDualStack = usesDualStack
        self.bucketAddressing = bucketAddressing
    }

    /// The endpoint for requests to `service` in `region`, and to `bucket` for S3.
    ///
    /// - Throws: ``ConfigurationError`` for a malformed endpoint URL (it names the setting), an impossible bucket name,
    ///   and FIPS or dual-stack where AWS has none.
    package func endpoint(for service: AWSService, region: Region, bucket: String? = nil) throws -> Endpoint {
        let override = override(for: service)
        let base = try override.map { try customEndpoint($0) } ?? awsEndpoint(for: service, region: region)
        guard let bucket else { return base }
        return try bucketAddressing.endpoint(base, bucket: bucket, isCustom: override != nil)
    }

    /// The user's own endpoint URL for the service, if there is one.
    package func override(for service: AWSService) -> Override? {
        if let explicit { return explicit }
        for place in configured {
            if let found = place.services[service.settingsName] ?? place.general { return found }
        }
        return nil
    }

    /// The same without the `--endpoint-url` option, which, as with the aws command, is meant for the program's own
    /// calls and not for those that fetch its credentials.
    package var withoutExplicitEndpoint: EndpointResolver {
        var resolver = self
        resolver.explicit = nil
        return resolver
    }

    private func customEndpoint(_ override: Override) throws -> Endpoint {
        let endpoint = try Endpoint(parsing: override.url, origin: override.origin)
        guard !usesFIPS, !usesDualStack else {
            let setting = usesFIPS ? "AWS_USE_FIPS_ENDPOINT" : "AWS_USE_DUALSTACK_ENDPOINT"
            let key = usesFIPS ? "use_fips_endpoint" : "use_dualstack_endpoint"
            throw ConfigurationError(
                "\(override.origin) sets an endpoint while \(setting) (or \(key) in the profile) asks for one of AWS's: "
                    + "remove one of them"
            )
        }
        return endpoint
    }

    private func awsEndpoint(for service: AWSService, region: Region) throws -> Endpoint {
        let partition = region.partition
        // Streams had a name of two labels before all names were to have one.
        var labels = [usesDualStack && service == .dynamoDBStreams ? "streams-dynamodb" : service.endpointPrefix]
        if usesFIPS {
            guard service != .s3 || partition != .china else {
                throw ConfigurationError("AWS has no FIPS endpoint for S3 in \(region): unset AWS_USE_FIPS_ENDPOINT")
            }
            if !Self.isFIPSByDefault(service, partition, usesDualStack: usesDualStack) { labels[0] += "-fips" }
        }
        // S3 had dual-stack endpoints before the other services and keeps its own form.
        if usesDualStack, service == .s3 { labels.append("dualstack") }
        labels.append(region.name)
        labels.append(usesDualStack && service != .s3 ? partition.dualStackDNSSuffix : partition.dnsSuffix)
        return Endpoint(authority: labels.joined(separator: "."))
    }

    /// Whether the usual endpoint is the FIPS one, from the rule sets of botocore 1.43.
    private static func isFIPSByDefault(_ service: AWSService, _ partition: Partition, usesDualStack: Bool) -> Bool {
        guard partition == .usGovernment else { return false }
        if service == .eventBridge || service == .cloudWatch { return true }
        let services: [AWSService] = [
            .dynamoDB, .dynamoDBStreams, .sqs, .sts, .applicationAutoScaling, .ssoPortal, .ssoOIDC,
        ]
        return !usesDualStack && services.contains(service)
    }
}

extension AWSService {
    /// The user portal of IAM Identity Center, which trades a sign-in's token for credentials.
    package static let ssoPortal = AWSService(
        name: "SSO",
        endpointPrefix: "portal.sso",
        signingName: "awsssoportal",
        settingsName: "SSO",
        wireProtocol: .restJSON
    )
}
