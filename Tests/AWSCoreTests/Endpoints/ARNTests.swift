import AWSCore
import Testing

@Suite("ARNs")
struct ARNTests {
    @Test("An ARN comes back from its text as it was")
    func roundTrip() throws {
        let text = "arn:aws-cn:lambda:cn-north-1:123456789012:function:name:alias"
        let arn = try #require(ARN(text))
        #expect(arn.description == text)
        #expect(arn.resource == "function:name:alias")
        #expect(try #require(ARN("arn:aws:s3:::bucket/key")).region.isEmpty)
    }

    @Test(
        "What is no ARN is refused",
        arguments: [
            "", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "arn:aws::::b", "urn:aws:s3:::b",
            "arn:aws:s3:::a b",
        ]
    )
    func malformed(text: String) {
        #expect(ARN(text) == nil)
    }

    @Test("Tables, exports and imports know their names")
    func tables() throws {
        let region = try #require(Region("us-gov-west-1"))
        let table = ARN.table("Orders", region: region, account: "123456789012")
        #expect(table.description == "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/Orders")
        #expect(table.tableName == "Orders")
        #expect(table.exportID == nil)
        let export = try #require(ARN("\(table)/export/01695353076000-06e2188f"))
        #expect(export.tableName == "Orders")
        #expect(export.table == table)
        #expect(export.exportID == "01695353076000-06e2188f")
        #expect(export.importID == nil)
        #expect(try #require(ARN("\(table)/import/0123")).importID == "0123")
    }

    @Test(
        "Other resources have no table",
        arguments: [
            "arn:aws:s3:::table/Orders", "arn:aws:dynamodb:us-east-1:1:table/", "arn:aws:dynamodb:us-east-1:1:table",
            "arn:aws:dynamodb::1:global-table/Orders",
        ]
    )
    func others(text: String) throws {
        let arn = try #require(ARN(text))
        #expect(arn.tableName == nil)
        #expect(arn.table == nil)
    }
}
