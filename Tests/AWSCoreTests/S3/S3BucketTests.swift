import AWSCore
import AWSTesting
import Testing

@Suite("S3 buckets")
struct S3BucketTests {
    @Test("A bucket of another Region is asked there")
    func redirect() async throws {
        let s3 = try S3Fixture([
            .response(301, headers: ["x-amz-bucket-region": "eu-central-1"]),
            .response(headers: ["x-amz-bucket-region": "eu-central-1"]),
        ])
        #expect(try await s3.client.headBucket("backups")?.name == "eu-central-1")
        #expect(
            s3.transport.requests.map(\.request.authority) == [
                "backups.s3.us-west-2.amazonaws.com", "backups.s3.eu-central-1.amazonaws.com",
            ]
        )
        let authorization = s3.transport.requests.last?.request.headers["Authorization"]
        #expect(authorization?.contains("/eu-central-1/s3/aws4_request") == true)
    }

    @Test("The Region of a bucket that refuses everything else is known")
    func regionOfForbiddenBucket() async throws {
        let s3 = try S3Fixture([.response(403, headers: ["x-amz-bucket-region": "us-east-1"])])
        #expect(try await s3.client.bucketRegion("backups").name == "us-east-1")
        let absent = try S3Fixture([.response(404)])
        let error = await #expect(throws: AWSError.self) { _ = try await absent.client.bucketRegion("backups") }
        #expect(error?.isS3NotFound == true)
    }

    @Test(
        "Locations have their old names too",
        arguments: [("", "us-east-1"), ("EU", "eu-west-1"), ("us-west-2", "us-west-2")]
    )
    func location(text: String, name: String) async throws {
        let body = "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(text)</LocationConstraint>"
        let s3 = try S3Fixture([.response(body: body)])
        #expect(try await s3.client.getBucketLocation("backups").name == name)
        #expect(try s3.onlyRequest().request.query == "location=")
    }
}
