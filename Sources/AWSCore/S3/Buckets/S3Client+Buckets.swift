/// Whether a bucket keeps versions.
package enum S3BucketVersioning: Sendable, Equatable {
    case enabled
    /// Turned off; versions from before are still there.
    case suspended
    /// Never turned on.
    case unversioned
}

/// Which public access S3 refuses for a bucket.
package struct S3PublicAccessBlock: Sendable, Equatable {
    package var blockPublicACLs: Bool
    package var ignorePublicACLs: Bool
    package var blockPublicPolicy: Bool
    package var restrictPublicBuckets: Bool

    package var blocksEverything: Bool {
        blockPublicACLs && ignorePublicACLs && blockPublicPolicy && restrictPublicBuckets
    }
}

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

    /// GetBucketVersioning.
    package func getBucketVersioning(_ bucket: String) async throws -> S3BucketVersioning {
        let request = request("GetBucketVersioning", .get, bucket: bucket, query: [QueryItem("versioning")])
        let (document, response) = try await sendForXML(request, root: "VersioningConfiguration")
        switch document["Status"]?.text {
        case nil: return .unversioned
        case "Enabled": return .enabled
        case "Suspended": return .suspended
        case .some(let text):
            throw malformed("\"\(text)\" is no status of versioning", response: response, of: request)
        }
    }

    /// GetPublicAccessBlock of the bucket; the account may block more.
    ///
    /// - Returns: `nil` when the bucket has none.
    package func getPublicAccessBlock(_ bucket: String) async throws -> S3PublicAccessBlock? {
        let request = request("GetPublicAccessBlock", .get, bucket: bucket, query: [QueryItem("publicAccessBlock")])
        do {
            let (document, _) = try await sendForXML(request, root: "PublicAccessBlockConfiguration")
            func isSet(_ name: String) -> Bool { document[name]?.text.lowercased() == "true" }
            return S3PublicAccessBlock(
                blockPublicACLs: isSet("BlockPublicAcls"),
                ignorePublicACLs: isSet("IgnorePublicAcls"),
                blockPublicPolicy: isSet("BlockPublicPolicy"),
                restrictPublicBuckets: isSet("RestrictPublicBuckets")
            )
        } catch let error as AWSError where error.code == "NoSuchPublicAccessBlockConfiguration" {
            return nil
        }
    }
}
