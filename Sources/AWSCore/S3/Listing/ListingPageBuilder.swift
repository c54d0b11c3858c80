/// Collects a page's parts, from whoever reads them, and checks and decodes them at the end.
package struct ListingPageBuilder {
    var bytes: [UInt8] = []
    var entries: [ListedObject.Entry] = []
    var prefixes: [ByteSpan] = []
    /// The entries whose keys, and the common prefixes, in which `%` or `+` may stand, which are to be decoded when the
    /// answer says so, in no fixed place.
    var encodedKeys: [Int] = []
    var encodedPrefixes: [Int] = []
    var isURLEncoded = false
    /// `nil` when the answer does not say.
    var isTruncated: Bool?
    var nextContinuationToken: String?
    var keyCount: Int?

    package init() {}

    /// Adds an object, key and all as they are.
    ///
    /// - Parameters:
    ///   - lastModified: in S3's form, `2009-10-12T17:50:30.000Z`.
    ///   - restoreExpiry: the same; `nil` when no restored copy is there.
    package mutating func append(
        key: some Collection<UInt8>,
        size: Int,
        lastModified: String = "",
        etag: String = "",
        storageClass: String = "",
        isRestoreInProgress: Bool = false,
        restoreExpiry: String? = nil
    ) {
        var entry = ListedObject.Entry()
        entry.keySpan = append(key)
        entry.size = size
        entry.lastModifiedSpan = append(lastModified.utf8)
        entry.etagSpan = append(etag.utf8)
        entry.storageClassSpan = append(storageClass.utf8)
        entry.isRestoreInProgress = isRestoreInProgress
        if let restoreExpiry { entry.restoreExpirySpan = append(restoreExpiry.utf8) }
        entries.append(entry)
    }

    package mutating func append(commonPrefix: some Collection<UInt8>) {
        prefixes.append(append(commonPrefix))
    }

    /// How many objects and common prefixes there are by now.
    package var count: Int { entries.count + prefixes.count }

    mutating func append(_ text: some Collection<UInt8>) -> ByteSpan {
        let start = bytes.count
        bytes.append(contentsOf: text)
        return ByteSpan(from: start, to: bytes.count)
    }

    /// The page, when there is another behind it.
    package consuming func page(nextContinuationToken: String?) throws -> ListObjectsV2Page {
        self.nextContinuationToken = nextContinuationToken
        self.isTruncated = nextContinuationToken != nil
        return try finish()
    }

    /// - Throws: ``XMLError`` when the page shows by itself that something is missing, or a key is not decodable.
    consuming func finish() throws -> ListObjectsV2Page {
        try checkCompleteness()
        if isURLEncoded {
            try bytes.withUnsafeMutableBufferPointer { bytes in
                for index in encodedKeys { entries[index].keySpan = try decode(bytes, entries[index].keySpan) }
                for index in encodedPrefixes { prefixes[index] = try decode(bytes, prefixes[index]) }
            }
        }
        return ListObjectsV2Page(
            bytes: bytes,
            entries: entries,
            nextContinuationToken: nextContinuationToken,
            prefixSpans: prefixes
        )
    }

    private mutating func checkCompleteness() throws {
        guard bytes.count <= Int(UInt32.max) else { throw XMLError(message: "the page is larger than 4 GB") }
        if let keyCount, keyCount > count {
            throw XMLError(message: "the listing has \(count) entries in place of the \(keyCount) it speaks of")
        }
        switch isTruncated {
        case false: nextContinuationToken = nil
        case true where nextContinuationToken?.isEmpty != false:
            throw XMLError(message: "the listing goes on but has no continuation token")
        default: if nextContinuationToken?.isEmpty == true { nextContinuationToken = nil }
        }
    }

    private func decode(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ span: ByteSpan) throws -> ByteSpan {
        guard let decoded = URIEncoding.decodeForm(bytes, span.range) else {
            let text = String(decoding: UnsafeMutableBufferPointer(rebasing: bytes[span.range]), as: UTF8.self)
            throw XMLError(message: "\"\(text)\" is not a percent-encoded key")
        }
        return ByteSpan(from: decoded.lowerBound, to: decoded.upperBound)
    }
}
