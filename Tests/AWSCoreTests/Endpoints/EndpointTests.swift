import AWSCore
import Testing

@Suite("Endpoint URLs")
struct EndpointTests {
    @Test(
        "URLs are taken apart",
        arguments: [
            ("http://localhost:4566", "http://localhost:4566"),
            ("HTTPS://Example.com", "https://Example.com"),
            ("https://example.com:443/", "https://example.com"),
            ("http://example.com:80/a/b//", "http://example.com/a/b"),
            ("https://example.com:80", "https://example.com:80"),
            ("http://[::1]:8000/x", "http://[::1]:8000/x"),
            ("http://my_container:1", "http://my_container:1"),
        ]
    )
    func valid(url: String, expected: String) throws {
        #expect(try Endpoint(parsing: url, origin: "AWS_ENDPOINT_URL").description == expected)
    }

    @Test(
        "Malformed URLs are refused with the name of their setting",
        arguments: [
            "localhost:4566", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536", "http://a:+1",
            "http://a:", "http://a b", "http://a/?x=1", "http://a#f", "http://[::1", "http://[zz]", "http://a\nb",
            "http://é", "http://[]",
        ]
    )
    func malformed(url: String) {
        let message = message { try Endpoint(parsing: url, origin: "AWS_ENDPOINT_URL_S3") }
        #expect(message.hasPrefix("AWS_ENDPOINT_URL_S3: the endpoint URL"))
    }

    @Test("A password in a URL is refused and not shown")
    func password() {
        let message = message { try Endpoint(parsing: "http://user:secret@host", origin: "--endpoint-url") }
        #expect(message.contains("must not hold a user name or password"))
        #expect(!message.contains("secret"))
    }
}
