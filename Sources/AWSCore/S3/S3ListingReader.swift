/// Reads a page of ListObjectsV2 element by element, without a tree in between.
final class S3ListingReader {
    private var page = ListObjectsV2Page(objects: [], commonPrefixes: [])
    private var object = S3ObjectSummary(key: "", size: 0)
    private var path: [String] = []
    private var isURLEncoded = false
    private var isTruncated = false
    private var hasKey = false
    private var hasSize = false
    private var isRestoreInProgress: Bool?
    private var restoreExpiry: String?

    /// - Throws: ``XMLError`` for anything but a whole listing: one that is cut short must not pass for a short one.
    static func page(_ bytes: [UInt8]) throws -> ListObjectsV2Page {
        let reader = S3ListingReader()
        let parser = try XMLEventParser(
            onStart: { try reader.started($0) },
            onEnd: { try reader.ended($0, $1) }
        )
        try parser.parse(bytes)
        return try reader.finish()
    }

    private func started(_ name: String) throws {
        if path.isEmpty, name != "ListBucketResult" {
            throw XMLError(message: "<\(name)> in place of <ListBucketResult>")
        }
        path.append(name)
        if path.count == 2, name == "Contents" {
            object = S3ObjectSummary(key: "", size: 0)
            hasKey = false
            hasSize = false
            isRestoreInProgress = nil
            restoreExpiry = nil
        }
    }

    private func ended(_ name: String, _ text: XMLEventParser.Text) throws {
        path.removeLast()
        switch path.count {
        case 1: try pageElementEnded(name, text)
        case 2 where path[1] == "Contents": try objectElementEnded(name, text)
        case 2 where path[1] == "CommonPrefixes" && name == "Prefix": page.commonPrefixes.append(text.string)
        case 3 where path[2] == "RestoreStatus":
            if name == "IsRestoreInProgress" { isRestoreInProgress = text == "true" }
            if name == "RestoreExpiryDate" { restoreExpiry = text.string }
        default: break
        }
    }

    private func pageElementEnded(_ name: String, _ text: XMLEventParser.Text) throws {
        switch name {
        case "IsTruncated": isTruncated = text == "true"
        case "NextContinuationToken": page.nextContinuationToken = text.string
        case "EncodingType": isURLEncoded = text == "url"
        case "Contents":
            guard hasKey, hasSize else { throw XMLError(message: "an object without a key or a size") }
            page.objects.append(object)
        default: break
        }
    }

    private func objectElementEnded(_ name: String, _ text: XMLEventParser.Text) throws {
        switch name {
        case "Key":
            object.key = text.string
            hasKey = true
        case "Size":
            let text = text.string
            guard let size = Int(text), size >= 0 else { throw XMLError(message: "\"\(text)\" is not a size") }
            object.size = size
            hasSize = true
        case "LastModified": object.lastModified = S3Date.parse(text.string)
        case "ETag": object.etag = text.string
        case "StorageClass": object.storageClass = S3StorageClass(text.string)
        case "RestoreStatus":
            if isRestoreInProgress == true {
                object.restoreStatus = .inProgress
            } else if let restoreExpiry {
                object.restoreStatus = .restored(until: S3Date.parse(restoreExpiry))
            }
        default: break
        }
    }

    /// Decodes the keys at the end, because only the answer says whether it is encoded, and that in no fixed place.
    private func finish() throws -> ListObjectsV2Page {
        if isURLEncoded {
            for index in page.objects.indices { page.objects[index].key = try decode(page.objects[index].key) }
            for index in page.commonPrefixes.indices {
                page.commonPrefixes[index] = try decode(page.commonPrefixes[index])
            }
        }
        if !isTruncated {
            page.nextContinuationToken = nil
        } else if page.nextContinuationToken?.isEmpty != false {
            throw XMLError(message: "the listing goes on but has no continuation token")
        }
        return page
    }

    private func decode(_ text: String) throws -> String {
        guard let key = URIEncoding.decodeForm(text) else {
            throw XMLError(message: "\"\(text)\" is not a percent-encoded key")
        }
        return key
    }
}
