import AWSCore
import AWSTesting

/// Answers what the oracle's script answers to botocore.
enum OracleTransport {
    static func make() -> FakeTransport {
        FakeTransport { recorded, _ in .response(body: answer(recorded)) }
    }

    private static func answer(_ recorded: FakeTransport.Recorded) -> String {
        let request = recorded.request
        let host = request.authority
        if request.path.hasSuffix("/federation/credentials") {
            let query = pairs(request.query)
            let token = request.headers["x-amz-sso_bearer_token"] ?? ""
            let key = "sso \(host) \(query["role_name"] ?? "") \(query["account_id"] ?? "") \(token)"
            return #"{"roleCredentials": {"accessKeyId": "\#(key)", "secretAccessKey": "s", "sessionToken": "t", "#
                + #""expiration": 4070908800000}}"#
        }
        if host == "169.254.170.2" || host.hasPrefix("127.0.0.1") {
            return document("container \(request.url) \(request.headers["Authorization"] ?? "")")
        }
        if host == "169.254.169.254" {
            if request.method == .put { return "token" }
            return request.path.hasSuffix("/security-credentials/") ? "role" : document("instance \(request.path)")
        }
        let form = pairs(recorded.bodyText)
        let detail = ["ExternalId", "DurationSeconds", "WebIdentityToken"].map { form[$0] ?? "" }.joined(separator: ",")
        let signed = request.headers["Authorization"]?.split(separator: "Credential=").last
        let signer = signed.map { $0.prefix { $0 != "/" } } ?? ""
        return assumeRoleAnswer(
            form["Action"] ?? "",
            "\(host) \(form["RoleArn"] ?? "") \(detail) by [\(signer)]",
            expiration: "2099-01-01T00:00:00Z"
        )
    }

    private static func document(_ id: String) -> String {
        metadataDocument(id, expiration: "2099-01-01T00:00:00Z")
    }

    private static func pairs(_ form: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for pair in form.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            pairs[String(halves[0])] = halves.count == 2 ? URIEncoding.decodeForm(String(halves[1])) : ""
        }
        return pairs
    }
}
