import AWSCore

/// A side of a bucket sync as it is written on the command line.
package enum SyncLocation: Sendable, Equatable, CustomStringConvertible {
    /// Objects whose keys begin with the prefix, which is empty or ends with a slash.
    case bucket(String, prefix: String)
    /// The files below a folder.
    case folder(String)

    /// Reads `s3://bucket[/prefix]` or a path.
    ///
    /// A prefix means what is below it, as with `aws s3 sync`: `s3://b/logs` has `logs/1`, but not `logs2`.
    /// - Throws: ``ConfigurationError`` for a name that no bucket can have, an empty path, and other schemes.
    package init(parsing text: String) throws {
        guard !text.isEmpty else { throw ConfigurationError("an empty text is neither s3://bucket nor a folder") }
        guard text.hasPrefix("s3://") else {
            if let scheme = text.firstOccurrence(of: "://"), !text[..<scheme.lowerBound].contains("/") {
                throw ConfigurationError("\"\(text)\" is neither s3://bucket[/prefix] nor a folder")
            }
            self = .folder(text)
            return
        }
        let rest = text.dropFirst("s3://".count)
        let bucket = String(rest.prefix { $0 != "/" })
        try BucketAddressing.validate(bucket)
        var prefix = String(rest.dropFirst(bucket.count + 1))
        if !prefix.isEmpty, prefix.utf8.last != UInt8(ascii: "/") { prefix += "/" }
        guard prefix.utf8.count <= 1024 else {
            throw ConfigurationError("the prefix in \"\(text)\" is longer than 1024 bytes")
        }
        self = .bucket(bucket, prefix: prefix)
    }

    package var description: String {
        switch self {
        case .bucket(let bucket, let prefix): "s3://\(bucket)/\(prefix)"
        case .folder(let path): path
        }
    }

    package var isBucket: Bool {
        switch self {
        case .bucket: true
        case .folder: false
        }
    }

    /// Whether objects of one are objects of the other, too, both being at the same endpoint.
    package func overlaps(_ other: SyncLocation) -> Bool {
        guard case .bucket(let bucket, let prefix) = self, case .bucket(let otherBucket, let otherPrefix) = other else {
            return false
        }
        return bucket == otherBucket
            && (prefix.utf8.starts(with: otherPrefix.utf8) || otherPrefix.utf8.starts(with: prefix.utf8))
    }
}
