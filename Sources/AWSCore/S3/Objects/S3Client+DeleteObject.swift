/// What DeleteObject did.
package struct DeleteObjectResult: Sendable, Equatable {
    /// The version that was deleted, or the delete marker that was put on top; `nil` when the bucket has no versions.
    package var versionID: String?
    /// Whether the version is a delete marker.
    package var isDeleteMarker: Bool
}

extension S3Client {
    /// DeleteObject; in a versioned bucket and without `versionID` the object stays under a delete marker.
    ///
    /// It succeeds for an object that is not there.
    ///
    /// - Parameter ifMatch: deletes only the object with this ETag, quotes included; the newest version alone.
    /// - Throws: ``AWSError``: ``AWSError/isS3PreconditionFailed`` when another object is there by now; with `ifMatch`,
    ///   ``AWSError/isS3NotFound`` when there is none.
    @discardableResult
    package func deleteObject(
        bucket: String,
        key: String,
        versionID: String? = nil,
        ifMatch: String? = nil
    ) async throws -> DeleteObjectResult {
        var request = try request("DeleteObject", .delete, bucket: bucket, key: key, versionID: versionID)
        request.headers["If-Match"] = ifMatch
        let response = try await client.send(request)
        return DeleteObjectResult(
            versionID: response.headers["x-amz-version-id"],
            isDeleteMarker: response.headers["x-amz-delete-marker"] == "true"
        )
    }
}
