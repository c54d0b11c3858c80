package import AWSCore

/// One side of a comparison as sorted pages of keys: a bucket, or a folder that is to become one.
package protocol ListingSource: Sendable {
    /// What stands before the keys that are compared, in every key of a page.
    var keyPrefix: [UInt8] { get }

    /// Whether ``page(after:continuing:)`` begins behind any key as cheaply as at the beginning.
    var startsAnywhere: Bool { get }

    /// What messages call it: `s3://bucket/prefix/` or a path.
    var name: String { get }

    /// The next keys in the order of their UTF-8 bytes.
    ///
    /// - Parameters:
    ///   - key: Without ``keyPrefix``; only keys behind it are given. Empty for all.
    ///   - token: The ``ListObjectsV2Page/nextContinuationToken`` of the page before this one.
    func page(after key: [UInt8], continuing token: String?) async throws -> ListObjectsV2Page
}

/// The objects of a bucket under a prefix.
package struct BucketListing: ListingSource {
    package let s3: S3Client
    package let bucket: String
    package let prefix: String
    /// Whether archived objects come with the state of their restore.
    package let includesRestoreStatus: Bool
    /// Whether there is no bucket, and so nothing in it.
    package let isMissing: Bool
    package let keyPrefix: [UInt8]
    /// Whether an object whose key is the prefix itself is left out where everything is listed.
    var skipsPrefixItself = false

    package init(
        s3: S3Client,
        bucket: String,
        prefix: String,
        includesRestoreStatus: Bool = false,
        isMissing: Bool = false
    ) {
        self.isMissing = isMissing
        self.s3 = s3
        self.bucket = bucket
        self.prefix = prefix
        self.includesRestoreStatus = includesRestoreStatus
        self.keyPrefix = Array(prefix.utf8)
    }

    package var startsAnywhere: Bool { true }
    package var name: String { "s3://\(bucket)/\(prefix)" }

    package func page(after key: [UInt8], continuing token: String?) async throws -> ListObjectsV2Page {
        if isMissing { return try ListingPageBuilder().page(nextContinuationToken: nil) }
        let list = ListObjectsV2Request(
            bucket: bucket,
            prefix: prefix.isEmpty ? nil : prefix,
            startAfter: key.isEmpty && !skipsPrefixItself ? nil : prefix + String(decoding: key, as: UTF8.self),
            includesRestoreStatus: includesRestoreStatus
        )
        return try await s3.listObjectsV2Page(list, continuationToken: token)
    }
}

/// A listing that cannot be relied on.
package struct BrokenListingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The listing's side, and what is wrong.
    package var message: String

    package init(_ name: String, _ message: String) {
        self.message = "\(name): \(message); nothing can be concluded from such a listing"
    }

    package var description: String { message }
}
