import AWSCore
import AWSTesting
import SyncCore
import Testing

@Suite("A side of a table sync")
struct TableSideTests {
    @Test("is named by the table, whether it was given by name or by ARN")
    func name() throws {
        let region = try #require(Region("eu-west-1"))
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: region,
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKIAEXAMPLE0", secretAccessKey: "s"))
            ),
            transport: FakeTransport([])
        )
        for table in ["Orders", "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"] {
            let side = TableSide(table: table, dynamoDB: DynamoDBClient(client: client, region: region))
            #expect(side.name == "Orders")
            #expect(side.region == region)
        }
    }
}
