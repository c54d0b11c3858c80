/// When an object may be written.
package enum S3WriteCondition: Sendable, Equatable {
    /// Only when there is no object of that key (`If-None-Match: *`).
    case absent
    /// Only over the object with that ETag, quotes included.
    case etag(String)

    func add(to headers: inout HTTPHeaders) {
        switch self {
        case .absent: headers["If-None-Match"] = "*"
        case .etag(let etag): headers["If-Match"] = etag
        }
    }
}

extension AWSError {
    /// Whether S3 said that the bucket, key, version or upload is not there, or (to those who may not list) hides that.
    package var isS3NotFound: Bool { isS3(404, "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NoSuchBucket") }

    /// Whether an `If-Match` or `If-None-Match` did not hold: somebody else's object is there, or none.
    package var isS3PreconditionFailed: Bool { isS3(412, "PreconditionFailed") }

    /// Whether another write of the same key came in between, which says nothing yet of the condition: try again; a
    /// multipart upload anew.
    package var isS3Conflict: Bool { isS3(409, "ConditionalRequestConflict", "OperationAborted") }

    /// By code as well, because a late failure comes with status 200.
    private func isS3(_ status: Int, _ codes: String...) -> Bool {
        service == AWSService.s3.name && (self.status == status || codes.contains(code))
    }
}
