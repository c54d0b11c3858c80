import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("S3 listings")
struct S3ListingTests {
    private func page(_ inner: String, encoding: String = "<EncodingType>url</EncodingType>") -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>backups</Name>\(inner)\(encoding)\
        </ListBucketResult>
        """
    }

    private func object(_ key: String, _ rest: String = "") -> String {
        """
        <Contents><Key>\(key)</Key><LastModified>2026-11-21T02:00:05.000Z</LastModified>\
        <ETag>&quot;e&quot;</ETag><Size>12</Size>\(rest)</Contents>
        """
    }

    @Test("A listing goes through its pages and decodes keys")
    func pages() async throws {
        let s3 = try S3Fixture([
            .response(
                body: page(
                    object("a+b%2Bc%0A%C3%A9", "<StorageClass>GLACIER</StorageClass>")
                        + "<CommonPrefixes><Prefix>daily/2026%201/</Prefix></CommonPrefixes>"
                        + "<IsTruncated>true</IsTruncated><NextContinuationToken>t+/=</NextContinuationToken>"
                )
            ),
            .response(
                body: page(
                    object(
                        "z",
                        "<StorageClass>DEEP_ARCHIVE</StorageClass><RestoreStatus>"
                            + "<IsRestoreInProgress>false</IsRestoreInProgress>"
                            + "<RestoreExpiryDate>2026-12-01T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>"
                    ) + "<IsTruncated>false</IsTruncated>"
                )
            ),
        ])
        var pages: [ListObjectsV2Page] = []
        let list = ListObjectsV2Request(
            bucket: "backups",
            prefix: "daily/",
            delimiter: "/",
            startAfter: "daily/2025 é",
            includesRestoreStatus: true
        )
        for try await page in s3.client.listObjectsV2(list) { pages.append(page) }
        #expect(pages.count == 2)
        #expect(pages.first?.objects.count == 1)
        let object = try #require(pages.first?.objects.first)
        #expect(object.key == "a b+c\né")
        #expect(object.size == 12)
        #expect(object.lastModified == Date(timeIntervalSince1970: 1_795_226_405))
        #expect(object.etag == "\"e\"")
        #expect(object.storageClass == .glacierFlexibleRetrieval)
        #expect(object.restoreStatus == nil)
        #expect(pages.first?.commonPrefixes.texts == ["daily/2026 1/"])
        let restored = pages.last?.objects.first?.restoreStatus
        #expect(restored == .restored(until: Date(timeIntervalSince1970: 1_796_083_200)))

        let queries = s3.transport.requests.map(\.request.query)
        let first =
            "list-type=2&encoding-type=url&prefix=daily%2F&delimiter=%2F&start-after=daily%2F2025%20%C3%A9"
        #expect(queries == [first, first + "&continuation-token=t%2B%2F%3D"])
        #expect(
            s3.transport.requests.first?.request.headers["x-amz-optional-object-attributes"] == "RestoreStatus"
        )
    }

    @Test("Keys of a server that does not encode them stay as they are")
    func notEncoded() async throws {
        let s3 = try S3Fixture([.response(body: page(object("a+b%20c"), encoding: ""))])
        let page = try await s3.client.listObjectsV2Page(ListObjectsV2Request(bucket: "backups"))
        #expect(page.objects.map(\.key) == ["a+b%20c"])
    }

    @Test(
        "A listing that is cut short or makes no sense is an error, never a short listing",
        arguments: [
            "<ListBucketResult><Contents><Key>a</Key>", "", "<html>proxy</html>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
            "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%2</Key><Size>1</Size></Contents>"
                + "</ListBucketResult>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult></ListBucketResult>",
        ]
    )
    func malformed(body: String) async throws {
        let s3 = try S3Fixture([.response(headers: ["x-amz-request-id": "REQ"], body: body)])
        let error = await #expect(throws: AWSError.self) {
            _ = try await s3.client.listObjectsV2Page(ListObjectsV2Request(bucket: "backups"))
        }
        #expect(error?.code == "MalformedResponse")
        #expect(error?.requestID == "REQ")
    }

    @Test("A server that gives the same token again is found out")
    func endless() async throws {
        let body = page("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")
        let s3 = try S3Fixture(FakeTransport { _, _ in .response(body: body) })
        await #expect(throws: AWSError.self) {
            for try await _ in s3.client.listObjectsV2(ListObjectsV2Request(bucket: "backups")) {}
        }
        #expect(s3.transport.requests.count == 2)
    }

    @Test("Each page is fetched only when it is asked for")
    func laziness() async throws {
        let transport = FakeTransport { _, number in
            let token = "<NextContinuationToken>t\(number)</NextContinuationToken>"
            return .response(
                body: "<ListBucketResult><IsTruncated>true</IsTruncated>\(token)</ListBucketResult>"
            )
        }
        let s3 = try S3Fixture(transport)
        var pages = s3.client.listObjectsV2(ListObjectsV2Request(bucket: "backups")).makeAsyncIterator()
        #expect(transport.requests.isEmpty)
        _ = try await pages.next()
        #expect(transport.requests.count == 1)
    }
}
