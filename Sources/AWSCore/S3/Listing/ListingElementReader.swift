/// Reads any listing with an XML parser, element by element and without a tree in between.
///
/// Says what a document is that ``ListingScanner`` does not take: a listing in another form, or none.
final class ListingElementReader {
    private var page = ListingPageBuilder()
    private var entry = ListedObject.Entry()
    private var path: [String] = []
    private var hasKey = false
    private var hasSize = false

    /// - Throws: ``XMLError`` for anything but a whole listing: one that is cut short must not pass for a short one.
    static func read(_ document: [UInt8]) throws -> ListingPageBuilder {
        // The texts are within the document, but references may, in theory, be longer than what they stand for.
        guard document.count <= Int(UInt32.max) / 2 else { throw XMLError(message: "the page is larger than 2 GB") }
        let reader = ListingElementReader()
        let parser = try XMLEventParser(
            onStart: { try reader.started($0) },
            onEnd: { try reader.ended($0, $1) }
        )
        try parser.parse(document)
        return reader.page
    }

    private func started(_ name: String) throws {
        if path.isEmpty, name != "ListBucketResult" {
            throw XMLError(message: "<\(name)> in place of <ListBucketResult>")
        }
        path.append(name)
        if path.count == 2, name == "Contents" {
            entry = ListedObject.Entry()
            hasKey = false
            hasSize = false
        }
    }

    private func ended(_ name: String, _ text: XMLEventParser.Text) throws {
        path.removeLast()
        switch path.count {
        case 1: try pageElementEnded(name, text)
        case 2 where path[1] == "Contents": try objectElementEnded(name, text)
        case 2 where path[1] == "CommonPrefixes" && name == "Prefix":
            page.encodedPrefixes.append(page.prefixes.count)
            page.append(commonPrefix: text.bytes)
        case 3 where path[1] == "Contents" && path[2] == "RestoreStatus":
            if name == "IsRestoreInProgress" { entry.isRestoreInProgress = text == "true" }
            if name == "RestoreExpiryDate" { entry.restoreExpirySpan = page.append(text.bytes) }
        default: break
        }
    }

    private func pageElementEnded(_ name: String, _ text: XMLEventParser.Text) throws {
        switch name {
        case "IsTruncated":
            guard text == "true" || text == "false" else {
                throw XMLError(message: "\"\(text.string)\" does not say whether the listing goes on")
            }
            page.isTruncated = text == "true"
        case "NextContinuationToken": page.nextContinuationToken = text.string
        case "EncodingType": page.isURLEncoded = text == "url"
        case "KeyCount": page.keyCount = Int(text.string)
        case "Contents":
            guard hasKey, hasSize else { throw XMLError(message: "an object without a key or a size") }
            page.encodedKeys.append(page.entries.count)
            page.entries.append(entry)
        default: break
        }
    }

    private func objectElementEnded(_ name: String, _ text: XMLEventParser.Text) throws {
        switch name {
        case "Key":
            entry.keySpan = page.append(text.bytes)
            hasKey = true
        case "Size":
            let text = text.string
            guard let size = Int(text), size >= 0 else { throw XMLError(message: "\"\(text)\" is not a size") }
            entry.size = size
            hasSize = true
        case "LastModified": entry.lastModifiedSpan = page.append(text.bytes)
        case "ETag": entry.etagSpan = page.append(text.bytes)
        case "StorageClass": entry.storageClassSpan = page.append(text.bytes)
        case "ChecksumAlgorithm": entry.checksumAlgorithmSpan = page.append(text.bytes)
        case "ChecksumType": entry.checksumTypeSpan = page.append(text.bytes)
        default: break
        }
    }
}
