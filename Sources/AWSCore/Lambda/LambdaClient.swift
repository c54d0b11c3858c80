/// What GetFunctionConfiguration says of a function.
package struct FunctionConfiguration: Sendable, Equatable {
    package var name: String
    package var arn: String
    package var runtime: String?
    /// `Active`, `Pending`, `Inactive` or `Failed`.
    package var state: String?
    package var stateReason: String?
    /// `Successful`, `InProgress` or `Failed`.
    package var lastUpdateStatus: String?
    package var lastUpdateStatusReason: String?
    package var lastModified: String?
    /// Base64 of the SHA-256 of the zip.
    package var codeSHA256: String?
    package var timeoutSeconds: Int?
    package var memoryMegabytes: Int?
}

/// What a synchronous Invoke gave.
package struct InvocationResult: Sendable, Equatable {
    /// The function's answer, or its error as `errorMessage` and `errorType`.
    package var payload: [UInt8]
    /// `Handled` or `Unhandled` when the function failed, else `nil`.
    package var functionError: String?
    package var requestID: String?
}

/// Lambda in one Region.
package struct LambdaClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// GetFunctionConfiguration.
    ///
    /// - Throws: ``AWSError`` of code `ResourceNotFoundException` when there is no such function.
    package func getFunctionConfiguration(_ function: String) async throws -> FunctionConfiguration {
        let request = request("GetFunctionConfiguration", function, method: .get, path: "configuration")
        return try client.decodeJSON(try await client.send(request), of: request) { json throws(ResponseShapeError) in
            FunctionConfiguration(
                name: try json.requiredString("FunctionName"),
                arn: try json.requiredString("FunctionArn"),
                runtime: json["Runtime"]?.string,
                state: json["State"]?.string,
                stateReason: json["StateReason"]?.string,
                lastUpdateStatus: json["LastUpdateStatus"]?.string,
                lastUpdateStatusReason: json["LastUpdateStatusReason"]?.string,
                lastModified: json["LastModified"]?.string,
                codeSHA256: json["CodeSha256"]?.string,
                timeoutSeconds: json["Timeout"]?.integer,
                memoryMegabytes: json["MemorySize"]?.integer
            )
        }
    }

    /// Invoke, and wait for the function's answer.
    ///
    /// A function that fails is a result here, not an error. The call waits as long as a function may run (15 minutes)
    /// and is sent again only when the connection failed, which may run the function twice.
    ///
    /// - Parameter payload: the event, JSON.
    package func invoke(_ function: String, payload: [UInt8]) async throws -> InvocationResult {
        var request = request("Invoke", function, method: .post, path: "invocations")
        request.headers["Content-Type"] = "application/json"
        request.headers["X-Amz-Invocation-Type"] = "RequestResponse"
        request.body = .bytes(payload)
        // Nothing moves on the connection while the function works.
        request.timeouts = HTTPTimeouts(total: .seconds(930), stall: nil)
        let response = try await client.send(request)
        return InvocationResult(
            payload: response.body,
            functionError: response.headers["X-Amz-Function-Error"],
            requestID: ResponseClassifier.requestID(of: response)
        )
    }

    private func request(_ operation: String, _ function: String, method: HTTPMethod, path: String) -> AWSRequest {
        AWSRequest(
            service: .lambda,
            operation: operation,
            region: region,
            method: method,
            path: "/2015-03-31/functions/\(URIEncoding.encode(function))/\(path)",
            resource: function
        )
    }
}
