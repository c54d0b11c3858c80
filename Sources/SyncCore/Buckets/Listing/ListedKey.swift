package import AWSCore

/// An object of a page while the page is being looked through: valid only within the call that hands it over.
package struct ListedKey {
    /// The page's bytes.
    package let bytes: UnsafeRawBufferPointer
    package let entry: ListedObject.Entry
    /// How many bytes of the key are the side's ``ListingSource/keyPrefix``.
    package let prefixLength: Int
    /// Where the page has the object.
    package let index: Int

    @inline(__always)
    init(bytes: UnsafeRawBufferPointer, entry: ListedObject.Entry, prefixLength: Int, index: Int) {
        self.bytes = bytes
        self.entry = entry
        self.prefixLength = prefixLength
        self.index = index
    }

    /// The key without the side's prefix.
    @inline(__always)
    package var key: UnsafeRawBufferPointer {
        let range = entry.key
        return UnsafeRawBufferPointer(rebasing: bytes[(range.lowerBound + prefixLength)..<range.upperBound])
    }

    /// The ETag with its quotes; empty when there is none.
    @inline(__always)
    package var etag: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[entry.etag]) }

    /// The time in S3's form.
    @inline(__always)
    package var lastModified: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[entry.lastModified]) }

    @inline(__always)
    package var size: Int { entry.size }

    /// AWS's word; empty for `STANDARD`.
    @inline(__always)
    package var storageClass: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[entry.storageClass]) }
}

/// Looks at what two listings have, key by key.
///
/// Each worker of a ``ListingMerge`` has one of its own, which sees its keys in order, but not all of them.
package protocol ListingVisitor: Sendable {
    /// A key that one or both sides have; called once for each key, within a loop over pages.
    mutating func visit(_ source: ListedKey?, _ target: ListedKey?)

    /// Called after some pages' worth of keys: time to hand on what was found.
    ///
    /// - Parameters:
    ///   - source: The page that ``ListedKey/index`` of the sources is about; `nil` when there was none.
    ///   - target: The same of the targets.
    mutating func pagesVisited(source: ListObjectsV2Page?, target: ListObjectsV2Page?) async throws
}
