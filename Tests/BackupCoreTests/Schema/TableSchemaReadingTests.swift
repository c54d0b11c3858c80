import AWSTesting
import Testing

@testable import AWSCore
@testable import BackupCore

@Suite("Whose key a table is encrypted with")
struct TableSchemaReadingTests {
    private static let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"

    private func schema(answer: FakeTransport.Outcome) async throws -> (TableSchema, [FakeTransport.Recorded]) {
        guard case .object(var table) = try TableDescriptions.onDemand() else {
            throw TableSchemaError(source: "test", message: "the description is no object")
        }
        table["SSEDescription"] = ["Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": .string(Self.key)]
        let transport = FakeTransport { _, _ in answer }
        let credentials = StaticCredentialsProvider(Credentials(accessKeyID: "A", secretAccessKey: "s"))
        let region = try #require(Region("us-east-1"))
        let client = AWSClient(
            configuration: AWSConfiguration(region: region, credentials: credentials),
            transport: transport
        )
        let schema = try await TableSchema.read(
            TableDescription(json: .object(table)),
            client: client,
            region: region
        )
        return (schema, transport.requests)
    }

    @Test("The key that AWS manages is asked for by type and not by name, so that every Region takes its own")
    func managed() async throws {
        let (schema, requests) = try await schema(
            answer: .response(body: #"{"KeyMetadata":{"KeyId":"k","KeyManager":"AWS"}}"#)
        )
        #expect(schema.parameters["SSESpecification"] == ["Enabled": true, "SSEType": "KMS"])
        #expect(requests.count == 1)
        #expect(requests.first?.request.headers["X-Amz-Target"] == "TrentService.DescribeKey")
        #expect(requests.first.map { String(decoding: $0.body, as: UTF8.self) } == #"{"KeyId":"\#(Self.key)"}"#)
    }

    @Test(
        "A customer's key, and one that KMS says nothing of, stays named",
        arguments: [
            (200, #"{"KeyMetadata":{"KeyId":"k","KeyManager":"CUSTOMER"}}"#),
            (400, #"{"__type":"AccessDeniedException","message":"no"}"#),
        ]
    )
    func named(status: Int, body: String) async throws {
        let (schema, _) = try await schema(answer: .response(status, body: body))
        #expect(schema.kmsKeyID == Self.key)
    }
}
