/// How an S3 bucket's name enters a URL.
package struct BucketAddressing: Sendable {
    /// What the profile's `s3` block says in `addressing_style`; S3 itself calls the last one "auto".
    package enum Style: String, Sendable {
        case path
        case virtual
        case automatic = "auto"
    }

    package var style: Style

    package init(style: Style = .automatic) {
        self.style = style
    }

    /// The endpoint of a bucket at S3's endpoint of a Region, or at the user's own.
    ///
    /// Names with dots go into the path because S3's wildcard certificate covers one label only; so do old names with
    /// upper-case letters or underscores, which no host name can hold, and every name at a custom endpoint, where
    /// nobody promises that `bucket.host` resolves.
    /// - Throws: ``ConfigurationError`` for a name that is none: it would otherwise choose the host that is talked to.
    package func endpoint(_ endpoint: Endpoint, bucket: String, isCustom: Bool) throws -> Endpoint {
        try Self.validate(bucket)
        var endpoint = endpoint
        let usesHost: Bool =
            switch style {
            case .path: false
            case .virtual: Self.fitsHostName(bucket)
            case .automatic: !isCustom && Self.fitsHostName(bucket)
            }
        if usesHost {
            endpoint.authority = "\(bucket).\(endpoint.authority)"
        } else {
            // Every character that `validate` lets through stands for itself in a path.
            endpoint.basePath += "/\(bucket)"
        }
        return endpoint
    }

    /// Whether S3 could have a bucket of this name, by today's rules or by those of us-east-1 before 2018.
    package static func validate(_ bucket: String) throws {
        func invalid(_ reason: String) -> ConfigurationError {
            ConfigurationError("\"\(bucket)\" is not the name of an S3 bucket: \(reason)")
        }
        guard !bucket.hasPrefix("arn:") else {
            throw invalid("give the bucket's name, or an access point's alias, not an ARN")
        }
        guard (3...255).contains(bucket.utf8.count) else { throw invalid("it must have 3 to 63 characters") }
        guard bucket.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }) else {
            throw invalid("only letters, digits, dots, hyphens and underscores are possible")
        }
        guard bucket.utf8.contains(where: \.isASCIIAlphanumeric) else { throw invalid("it has no letter or digit") }
        guard !bucket.hasSuffix("--x-s3") else { throw invalid("directory buckets (S3 Express) are not supported") }
    }

    private static func fitsHostName(_ bucket: String) -> Bool {
        let bytes = bucket.utf8
        return bytes.count <= 63 && bytes.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == 0x2D }
            && bytes.first != 0x2D && bytes.last != 0x2D
    }
}
