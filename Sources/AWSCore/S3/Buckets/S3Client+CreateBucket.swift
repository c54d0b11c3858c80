extension S3Client {
    /// What CreateBucket found.
    package enum CreateBucketResult: Sendable, Equatable {
        case created
        /// The caller's account has the bucket already; nothing was changed. In us-east-1 S3 may say `created` instead.
        case alreadyThere
    }

    /// CreateBucket, in the client's Region.
    ///
    /// A new bucket is not public and has no access control lists, as S3 makes them since April 2023.
    ///
    /// - Throws: ``AWSError``: `BucketAlreadyExists` when the name belongs to another account, `InvalidBucketName`,
    ///   `TooManyBuckets`, `AccessDenied`, …
    @discardableResult
    package func createBucket(_ bucket: String) async throws -> CreateBucketResult {
        var request = request("CreateBucket", .put, bucket: bucket)
        // Whoever makes a bucket owns it.
        request.headers["x-amz-expected-bucket-owner"] = nil
        // The only Region that must not be named (S3 API Reference, "CreateBucket").
        if region.name != "us-east-1" {
            let location = XMLElement(name: "LocationConstraint", text: region.name)
            let document = XMLElement(name: "CreateBucketConfiguration", children: [location])
            request.headers["Content-Type"] = "application/xml"
            request.body = .bytes(document.serialized(namespace: Self.namespace))
        }
        do {
            _ = try await client.send(request)
            return .created
        } catch let error as AWSError where error.code == "BucketAlreadyOwnedByYou" {
            return .alreadyThere
        }
    }
}
