import AWSCore
import AWSTesting
import Foundation
import Testing

@Suite(
    "The signer against botocore",
    .enabled("botocore cannot be imported; set LOCAL_AWS_PYTHON to a Python that has it") {
        await SigV4Oracle.isAvailable()
    }
)
struct SigV4OracleTests {
    private struct RandomRequest {
        var request: HTTPRequest
        var service: String
        var region: String
        var credentials: Credentials
        var time: Int
        var isPresigned: Bool
    }

    @Test("Random requests get the same signatures from both")
    func randomRequests() async throws {
        let environment = ProcessInfo.processInfo.environment["SIGV4_SEED"]
        let seed = environment.flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        print("SIGV4_SEED=\(seed)")
        var generator = SeededGenerator(seed: seed)
        let requests = (0..<400).map { _ in Self.random(&generator) }
        let expected = try await SigV4Oracle.sign(requests.map(Self.oracleCase))
        try #require(expected.count == requests.count)

        for (random, expected) in zip(requests, expected) {
            let signer = SigV4Signer(signingName: random.service, region: random.region)
            let date = Date(timeIntervalSince1970: Double(random.time) + 0.75)
            if random.isPresigned {
                let (_, signature) = try signer.presign(
                    random.request,
                    credentials: random.credentials,
                    date: date,
                    expiresIn: 900
                )
                #expect(signature.canonicalRequest == expected.canonicalRequest, "seed \(seed)")
                #expect(signature.digest.hexadecimal == expected.signature, "seed \(seed)")
            } else {
                var request = random.request
                let signature = signer.sign(&request, credentials: random.credentials, date: date)
                #expect(signature.canonicalRequest == expected.canonicalRequest, "seed \(seed)")
                #expect(request.headers["Authorization"] == expected.signature, "seed \(seed)")
            }
        }
    }

    private static func oracleCase(_ random: RandomRequest) -> SigV4Oracle.Case {
        let body: [UInt8] = if case .bytes(let bytes) = random.request.body { bytes } else { [] }
        return SigV4Oracle.Case(
            service: random.service,
            region: random.region,
            method: random.request.method.rawValue,
            url: random.request.url,
            headers: random.request.headers.fields.map { [$0.name, $0.value] },
            body: Data(body).base64EncodedString(),
            secret: random.credentials.secretAccessKey,
            token: random.credentials.sessionToken,
            time: random.time,
            presigned: random.isPresigned
        )
    }

    private static func random(_ generator: inout SeededGenerator) -> RandomRequest {
        let service = pick(["s3", "s3", "dynamodb", "lambda", "events", "sts"], &generator)
        let region = pick(["us-east-1", "us-west-2", "cn-north-1", "us-gov-west-1"], &generator)
        let isPresigned = Bool.random(using: &generator)
        let authority = pick(
            ["example.amazonaws.com", "bucket.s3.us-west-2.amazonaws.com", "127.0.0.1:4566"],
            &generator
        )
        var request = HTTPRequest(
            method: isPresigned
                ? pick([.get, .put, .head], &generator) : pick([.get, .put, .post, .delete], &generator),
            scheme: Bool.random(using: &generator) ? .https : .http,
            authority: authority,
            path: "/" + URIEncoding.encodePath(text(upTo: 24, &generator)),
            headers: headers(&generator)
        )
        // Unique names, because botocore's presigning keeps only one value of each.
        let names = Set((0..<Int.random(in: 0...6, using: &generator)).map { _ in "n" + text(upTo: 6, &generator) })
        request.query = URIEncoding.query(
            names.sorted().shuffled(using: &generator).map {
                QueryItem($0, text(upTo: 8, &generator))
            }
        )
        // botocore moves the body of a presigned request into its query.
        if !isPresigned, Bool.random(using: &generator) {
            request.body = .bytes(Array(text(upTo: 200, &generator).utf8))
        }
        return RandomRequest(
            request: request,
            service: service,
            region: region,
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE",
                secretAccessKey: "s" + String(Int.random(in: 0..<20, using: &generator)),
                sessionToken: Bool.random(using: &generator)
                    ? "tok/" + text(upTo: 12, &generator).filter(\.isASCII) : nil
            ),
            time: Int.random(in: 0..<4_102_444_800, using: &generator),
            isPresigned: isPresigned
        )
    }

    private static func headers(_ generator: inout SeededGenerator) -> HTTPHeaders {
        var headers: HTTPHeaders = ["User-Agent": "never signed", "X-Amzn-Trace-Id": "never signed"]
        let names = ["Content-Type", "X-Amz-Target", "x-amz-meta-Z", "X-Amz-Meta-A", "accept", "Range", "a", "X-A-B"]
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            let words = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                pick(["value", "1;2", "\"q  q\"", "a=b", "x,y", ""], &generator)
            }
            headers.add(pick(names, &generator), words.joined(separator: pick([" ", "   ", "\t", " \t "], &generator)))
        }
        return headers
    }

    /// Text made of what URLs trip over.
    private static func text(upTo length: Int, _ generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "Z", "0", "/", "//", ".", "..", "/../", "/./", " ", "+", "%", "%20", "%2F", "?", "&", "=", "#", "~",
            "-", "_", ":", "@", "!", "*", "'", "(", ")", "é", "ሴ", "😀", "\"", "<", ">", "\\", "^", "`", "{", "|",
            "\u{7f}",
        ]
        return (0..<Int.random(in: 0...length, using: &generator)).map { _ in pick(pieces, &generator) }.joined()
    }

    private static func pick<Value>(_ values: [Value], _ generator: inout SeededGenerator) -> Value {
        values[Int.random(in: values.indices, using: &generator)]
    }
}
