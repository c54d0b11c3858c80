import AWSCore
import Testing

@Suite("XML errors")
struct AWSErrorBodyTests {
    @Test("S3's error is read with both its ids")
    func s3() {
        let body = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>NoSuchKey</Code><Message>The specified key
              does not exist.</Message><Key>a&amp;b</Key><RequestId>REQ</RequestId><HostId>HOST</HostId></Error>
            """
        let error = AWSErrorBody.parseXML(status: 404, headers: [:], body: Array(body.utf8))
        #expect(
            error
                == AWSErrorBody(
                    code: "NoSuchKey",
                    message: "The specified key does not exist.",
                    requestID: "REQ",
                    hostID: "HOST"
                )
        )
    }

    @Test("The error of a Query service lies one level deeper")
    func query() {
        let body = """
            <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
            <Code>ExpiredTokenException</Code><Message>expired</Message></Error><RequestId>REQ</RequestId></ErrorResponse>
            """
        let error = AWSErrorBody.parseXML(status: 400, headers: [:], body: Array(body.utf8))
        #expect(error == AWSErrorBody(code: "ExpiredTokenException", message: "expired", requestID: "REQ"))
    }

    @Test("Ids and the Region come from the headers when the body has none", arguments: [301, 403, 404])
    func headersOnly(status: Int) {
        let error = AWSErrorBody.parseXML(
            status: status,
            headers: ["x-amz-request-id": "R", "x-amz-id-2": "H", "x-amz-bucket-region": "eu-west-1"],
            body: []
        )
        #expect(error.code == [301: "PermanentRedirect", 403: "AccessDenied", 404: "NotFound"][status])
        #expect(error.requestID == "R")
        #expect(error.hostID == "H")
        #expect(error.region == "eu-west-1")
        #expect(!error.message.isEmpty)
    }

    @Test("The Region in the body of a misdirected request is found")
    func regionInBody() {
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"
        #expect(AWSErrorBody.parseXML(status: 400, headers: [:], body: Array(body.utf8)).region == "eu-west-1")
    }

    @Test(
        "What is no error document leaves the status to speak",
        arguments: [
            "<html><body>Bad gateway</body></html>", "<Error><Code>Slow", "not xml", "<ErrorResponse/>",
            "<!DOCTYPE Error [<!ENTITY x \"y\">]><Error><Code>&x;</Code></Error>", "<Error><Code></Code></Error>",
        ]
    )
    func notAnError(body: String) {
        #expect(AWSErrorBody.parseXML(status: 502, headers: [:], body: Array(body.utf8)).code == "HTTP 502")
    }

    @Test("Blanks before the declaration are skipped")
    func leadingBlanks() {
        let body = " \n\n<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>"
        #expect(AWSErrorBody.embeddedError(Array(body.utf8))?.code == "InternalError")
    }

    @Test("Deep nesting is refused before it costs anything")
    func deepNesting() {
        let body = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLError.self) { _ = try XMLElement(parsing: Array(body.utf8)) }
    }

    @Test("A document that is written is read back the same")
    func roundTrip() throws {
        let element = XMLElement(
            name: "A",
            children: [XMLElement(name: "B", text: "<&>\"'é\r\n x"), XMLElement(name: "C")]
        )
        #expect(try XMLElement(parsing: element.serialized(namespace: "urn:x")) == element)
    }
}
