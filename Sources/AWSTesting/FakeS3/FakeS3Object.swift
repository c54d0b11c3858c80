package import AWSCore
package import FoundationEssentials

/// A key as its bytes: `String` takes more for equal.
package struct FakeS3Key: Hashable, Comparable, Sendable {
    package let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package static func < (left: FakeS3Key, right: FakeS3Key) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// An object as ``FakeS3`` keeps it.
package struct FakeS3Object: Sendable, Equatable {
    package var bytes: [UInt8]
    /// With its quotes.
    package var etag: String
    package var lastModified: Date
    package var storageClass = "STANDARD"
    /// What `x-amz-restore` says.
    package var restore: String?
    /// Content headers by lower-case name.
    package var content: [String: String] = [:]
    package var metadata: [String: String] = [:]
    package var tags: [S3Tag] = []
    /// By AWS's name: `CRC64NVME`.
    package var checksums: [String: String] = [:]
    package var checksumType = "FULL_OBJECT"
    /// Sizes of the parts; empty for one that came whole.
    package var parts: [Int] = []
    package var encryption = "AES256"

    package init(bytes: [UInt8], etag: String, lastModified: Date) {
        self.bytes = bytes
        self.etag = etag
        self.lastModified = lastModified
    }

    /// What a copy must have in common with its source.
    package var essence: [String] {
        [String(decoding: bytes, as: UTF8.self), storageClass, "\(bytes.count)"]
            + content.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            + metadata.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            + tags.map { "\($0.key)=\($0.value)" }.sorted()
    }
}

/// An upload in parts that is not completed.
package struct FakeS3Upload: Sendable {
    package var bucket: String
    package var key: FakeS3Key
    package var template: FakeS3Object
    package var algorithm: String?
    package var parts: [Int: [UInt8]] = [:]
}

/// A bucket of ``FakeS3``.
package struct FakeS3Bucket: Sendable {
    package var region = "us-east-1"
    package var objects: [FakeS3Key: FakeS3Object] = [:] {
        didSet { if objects.count != sortedKeys.count || !isSorted { isSorted = false } }
    }
    /// XML documents by subresource: `versioning`, `cors` and so on.
    package var configuration: [String: [UInt8]] = [:]
    /// Access key IDs that may not read or write it.
    package var refusedAccessKeys: Set<String> = []
    private var sortedKeys: [FakeS3Key] = []
    private var isSorted = false

    package init() {}

    /// All keys in order.
    package mutating func keys() -> [FakeS3Key] {
        if !isSorted || sortedKeys.count != objects.count {
            sortedKeys = objects.keys.sorted()
            isSorted = true
        }
        return sortedKeys
    }

    mutating func put(_ object: FakeS3Object?, _ key: FakeS3Key) {
        if object == nil || objects[key] == nil { isSorted = false }
        objects[key] = object
    }
}
