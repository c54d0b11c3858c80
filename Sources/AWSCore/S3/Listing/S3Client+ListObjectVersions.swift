package import struct FoundationEssentials.Date

/// A version of an object, or the marker of its deletion.
package struct S3ObjectVersion: Sendable, Equatable {
    package var key: String
    /// `null` for an object from before the bucket had versions.
    package var versionID: String
    package var isLatest: Bool
    package var isDeleteMarker: Bool
    package var lastModified: Date?
    /// With its quotes; `nil` for a delete marker.
    package var etag: String?
    /// Bytes; 0 for a delete marker.
    package var size: Int
    package var storageClass: S3StorageClass
    package var checksumAlgorithm: String?
}

/// One page of ListObjectVersions: by key, newest first within a key.
package struct ListObjectVersionsPage: Sendable, Equatable {
    package struct Marker: Sendable, Equatable {
        package var key: String
        /// `nil` for all versions of the keys behind.
        package var versionID: String?

        package init(key: String, versionID: String? = nil) {
            self.key = key
            self.versionID = versionID
        }
    }

    package var versions: [S3ObjectVersion]
    package var commonPrefixes: [String]
    /// For the next page; `nil` after the last.
    package var next: Marker?
}

extension S3Client {
    /// ListObjectVersions: up to 1000 versions and delete markers.
    package func listObjectVersions(
        bucket: String,
        prefix: String? = nil,
        delimiter: String? = nil,
        maximumKeys: Int? = nil,
        from marker: ListObjectVersionsPage.Marker? = nil
    ) async throws -> ListObjectVersionsPage {
        var query = [QueryItem("versions"), QueryItem("encoding-type", "url")]
        for (name, value) in [
            ("prefix", prefix), ("delimiter", delimiter), ("max-keys", maximumKeys.map(String.init)),
            ("key-marker", marker?.key), ("version-id-marker", marker?.versionID),
        ] {
            if let value { query.append(QueryItem(name, value)) }
        }
        var request = request("ListObjectVersions", .get, bucket: bucket, query: query)
        if let prefix { request.resource = "s3://\(bucket)/\(OneLine.text(prefix))" }
        let (document, response) = try await sendForXML(request, root: "ListVersionsResult")
        do {
            let page = try ListObjectVersionsPage(document)
            guard page.next == nil || page.next != marker else { throw XMLError(message: "the next page is this one") }
            return page
        } catch {
            throw malformed("\(error)", response: response, of: request)
        }
    }
}

extension ListObjectVersionsPage {
    fileprivate init(_ document: XMLElement) throws {
        let decode = try KeyDecoding(document)
        versions = try document.children.compactMap { element in
            switch element.name {
            case "Version": try S3ObjectVersion(element, isDeleteMarker: false, decode)
            case "DeleteMarker": try S3ObjectVersion(element, isDeleteMarker: true, decode)
            default: nil
            }
        }
        commonPrefixes = try document.all("CommonPrefixes").flatMap { element in
            try element.all("Prefix").map {
                try decode.key(of: XMLElement(name: element.name, children: [$0]), "Prefix")
            }
        }
        guard document["IsTruncated"]?.text == "true" else { return }
        let versionID = document["NextVersionIdMarker"]?.text
        next = Marker(
            key: try decode.key(of: document, "NextKeyMarker"),
            versionID: versionID?.isEmpty == false ? versionID : nil
        )
    }
}

extension S3ObjectVersion {
    fileprivate init(_ element: XMLElement, isDeleteMarker: Bool, _ decode: KeyDecoding) throws {
        let size = (element["Size"]?.text).flatMap { Int($0) }
        guard let versionID = element["VersionId"]?.text, isDeleteMarker || size != nil else {
            throw XMLError(message: "a version without an id or a size")
        }
        key = try decode.key(of: element, "Key")
        self.versionID = versionID
        isLatest = element["IsLatest"]?.text == "true"
        self.isDeleteMarker = isDeleteMarker
        lastModified = (element["LastModified"]?.text).flatMap { Date(iso8601: $0) }
        etag = isDeleteMarker ? nil : element["ETag"]?.text
        self.size = size ?? 0
        storageClass = S3StorageClass(element["StorageClass"]?.text)
        checksumAlgorithm = element["ChecksumAlgorithm"]?.text
    }
}
