import AWSCore
import Foundation
import Testing

@Suite(
    "AWS's SigV4 test suite",
    .enabled(
        if: SigV4SuiteCase.location != nil,
        "the suite is not here; set SIGV4_SUITE to its folder v4 (aws-c-auth, tests/aws-signing-test-suite/v4)"
    )
)
struct SigV4SuiteTests {
    @Test("The suite has all its cases")
    func isComplete() {
        #expect(SigV4SuiteCase.all.count == 38)
    }

    @Test("A signed header comes out right at every stage", arguments: SigV4SuiteCase.all)
    func header(name: String) throws {
        let suiteCase = try SigV4SuiteCase(named: name)
        var request = suiteCase.requestToSign
        let signature = suiteCase.signer.sign(
            &request,
            credentials: suiteCase.credentials,
            date: suiteCase.context.timestamp
        )
        #expect(signature.canonicalRequest == (try suiteCase.text("header-canonical-request.txt")))
        #expect(signature.stringToSign == (try suiteCase.text("header-string-to-sign.txt")))
        #expect(signature.digest.hexadecimal == (try suiteCase.text("header-signature.txt")))

        let signed = try suiteCase.text("header-signed-request.txt")
        let authorization = try #require(request.headers["Authorization"])
        #expect(signed.contains("\nAuthorization:\(authorization)\n"))
        #expect(signed.contains("\nX-Amz-Date:\(try #require(request.headers["X-Amz-Date"]))\n"))
        #expect(request.headers["X-Amz-Security-Token"] == suiteCase.context.credentials.token)
    }

    @Test("A signed query comes out right at every stage", arguments: SigV4SuiteCase.all)
    func query(name: String) throws {
        let suiteCase = try SigV4SuiteCase(named: name)
        let (url, signature) = try suiteCase.signer.presign(
            suiteCase.requestToSign,
            credentials: suiteCase.credentials,
            date: suiteCase.context.timestamp,
            expiresIn: suiteCase.context.expirationInSeconds
        )
        #expect(signature.canonicalRequest == (try suiteCase.text("query-canonical-request.txt")))
        #expect(signature.stringToSign == (try suiteCase.text("query-string-to-sign.txt")))
        #expect(signature.digest.hexadecimal == (try suiteCase.text("query-signature.txt")))

        let signed = try suiteCase.text("query-signed-request.txt")
        let query = try #require(url.split(separator: "?", maxSplits: 1).last)
        let authentication = try #require(query.range(of: "X-Amz-Algorithm")).lowerBound
        #expect(signed.contains(query[authentication...] + " HTTP/1.1\n"))
    }
}
