/// One page of a listing, in the order of the keys' UTF-8 bytes.
///
/// It owns one array of bytes, which all of its objects share, so that a page of a thousand objects is a handful of
/// allocations.
package struct ListObjectsV2Page: Sendable {
    /// What the entries' ranges are ranges of.
    package let bytes: [UInt8]
    /// The objects without a reference to the page, for loops over ``bytes``.
    package let entries: [ListedObject.Entry]
    /// For the next page; `nil` after the last.
    package let nextContinuationToken: String?
    let prefixSpans: [ByteSpan]

    /// Reads the answer to ListObjectsV2.
    ///
    /// - Throws: ``XMLError`` for anything but a whole listing.
    package init(parsing document: [UInt8]) throws {
        self = try (ListingScanner.read(document) ?? ListingElementReader.read(document)).finish()
    }

    init(bytes: [UInt8], entries: [ListedObject.Entry], nextContinuationToken: String?, prefixSpans: [ByteSpan]) {
        self.bytes = bytes
        self.entries = entries
        self.nextContinuationToken = nextContinuationToken
        self.prefixSpans = prefixSpans
    }

    /// The first objects as a page of its own, without common prefixes.
    ///
    /// - Parameter nextContinuationToken: What the page is to say about what follows; `nil` for nothing.
    package func prefix(_ count: Int, nextContinuationToken: String?) -> ListObjectsV2Page {
        ListObjectsV2Page(
            bytes: bytes,
            entries: count < entries.count ? Array(entries.prefix(count)) : entries,
            nextContinuationToken: nextContinuationToken,
            prefixSpans: []
        )
    }

    package var objects: Objects { Objects(bytes: bytes, entries: entries) }

    package var commonPrefixes: CommonPrefixes { CommonPrefixes(bytes: bytes, spans: prefixSpans) }

    /// The objects of a page.
    package struct Objects: RandomAccessCollection, Sendable {
        let bytes: [UInt8]
        let entries: [ListedObject.Entry]

        package var startIndex: Int { 0 }
        package var endIndex: Int { entries.count }
        package subscript(position: Int) -> ListedObject { ListedObject(bytes: bytes, entry: entries[position]) }
    }

    /// What ``ListObjectsV2Request/delimiter`` rolled up, each as UTF-8 without a copy.
    package struct CommonPrefixes: RandomAccessCollection, Sendable {
        let bytes: [UInt8]
        let spans: [ByteSpan]

        package var startIndex: Int { 0 }
        package var endIndex: Int { spans.count }
        package subscript(position: Int) -> ArraySlice<UInt8> { bytes[spans[position].range] }

        package var texts: [String] { map { String(decoding: $0, as: UTF8.self) } }
    }
}
