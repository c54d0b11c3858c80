internal import struct FoundationEssentials.Date

/// Asks the EC2 instance's metadata service, version 2 only, for the credentials of the instance's role.
package struct InstanceMetadataCredentialsProvider: CredentialsProvider {
    private let context: CredentialsContext

    package init(context: CredentialsContext) {
        self.context = context
    }

    package func credentials() async throws -> Credentials {
        let service = try InstanceMetadataService(context: context)
        let token = try await service.sessionToken()
        let path = "/latest/meta-data/iam/security-credentials/"
        let roles = try await service.get(path, token: token)
        guard let role = roles.flatMap({ Self.firstLine($0) }) else {
            throw CredentialsError.notConfigured("this EC2 instance has no role")
        }
        guard let body = try await service.get(path + URIEncoding.encode(role), token: token) else {
            throw CredentialsError.failed("the EC2 metadata service has no credentials for the role \(role)")
        }
        let document = try CredentialsDocument.parse(body, source: service.name)
        if let code = document["Code"]?.string, code != "Success" {
            throw CredentialsError.failed(
                "\(service.name) has no credentials for the role \(role)\(Self.shown(code)); check the role's trust policy"
            )
        }
        var credentials = try CredentialsDocument.credentials(
            in: document,
            names: .metadata,
            isTemporary: true,
            source: service.name
        )
        // While its own source is down, the service goes on giving out credentials that have ended, which AWS then
        // still accepts; the AWS SDKs use them and ask again a little later.
        let now = context.now()
        if let expiration = credentials.expiration, expiration <= now {
            credentials.expiration = now.addingTimeInterval(20 * 60)
        }
        return credentials
    }

    private static func firstLine(_ body: [UInt8]) -> String? {
        let line = body.split(separator: UInt8(ascii: "\n")).first ?? []
        let name = String(decoding: line, as: UTF8.self).strippingASCIIWhitespace
        return name.isEmpty ? nil : name
    }

    /// Codes are single words; anything else is not repeated.
    private static func shown(_ code: String) -> String {
        code.utf8.count <= 64 && code.utf8.allSatisfy(\.isASCIIAlphanumeric) ? " (\(code))" : ""
    }
}
