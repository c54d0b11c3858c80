/// The object that CopyObject and UploadPartCopy read.
package struct S3CopySource: Sendable, Equatable {
    package var bucket: String
    package var key: String
    /// `nil` for the newest.
    package var versionID: String?
    /// Fails with 412 when the source has another ETag by now, so that all parts are of one object.
    package var ifMatch: String?
    /// The account that the source bucket must belong to; `nil` for no check.
    package var expectedBucketOwner: String?

    package init(
        bucket: String,
        key: String,
        versionID: String? = nil,
        ifMatch: String? = nil,
        expectedBucketOwner: String? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
        self.ifMatch = ifMatch
        self.expectedBucketOwner = expectedBucketOwner
    }

    func add(to headers: inout HTTPHeaders) {
        var source = "\(bucket)/\(URIEncoding.encodePath(key))"
        if let versionID { source += "?versionId=\(URIEncoding.encode(versionID))" }
        headers["x-amz-copy-source"] = source
        headers["x-amz-copy-source-if-match"] = ifMatch
        headers["x-amz-source-expected-bucket-owner"] = expectedBucketOwner
    }
}
