import AWSCore
import FoundationEssentials
import Testing

@Suite("SigV4 signer")
struct SigV4SignerTests {
    private let credentials = Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    private let date = Date(timeIntervalSince1970: 1_369_353_600)  // 2013-05-24T00:00:00Z

    private func canonicalPath(_ path: String, service: String) throws -> String {
        var request = HTTPRequest(method: .get, scheme: .https, authority: "host", path: path)
        let signature = SigV4Signer(signingName: service, region: "us-east-1")
            .sign(&request, credentials: credentials, date: date)
        #expect(request.path == path, "what is sent is never changed")
        let lines = signature.canonicalRequest.split(separator: "\n", omittingEmptySubsequences: false)
        return String(try #require(lines.dropFirst().first))
    }

    @Test(
        "S3 paths enter as they are sent",
        arguments: ["", "/", "//", "/a//b/../c/./d", "/a%20b", "/a%2520b", "/%2B", "/.."]
    )
    func s3Paths(path: String) throws {
        #expect(try canonicalPath(path, service: "s3") == (path.isEmpty ? "/" : path))
    }

    @Test(
        "Other services' paths are normalised and encoded once more",
        arguments: [
            ("", "/"), ("/", "/"), ("//", "/"), ("/a//b/../c/./d", "/a/c/d"), ("/a/", "/a/"), ("/a/..", "/"),
            ("/../../a", "/a"), ("/a%20b", "/a%2520b"), ("/a%2520b", "/a%252520b"),
            ("/functions/arn%3Aaws%3Alambda/x", "/functions/arn%253Aaws%253Alambda/x"), ("/a~b", "/a~b"),
        ]
    )
    func otherPaths(path: String, canonical: String) throws {
        #expect(try canonicalPath(path, service: "lambda") == canonical)
    }

    /// S3 API Reference, "Signature calculations for the authorization header: transferring payload in a single chunk".
    @Test("S3's own examples come out")
    func s3Examples() {
        let signer = SigV4Signer(signingName: "s3", region: "us-east-1")
        var get = HTTPRequest(
            method: .get,
            scheme: .https,
            authority: "examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            headers: ["Range": "bytes=0-9"]
        )
        signer.sign(&get, credentials: credentials, date: date)
        #expect(
            get.headers["Authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
        var list = HTTPRequest(
            method: .get,
            scheme: .https,
            authority: "examplebucket.s3.amazonaws.com",
            query: "prefix=J&max-keys=2"
        )
        #expect(
            signer.sign(&list, credentials: credentials, date: date).digest.hexadecimal
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
    }

    /// S3 API Reference, "Authenticating requests: using query parameters".
    @Test("S3's presigned example comes out")
    func presignedExample() throws {
        let request = HTTPRequest(
            method: .get,
            scheme: .https,
            authority: "examplebucket.s3.amazonaws.com",
            path: "/test.txt"
        )
        let url = try SigV4Signer(signingName: "s3", region: "us-east-1")
            .presignedURL(for: request, credentials: credentials, date: date, expiresIn: 86_400)
        #expect(
            url.hasSuffix("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
        )
    }

    @Test("A presigned URL holds for a second to a week", arguments: [-1, 0, 604_801])
    func expiration(seconds: Int) {
        let request = HTTPRequest(method: .get, scheme: .https, authority: "host")
        #expect(throws: SigV4Error.expirationOutOfRange(seconds)) {
            _ = try SigV4Signer(signingName: "s3", region: "us-east-1")
                .presignedURL(for: request, credentials: credentials, date: date, expiresIn: seconds)
        }
    }

    @Test("Signing again replaces the former signature")
    func signsAgain() {
        let signer = SigV4Signer(signingName: "s3", region: "us-east-1")
        var temporary = credentials
        temporary.sessionToken = "token"
        var once = HTTPRequest(method: .get, scheme: .https, authority: "host")
        signer.sign(&once, credentials: temporary, date: date)
        var twice = once
        signer.sign(&twice, credentials: temporary, date: date)
        #expect(twice.headers == once.headers)
        signer.sign(&twice, credentials: credentials, date: date + 1)
        #expect(twice.headers["x-amz-security-token"] == nil)
        #expect(twice.headers["x-amz-date"] == "20130524T000001Z")
        #expect(twice.headers.fields.count == 3)
    }

    @Test("Each secret, day, Region and service has its own key, however many there are")
    func keys() {
        var signatures: Set<String> = []
        for round in 0..<2 {
            for secret in 0..<5 {
                for day in 0..<3 {
                    for (region, service) in [("us-east-1", "s3"), ("us-west-2", "s3"), ("us-east-1", "sts")] {
                        var request = HTTPRequest(method: .get, scheme: .https, authority: "host")
                        let signature = SigV4Signer(signingName: service, region: region).sign(
                            &request,
                            credentials: Credentials(accessKeyID: "A", secretAccessKey: "secret\(secret)"),
                            date: date + Double(day * 86_400)
                        )
                        let isNew = signatures.insert(signature.digest.hexadecimal).inserted
                        #expect(isNew == (round == 0))
                    }
                }
            }
        }
    }

    @Test(
        "Time stamps follow the calendar",
        arguments: [
            (0.0, "19700101T000000Z"), (951_782_399.9, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"), (1_709_251_199, "20240229T235959Z"), (4_107_542_400, "21000301T000000Z"),
            (253_402_300_799, "99991231T235959Z"), (1e18, "99991231T235959Z"), (-5, "19700101T000000Z"),
            (.nan, "19700101T000000Z"), (.infinity, "99991231T235959Z"),
        ]
    )
    func timestamps(seconds: Double, text: String) {
        var request = HTTPRequest(method: .get, scheme: .https, authority: "host")
        let signature = SigV4Signer(signingName: "s3", region: "us-east-1").sign(
            &request,
            credentials: credentials,
            date: Date(timeIntervalSince1970: seconds)
        )
        #expect(request.headers["X-Amz-Date"] == text)
        #expect(signature.credentialScope == "\(text.prefix(8))/us-east-1/s3/aws4_request")
    }
}
