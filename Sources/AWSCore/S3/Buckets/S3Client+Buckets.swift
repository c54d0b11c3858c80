extension S3Client {
    /// HeadBucket: whether the bucket is there and the caller may list it.
    ///
    /// - Returns: the bucket's Region; `nil` when the server does not say.
    /// - Throws: ``AWSError``: `NotFound`, or `AccessDenied` for a bucket of someone else; ``AWSError/bucketRegion``
    ///   then still has the Region.
    @discardableResult
    package func headBucket(_ bucket: String) async throws -> Region? {
        let response = try await client.send(request("HeadBucket", .head, bucket: bucket))
        return response.headers["x-amz-bucket-region"].flatMap { Region($0) }
    }

    /// The Region in which a bucket lies, also for a caller who may not list it.
    ///
    /// - Throws: ``AWSError`` when S3 does not tell; `NotFound` when there is no such bucket.
    package func bucketRegion(_ bucket: String) async throws -> Region {
        do {
            if let region = try await headBucket(bucket) { return region }
        } catch let error as AWSError {
            guard let region = error.bucketRegion else { throw error }
            return region
        }
        return try await getBucketLocation(bucket)
    }

    /// GetBucketLocation.
    package func getBucketLocation(_ bucket: String) async throws -> Region {
        let request = request("GetBucketLocation", .get, bucket: bucket, query: [QueryItem("location")])
        let (document, response) = try await sendForXML(request, root: "LocationConstraint")
        // The two Regions from before Regions had names of today's form.
        let name =
            switch document.text {
            case "": "us-east-1"
            case "EU": "eu-west-1"
            case let text: text
            }
        guard let region = Region(name) else {
            throw malformed("\"\(name)\" is not a Region", response: response, of: request)
        }
        return region
    }
}
