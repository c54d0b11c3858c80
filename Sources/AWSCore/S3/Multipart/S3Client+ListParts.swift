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
}
