/// One call of an AWS operation before it has an endpoint, a signature or an attempt number.
package struct AWSRequest: Sendable {
    package var service: AWSService
    /// AWS's name for the operation: `DescribeTable`.
    package var operation: String
    package var region: Region
    package var method: HTTPMethod
    /// Percent-encoded path below the endpoint.
    package var path: String
    /// Names and values as they are; encoded when the request is built.
    package var query: [QueryItem]
    package var headers: HTTPHeaders
    package var body: HTTPRequestBody
    /// The S3 bucket, for virtual-hosted addressing; the path then does not name it.
    package var bucket: String?
    /// The table, bucket, key or function that messages about this call should name.
    package var resource: String?
    package var timeouts: HTTPTimeouts
    /// Whether the call is signed; STS's AssumeRoleWithWebIdentity and the SSO portal are not.
    package var isSigned: Bool
    /// What the signature says of the body.
    package var payload: SigV4Payload
    /// Whether an answer of status 200 may still hold an error (S3's CopyObject and its like).
    package var failureMayFollowStatus200: Bool

    package init(
        service: AWSService,
        operation: String,
        region: Region,
        method: HTTPMethod = .post,
        path: String = "/",
        query: [QueryItem] = [],
        headers: HTTPHeaders = HTTPHeaders(),
        body: HTTPRequestBody = .empty,
        bucket: String? = nil,
        resource: String? = nil,
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        isSigned: Bool = true,
        payload: SigV4Payload = .automatic,
        failureMayFollowStatus200: Bool = false
    ) {
        self.service = service
        self.operation = operation
        self.region = region
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.bucket = bucket
        self.resource = resource
        self.timeouts = timeouts
        self.isSigned = isSigned
        self.payload = payload
        self.failureMayFollowStatus200 = failureMayFollowStatus200
    }
}

/// One name and value of a query, not encoded.
package struct QueryItem: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String = "") {
        self.name = name
        self.value = value
    }
}
