extension S3Client {
    /// GetObjectTagging; empty for an object without tags.
    package func getObjectTagging(bucket: String, key: String, versionID: String? = nil) async throws -> [S3Tag] {
        let request = try request(
            "GetObjectTagging",
            .get,
            bucket: bucket,
            key: key,
            versionID: versionID,
            query: [QueryItem("tagging")]
        )
        let (document, response) = try await sendForXML(request, root: "Tagging")
        do { return try S3Tag.tags(document) } catch { throw malformed("\(error)", response: response, of: request) }
    }

    /// PutObjectTagging: replaces all tags of the object.
    package func putObjectTagging(
        bucket: String,
        key: String,
        versionID: String? = nil,
        _ tags: [S3Tag]
    ) async throws {
        var request = try request(
            "PutObjectTagging",
            .put,
            bucket: bucket,
            key: key,
            versionID: versionID,
            query: [QueryItem("tagging")]
        )
        request.setXML(S3Tag.document(tags).serialized(namespace: Self.namespace))
        _ = try await client.send(request)
    }

    /// DeleteObjectTagging: takes all tags away.
    package func deleteObjectTagging(bucket: String, key: String, versionID: String? = nil) async throws {
        let request = try request(
            "DeleteObjectTagging",
            .delete,
            bucket: bucket,
            key: key,
            versionID: versionID,
            query: [QueryItem("tagging")]
        )
        _ = try await client.send(request)
    }
}
