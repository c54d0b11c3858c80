import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("S3 copies")
struct S3CopyTests {
    private let copied = """
        <?xml version="1.0" encoding="UTF-8"?>
        <CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
        <LastModified>2026-11-21T02:00:05.250Z</LastModified><ETag>&quot;e&quot;</ETag></CopyObjectResult>
        """
    private let copy = CopyObjectRequest(
        source: S3CopySource(
            bucket: "source",
            key: "a b/é",
            versionID: "v+1",
            expectedBucketOwner: "210987654321"
        ),
        bucket: "backups",
        key: "k"
    )

    @Test("CopyObject names its source encoded and reads the result")
    func copies() async throws {
        let s3 = try S3Fixture([.response(headers: ["x-amz-version-id": "n"], body: copied)])
        let result = try await s3.client.copyObject(copy)
        #expect(result.etag == "\"e\"")
        #expect(result.lastModified == Date(timeIntervalSince1970: 1_795_226_405.25))
        #expect(result.versionID == "n")
        let request = try s3.onlyRequest().request
        #expect(request.headers["x-amz-copy-source"] == "source/a%20b/%C3%A9?versionId=v%2B1")
        #expect(request.headers["x-amz-source-expected-bucket-owner"] == "210987654321")
        #expect(request.headers["Authorization"]?.contains(";x-amz-copy-source;") == true)
    }

    @Test("An error in an answer of status 200 is one, and is tried again")
    func errorIn200() async throws {
        let late = "\n<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
        let s3 = try S3Fixture([.response(body: late), .response(body: "<CopyObjectRes"), .response(body: copied)])
        #expect(try await s3.client.copyObject(copy).etag == "\"e\"")
        #expect(s3.transport.requests.count == 3)

        let never = try S3Fixture(FakeTransport { _, _ in .response(body: late) })
        let error = await #expect(throws: AWSError.self) { _ = try await never.client.copyObject(copy) }
        #expect(error?.code == "InternalError")
        #expect(error?.resource == "s3://backups/k")
    }
}
