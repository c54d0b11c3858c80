/// S3 in one Region.
///
/// The operations are extensions, one file for each concern. A bucket that turns out to be in another Region is asked
/// there.
package struct S3Client: Sendable {
    package let client: AWSClient
    package let region: Region
    /// The twelve digits of the account that every bucket must belong to; `nil` for no check.
    ///
    /// S3 refuses calls to other buckets with 403, so that a name that changed hands gets no data.
    package var expectedBucketOwner: String?

    package init(client: AWSClient, region: Region, expectedBucketOwner: String? = nil) {
        self.client = client
        self.region = region
        self.expectedBucketOwner = expectedBucketOwner
    }

    /// A call about a bucket.
    func request(_ operation: String, _ method: HTTPMethod, bucket: String, query: [QueryItem] = []) -> AWSRequest {
        var request = AWSRequest(
            service: .s3,
            operation: operation,
            region: region,
            method: method,
            query: query,
            bucket: bucket,
            resource: "s3://\(bucket)"
        )
        request.headers["x-amz-expected-bucket-owner"] = expectedBucketOwner
        return request
    }

    /// A call about an object.
    ///
    /// - Throws: ``AWSError`` of code `InvalidObjectKey`, before anything is sent, for a key that S3 cannot have: with
    ///   an empty one, the deletion of an object would be the deletion of its bucket.
    func request(
        _ operation: String,
        _ method: HTTPMethod,
        bucket: String,
        key: String,
        versionID: String? = nil,
        query: [QueryItem] = []
    ) throws -> AWSRequest {
        var request = request(operation, method, bucket: bucket, query: query)
        request.path = "/" + URIEncoding.encodePath(key)
        request.resource = "s3://\(bucket)/\(OneLine.text(key))"
        if let versionID { request.query.append(QueryItem("versionId", versionID)) }
        guard (1...1024).contains(key.utf8.count) else {
            throw AWSError(
                code: "InvalidObjectKey",
                message: "a key must have 1 to 1024 bytes, not \(key.utf8.count)",
                kind: .client,
                service: request.service.name,
                operation: operation,
                region: region.name,
                resource: key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(OneLine.text(String(key.prefix(80))))…",
                attempts: 0
            )
        }
        return request
    }

    /// A range that no `Range` header can name.
    func invalid(_ range: Range<Int>, for request: AWSRequest) -> AWSError {
        AWSError(
            code: "InvalidRange",
            message: "bytes \(range.lowerBound) up to \(range.upperBound) are no range to ask for",
            kind: .client,
            service: request.service.name,
            operation: request.operation,
            region: region.name,
            resource: request.resource,
            attempts: 0
        )
    }

    /// An answer that is not what S3 documents.
    func malformed(_ message: String, response: HTTPResponse, of request: AWSRequest) -> AWSError {
        AWSError(
            code: "MalformedResponse",
            message: OneLine.text(message),
            kind: .client,
            status: response.status,
            requestID: ResponseClassifier.requestID(of: response),
            service: request.service.name,
            operation: request.operation,
            region: request.region.name,
            resource: request.resource
        )
    }

    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// Sends a call and reads the XML it is answered with.
    func sendForXML(_ request: AWSRequest, root: String) async throws -> (document: XMLElement, response: HTTPResponse)
    {
        let response = try await client.send(request)
        do {
            let document = try XMLElement(parsing: response.body)
            guard document.name == root else {
                throw XMLError(message: "<\(document.name)> in place of <\(root)>")
            }
            return (document, response)
        } catch {
            throw malformed("\(error)", response: response, of: request)
        }
    }
}
