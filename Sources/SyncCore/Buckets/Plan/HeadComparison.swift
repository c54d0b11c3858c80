import AWSCore

/// Compares two objects by what S3 has computed of them.
enum HeadComparison {
    enum Outcome: Sendable {
        case equal
        case different
        /// They have nothing in common that could be compared.
        case unknown
    }

    /// - Parameters: two heads that were asked for with checksums.
    static func compare(_ left: S3ObjectHead, _ right: S3ObjectHead) -> Outcome {
        guard left.size == right.size else { return .different }
        if let leftETag = left.etag, leftETag == right.etag, left.hasDigestETag, right.hasDigestETag { return .equal }
        for checksum in left.checksums {
            guard let other = right.checksums.first(where: { $0.name == checksum.name }) else { continue }
            if checksum.value == other.value { return .equal }
            // Composite ones depend on how the object was cut.
            if left.hasChecksumOfAll, right.hasChecksumOfAll { return .different }
        }
        let areWhole = left.etag?.contains("-") == false && right.etag?.contains("-") == false
        if areWhole, left.hasDigestETag, right.hasDigestETag { return .different }
        return .unknown
    }
}

extension S3ObjectHead {
    /// Whether the ETag is made of the bytes' MD5: not with KMS keys (S3 API Reference, "Object").
    var hasDigestETag: Bool {
        guard let serverSideEncryption else { return true }
        return serverSideEncryption == "AES256"
    }

    fileprivate var hasChecksumOfAll: Bool {
        guard let checksumType else { return etag?.contains("-") == false }
        return checksumType == .fullObject
    }
}
