package import struct FoundationEssentials.Date

/// One page of ListMultipartUploads.
package struct ListMultipartUploadsPage: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var upload: S3MultipartUpload
        package var initiated: Date?
        package var storageClass: S3StorageClass
        package var checksumAlgorithm: String?
        package var checksumType: S3ChecksumType?
    }

    package struct Marker: Sendable, Equatable {
        package var key: String
        package var uploadID: String
    }

    package var uploads: [Entry]
    /// For the next page; `nil` after the last.
    package var next: Marker?
}

extension S3Client {
    /// ListParts: all parts that an upload has, by number.
    package func listParts(_ upload: S3MultipartUpload) async throws -> [S3UploadedPart] {
        var parts: [S3UploadedPart] = []
        var marker: String?
        while true {
            var query = upload.query()
            if let marker { query.append(QueryItem("part-number-marker", marker)) }
            let request = try request("ListParts", .get, bucket: upload.bucket, key: upload.key, query: query)
            let (document, response) = try await sendForXML(request, root: "ListPartsResult")
            do { parts += try document.all("Part").map(S3UploadedPart.init) } catch {
                throw malformed("\(error)", response: response, of: request)
            }
            guard document["IsTruncated"]?.text == "true" else { return parts }
            let next = document["NextPartNumberMarker"]?.text
            guard let next, let number = Int(next), number > marker.flatMap({ Int($0) }) ?? 0 else {
                throw malformed("the list goes on but does not say where", response: response, of: request)
            }
            marker = next
        }
    }

    /// ListMultipartUploads: up to 1000 of the uploads in progress, by key.
    package func listMultipartUploads(
        bucket: String,
        prefix: String? = nil,
        from marker: ListMultipartUploadsPage.Marker? = nil
    ) async throws -> ListMultipartUploadsPage {
        var query = [QueryItem("uploads"), QueryItem("encoding-type", "url")]
        if let prefix { query.append(QueryItem("prefix", prefix)) }
        if let marker {
            query += [QueryItem("key-marker", marker.key), QueryItem("upload-id-marker", marker.uploadID)]
        }
        let request = request("ListMultipartUploads", .get, bucket: bucket, query: query)
        let (document, response) = try await sendForXML(request, root: "ListMultipartUploadsResult")
        do {
            let decode = try KeyDecoding(document)
            var page = ListMultipartUploadsPage(uploads: [])
            for element in document.all("Upload") {
                guard let uploadID = element["UploadId"]?.text else {
                    throw XMLError(message: "an upload without an id")
                }
                page.uploads.append(
                    ListMultipartUploadsPage.Entry(
                        upload: S3MultipartUpload(
                            bucket: bucket,
                            key: try decode.key(of: element, "Key"),
                            uploadID: uploadID
                        ),
                        initiated: (element["Initiated"]?.text).flatMap { Date(iso8601: $0) },
                        storageClass: S3StorageClass(element["StorageClass"]?.text),
                        checksumAlgorithm: element["ChecksumAlgorithm"]?.text,
                        checksumType: (element["ChecksumType"]?.text).flatMap(S3ChecksumType.init)
                    )
                )
            }
            if document["IsTruncated"]?.text == "true" {
                let next = ListMultipartUploadsPage.Marker(
                    key: try decode.key(of: document, "NextKeyMarker"),
                    uploadID: document["NextUploadIdMarker"]?.text ?? ""
                )
                guard next != marker else { throw XMLError(message: "the next page is this one") }
                page.next = next
            }
            return page
        } catch let error as XMLError {
            throw malformed("\(error)", response: response, of: request)
        }
    }
}
