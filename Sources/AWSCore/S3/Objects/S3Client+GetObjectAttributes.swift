package import struct FoundationEssentials.Date

/// What S3 knows of an object without reading it.
package struct S3ObjectAttributes: Sendable, Equatable {
    /// One part of an object that was uploaded in parts with a checksum.
    package struct Part: Sendable, Equatable {
        package var number: Int
        /// Bytes.
        package var size: Int
        package var checksums: [S3Checksum]
    }

    /// With its quotes, as everywhere else; here alone, S3 leaves them out.
    package var etag: String?
    /// Bytes.
    package var size: Int?
    package var lastModified: Date?
    package var versionID: String?
    package var storageClass: S3StorageClass
    package var checksums: [S3Checksum]
    package var checksumType: S3ChecksumType?
    /// How many parts it was uploaded in; `nil` for one that came whole.
    package var partCount: Int?
    /// All parts, by number; empty also when they were uploaded without a checksum, for S3 then tells only how many.
    package var parts: [Part]
}

extension S3Client {
    /// GetObjectAttributes: sizes and checksums of an object and of its parts.
    ///
    /// Needs `s3:GetObjectAttributes` as well as `s3:GetObject`.
    package func getObjectAttributes(
        bucket: String,
        key: String,
        versionID: String? = nil
    ) async throws -> S3ObjectAttributes {
        var request = try request(
            "GetObjectAttributes",
            .get,
            bucket: bucket,
            key: key,
            versionID: versionID,
            query: [QueryItem("attributes")]
        )
        request.headers["x-amz-object-attributes"] = "ETag,Checksum,ObjectParts,StorageClass,ObjectSize"
        var result: S3ObjectAttributes?
        while true {
            let (document, response) = try await sendForXML(request, root: "GetObjectAttributesResponse")
            let page = Self.attributes(document, response.headers)
            if result == nil {
                result = page
            } else {
                // Parts of another object, written between two pages.
                guard result?.etag == page.etag else {
                    throw malformed("the object changed while its parts were listed", response: response, of: request)
                }
                result?.parts += page.parts
            }
            guard document["ObjectParts"]?["IsTruncated"]?.text == "true", let result else { break }
            let last = result.parts.last?.number ?? 0
            guard let marker = document["ObjectParts"]?["NextPartNumberMarker"]?.text, Int(marker) == last, last > 0
            else {
                throw malformed("the list of parts goes on but does not say where", response: response, of: request)
            }
            request.headers["x-amz-part-number-marker"] = marker
        }
        guard let result else { throw CancellationError() }
        return result
    }

    private static func attributes(_ document: XMLElement, _ headers: HTTPHeaders) -> S3ObjectAttributes {
        let etag = document["ETag"]?.text
        let parts = (document["ObjectParts"]?.all("Part") ?? []).compactMap { part -> S3ObjectAttributes.Part? in
            guard let number = (part["PartNumber"]?.text).flatMap({ Int($0) }),
                let size = (part["Size"]?.text).flatMap({ Int($0) })
            else { return nil }
            return S3ObjectAttributes.Part(number: number, size: size, checksums: S3Checksum.all(in: part))
        }
        return S3ObjectAttributes(
            etag: etag.map { $0.hasPrefix("\"") ? $0 : "\"\($0)\"" },
            size: (document["ObjectSize"]?.text).flatMap { Int($0) },
            lastModified: headers["Last-Modified"].flatMap(HTTPDate.parse),
            versionID: headers["x-amz-version-id"],
            storageClass: S3StorageClass(document["StorageClass"]?.text),
            checksums: S3Checksum.all(in: document["Checksum"]),
            checksumType: (document["Checksum"]?["ChecksumType"]?.text).flatMap(S3ChecksumType.init),
            partCount: (document["ObjectParts"]?["PartsCount"]?.text).flatMap { Int($0) },
            parts: parts
        )
    }
}
