internal import Glibc

package import struct FoundationEssentials.Date

/// One object of a ``ListObjectsV2Page``: a view of the page's bytes.
///
/// Making, copying and dropping one allocates nothing, but keeps the whole page in memory. Of its members, those that
/// are texts are made anew at each call.
package struct ListedObject: Sendable {
    /// Where the page's bytes hold what S3 said of one object; an empty range where it said nothing.
    ///
    /// For loops that cannot afford a reference count for each object: see ``ListObjectsV2Page/entries``.
    package struct Entry: Sendable {
        var keySpan = ByteSpan()
        var etagSpan = ByteSpan()
        var lastModifiedSpan = ByteSpan()
        var storageClassSpan = ByteSpan()
        var checksumAlgorithmSpan = ByteSpan()
        var checksumTypeSpan = ByteSpan()
        var restoreExpirySpan = ByteSpan()
        var isRestoreInProgress = false
        /// Bytes.
        package internal(set) var size = 0

        /// The key, decoded.
        package var key: Range<Int> { keySpan.range }
        /// The ETag, with its quotes.
        package var etag: Range<Int> { etagSpan.range }
        /// The time in S3's form, `2009-10-12T17:50:30.000Z`.
        package var lastModified: Range<Int> { lastModifiedSpan.range }
        /// AWS's word; empty for `STANDARD`, too, with some servers.
        package var storageClass: Range<Int> { storageClassSpan.range }
    }

    /// The page's bytes.
    package let bytes: [UInt8]
    package let entry: Entry

    /// The key as UTF-8, without a copy.
    package var keyBytes: ArraySlice<UInt8> { bytes[entry.key] }
    package var key: String { text(entry.keySpan) }
    /// Bytes.
    package var size: Int { entry.size }
    /// With its quotes, without a copy; empty when S3 gives none.
    package var etagBytes: ArraySlice<UInt8> { bytes[entry.etag] }
    /// With its quotes.
    package var etag: String? { optionalText(entry.etagSpan) }
    /// `nil` as well for a time that is none.
    package var lastModified: Date? { Date(iso8601: bytes[entry.lastModified]) }
    package var storageClass: S3StorageClass { S3StorageClass(optionalText(entry.storageClassSpan)) }
    /// AWS's word for the checksum that the object has, such as `CRC64NVME`; the last, should it have several.
    package var checksumAlgorithm: String? { optionalText(entry.checksumAlgorithmSpan) }
    /// `FULL_OBJECT` or `COMPOSITE`.
    package var checksumType: String? { optionalText(entry.checksumTypeSpan) }
    /// `nil` also when ``ListObjectsV2Request/includesRestoreStatus`` was not asked for.
    package var restoreStatus: S3RestoreStatus? {
        if entry.isRestoreInProgress { return .inProgress }
        guard !entry.restoreExpirySpan.isEmpty else { return nil }
        return .restored(until: Date(iso8601: bytes[entry.restoreExpirySpan.range]))
    }

    private func text(_ span: ByteSpan) -> String { String(decoding: bytes[span.range], as: UTF8.self) }

    private func optionalText(_ span: ByteSpan) -> String? { span.isEmpty ? nil : text(span) }
}

/// The order in which S3 lists keys.
package enum KeyOrder {
    /// Negative when the left bytes come first, 0 when both are the same.
    package static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let common = min(left.count, right.count)
        if common > 0, let leftStart = left.baseAddress, let rightStart = right.baseAddress {
            let order = memcmp(leftStart, rightStart, common)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }
}

/// A range of a page's bytes in half the room of a `Range<Int>`.
struct ByteSpan: Sendable {
    private(set) var start: UInt32 = 0
    var count: UInt32 = 0

    init() {}

    /// - Precondition: both ends fit; ``ListingPageBuilder`` refuses larger pages.
    @inline(__always)
    init(from start: Int, to end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: end - start)
    }

    @inline(__always)
    var isEmpty: Bool { count == 0 }
    @inline(__always)
    var range: Range<Int> { Int(start)..<(Int(start) + Int(count)) }
}
