/// KMS in one Region, as far as it tells whose a key is.
package struct KMSClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// Who manages a key.
    package enum KeyManager: Sendable, Equatable {
        /// AWS made it for one of its services, as `alias/aws/dynamodb`.
        case aws
        case customer
    }

    /// DescribeKey.
    ///
    /// - Parameter key: its ARN, id or alias.
    /// - Throws: ``AWSError``: `NotFoundException`, `AccessDeniedException`, …
    package func keyManager(of key: String) async throws -> KeyManager {
        try await client.call(.kms, "DescribeKey", region: region, input: ["KeyId": .string(key)], resource: key) {
            json throws(ResponseShapeError) in
            try json.requiredObject("KeyMetadata").requiredString("KeyManager") == "AWS" ? .aws : .customer
        }
    }
}
