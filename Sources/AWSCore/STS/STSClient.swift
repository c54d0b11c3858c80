/// The calls of AWS STS that the product makes.
package struct STSClient: Sendable {
    private let client: AWSClient
    private let region: Region

    package init(_ client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// What AssumeRole takes.
    package struct AssumeRoleInput: Sendable {
        package var roleARN: String
        /// 2 to 64 letters, digits and `_+=,.@-`; shown by CloudTrail.
        package var sessionName: String
        package var externalID: String?
        /// From 900 to the role's own maximum, at most 43,200; `nil` for 3,600.
        package var durationSeconds: Int?

        package init(roleARN: String, sessionName: String, externalID: String? = nil, durationSeconds: Int? = nil) {
            self.roleARN = roleARN
            self.sessionName = sessionName
            self.externalID = externalID
            self.durationSeconds = durationSeconds
        }
    }

    /// What AssumeRoleWithWebIdentity takes.
    package struct AssumeRoleWithWebIdentityInput: Sendable {
        package var roleARN: String
        package var sessionName: String
        /// Secret.
        package var webIdentityToken: String

        package init(roleARN: String, sessionName: String, webIdentityToken: String) {
            self.roleARN = roleARN
            self.sessionName = sessionName
            self.webIdentityToken = webIdentityToken
        }
    }

    /// Who the credentials belong to.
    package struct CallerIdentity: Sendable, Equatable {
        package var account: String
        package var arn: String
        package var userID: String
    }

    /// The account and identity that the client's credentials belong to; needs no permission.
    package func getCallerIdentity() async throws -> CallerIdentity {
        let call = Call("GetCallerIdentity")
        let result = try await send(call)
        return CallerIdentity(
            account: try text("Account", in: result, of: call),
            arn: try text("Arn", in: result, of: call),
            userID: try text("UserId", in: result, of: call)
        )
    }

    /// Temporary credentials of a role.
    package func assumeRole(_ input: AssumeRoleInput) async throws -> Credentials {
        var call = Call("AssumeRole", resource: input.roleARN)
        call.parameters = [
            QueryItem("RoleArn", input.roleARN),
            QueryItem("RoleSessionName", input.sessionName),
        ]
        if let externalID = input.externalID { call.parameters.append(QueryItem("ExternalId", externalID)) }
        if let seconds = input.durationSeconds { call.parameters.append(QueryItem("DurationSeconds", "\(seconds)")) }
        return try credentials(in: try await send(call), of: call)
    }

    /// Temporary credentials of a role for a token of another identity provider; not signed.
    package func assumeRoleWithWebIdentity(_ input: AssumeRoleWithWebIdentityInput) async throws -> Credentials {
        var call = Call("AssumeRoleWithWebIdentity", resource: input.roleARN)
        call.isSigned = false
        call.parameters = [
            QueryItem("RoleArn", input.roleARN),
            QueryItem("RoleSessionName", input.sessionName),
            QueryItem("WebIdentityToken", input.webIdentityToken),
        ]
        return try credentials(in: try await send(call), of: call)
    }

    /// One call of AWS's Query protocol: a form out, XML back.
    private struct Call {
        var operation: String
        var resource: String?
        var parameters: [QueryItem] = []
        var isSigned = true

        init(_ operation: String, resource: String? = nil) {
            self.operation = operation
            self.resource = resource
        }
    }

    /// The `<operation>Result` of the answer.
    private func send(_ call: Call) async throws -> XMLElement {
        let form = [QueryItem("Action", call.operation), QueryItem("Version", "2011-06-15")] + call.parameters
        let request = AWSRequest(
            service: .sts,
            operation: call.operation,
            region: region,
            headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
            body: .bytes(Array(URIEncoding.query(form).utf8)),
            resource: call.resource,
            timeouts: HTTPTimeouts(total: .seconds(60)),
            isSigned: call.isSigned
        )
        let response = try await client.send(request)
        let document: XMLElement
        do { document = try XMLElement(parsing: response.body) } catch {
            // As a proxy's page has it.
            throw malformed(call, "the answer is no XML: \(error)")
        }
        guard let result = document["\(call.operation)Result"] else {
            throw malformed(call, "the answer has no \(call.operation)Result")
        }
        return result
    }

    private func credentials(in result: XMLElement, of call: Call) throws -> Credentials {
        guard let element = result["Credentials"] else { throw malformed(call, "the answer has no Credentials") }
        let expiration = try text("Expiration", in: element, of: call)
        guard let date = CredentialsDate.parse(expiration) else {
            throw malformed(call, "the answer's Expiration is no ISO 8601 time")
        }
        return Credentials(
            accessKeyID: try text("AccessKeyId", in: element, of: call),
            secretAccessKey: try text("SecretAccessKey", in: element, of: call),
            sessionToken: try text("SessionToken", in: element, of: call),
            expiration: date
        )
    }

    private func text(_ name: String, in element: XMLElement, of call: Call) throws -> String {
        guard let text = element[name]?.text, !text.isEmpty else { throw malformed(call, "the answer has no \(name)") }
        return text
    }

    /// Never shows what came instead: it may hold keys.
    private func malformed(_ call: Call, _ message: String) -> AWSError {
        AWSError(
            code: "MalformedResponse",
            message: message,
            kind: .client,
            service: AWSService.sts.name,
            operation: call.operation,
            region: region.name,
            resource: call.resource
        )
    }
}
