import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("Sending AWS calls")
struct AWSClientTests {
    // MARK: Retries

    @Test("Passing trouble is tried again with growing waits, and the answer is the last one's")
    func transient() async throws {
        let fixture = try AWSClientFixture([
            .failure(HTTPError(.connectionLost, "gone")), .error(500, "InternalServerError"), .response(503),
            .response(200, body: "{}"),
        ])
        #expect(try await fixture.client.send(fixture.request()).status == 200)
        #expect(fixture.sleeper.recorded == [12.5, 25, 50].map { Duration.milliseconds(1) * $0 })
        let requests = fixture.transport.requests.map(\.request)
        #expect(requests.map { $0.headers["amz-sdk-request"] } == (1...4).map { "attempt=\($0); max=4" })
        #expect(Set(requests.map { $0.headers["amz-sdk-invocation-id"] }).count == 1)
    }

    @Test("Throttling is tried again after longer waits, and the server's own wish counts, within five seconds")
    func throttling() async throws {
        let fixture = try AWSClientFixture([
            .error(400, "ThrottlingException", headers: ["x-amz-retry-after": "1500"]),
            .error(400, "ProvisionedThroughputExceededException", headers: ["Retry-After": "3600"]),
            .response(429), .response(200, body: "{}"),
        ])
        _ = try await fixture.client.send(fixture.request())
        #expect(fixture.sleeper.recorded == [.milliseconds(1500), .seconds(6), .seconds(2)])
    }

    @Test(
        "A wrong request is sent once",
        arguments: [
            "ValidationException", "AccessDeniedException", "ResourceNotFoundException", "ExpiredTokenException",
        ]
    )
    func client(code: String) async throws {
        let fixture = try AWSClientFixture([.error(400, code)])
        let error = await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
        #expect(error?.code == code && error?.attempts == 1 && error?.status == 400 && error?.kind == .client)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test(
        "After the last attempt the error says how often it was tried",
        arguments: [(nil, 4), (1, 1), (7, 7)] as [(Int?, Int)]
    )
    func exhausted(maximum: Int?, attempts: Int) async throws {
        let fixture = try AWSClientFixture(
            FakeTransport { _, _ in .error(500, "InternalServerError") },
            maximumAttempts: maximum
        )
        let error = await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
        #expect(error?.attempts == attempts)
        #expect(fixture.transport.requests.count == attempts)
        #expect(fixture.sleeper.recorded.count == attempts - 1)
    }

    @Test(
        "What cannot succeed on the same connection settings is not tried again",
        arguments: [HTTPError.Code.tlsFailure, .malformed, .responseTooLarge]
    )
    func finalTransportErrors(code: HTTPError.Code) async throws {
        let fixture = try AWSClientFixture([.failure(HTTPError(code, "https://host: because"))])
        let error = await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
        #expect(error?.message == "https://host: because")
        #expect(fixture.transport.requests.count == 1)
    }

    @Test("When most requests fail, retries stop")
    func quota() async throws {
        let fixture = try AWSClientFixture(FakeTransport { _, _ in .response(503) })
        for _ in 0..<20 {
            await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
        }
        // 500 tokens at 14 a retry.
        #expect(fixture.transport.requests.count == 20 + 35)
    }

    @Test("Cancellation ends the call and is no AWS error")
    func cancellation() async throws {
        let gate = Gate()
        let fixture = try AWSClientFixture([.response(200).after(gate)])
        let task = Task { try await fixture.client.send(fixture.request()) }
        try await gate.waitForArrivals(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A body stream is made anew for each attempt")
    func bodyStreams() async throws {
        let made = WatchedValue(0)
        let fixture = try AWSClientFixture([.response(500), .failure(HTTPError(.timedOut, "x")), .response(200)])
        let stream = HTTPRequestStream(length: 3) {
            made.update { $0 += 1 }
            let rest = WatchedValue<[UInt8]?>([1, 2, 3])
            return { rest.update { $0.take() } }
        }
        var request = fixture.request(.s3, "PutObject", body: .stream(stream))
        request.payload = .unsigned
        _ = try await fixture.client.send(request)
        #expect(made.current == 3)
        #expect(fixture.transport.requests.map(\.body) == Array(repeating: [1, 2, 3], count: 3))
    }

    // MARK: Answers that are not what they seem

    @Test("An answer that does not match its checksum is fetched again, an error's too")
    func checksum() async throws {
        let body = Array("{\"Table\":{}}".utf8)
        let good: HTTPHeaders = ["x-amz-crc32": "\(CRC32.checksum(body))"]
        let fixture = try AWSClientFixture([
            .response(200, headers: ["x-amz-crc32": "1"], body: body),
            .response(200, headers: ["x-amz-crc32": "x"], body: body),
            .error(400, "Garbled", headers: ["x-amz-crc32": "7"]), .response(200, headers: good, body: body),
        ])
        #expect(try await fixture.client.send(fixture.request()).body == body)
        #expect(fixture.transport.requests.count == 4)
    }

    @Test("A streamed answer is not judged by the body that is still to come")
    func streamedChecksum() async throws {
        let body = Array("whole".utf8)
        let fixture = try AWSClientFixture([.chunks(200, headers: ["x-amz-crc32": "\(CRC32.checksum(body))"], [body])])
        let response = try await fixture.client.stream(fixture.request())
        #expect(try await response.body.collect(maximumBytes: 9) == body)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test("A streamed answer that is an error is read, retried and told like any other")
    func streamedError() async throws {
        let fixture = try AWSClientFixture([
            .error(503, "ServiceUnavailable"), .error(400, "ValidationException", "no"),
        ])
        let error = await #expect(throws: AWSError.self) { _ = try await fixture.client.stream(fixture.request()) }
        #expect(error?.code == "ValidationException" && error?.message == "no" && error?.attempts == 2)
    }

    @Test("S3's late errors and answers that break off, both of status 200, are tried again")
    func late() async throws {
        let fixture = try AWSClientFixture([
            .response(
                200,
                body: "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>"
            ),
            .response(200, body: "<CopyObjectResult><ETag>\"a\"</ET"), .response(200, body: "<CopyObjectResult/>"),
        ])
        let request = fixture.request(.s3, "CopyObject", mayFailAfter200: true)
        #expect(try await fixture.client.send(request).body == Array("<CopyObjectResult/>".utf8))
        #expect(fixture.transport.requests.count == 3)

        let hopeless = try AWSClientFixture(FakeTransport { _, _ in .response(200) })
        let error = await #expect(throws: AWSError.self) {
            try await hopeless.client.send(hopeless.request(.s3, "CopyObject", mayFailAfter200: true))
        }
        #expect(error?.code == "IncompleteResponse" && error?.attempts == 3)
    }

    @Test("A proxy's page in place of an answer leaves the status to speak")
    func proxyPage() async throws {
        let fixture = try AWSClientFixture([.response(407, body: "<html><h1>Log in</h1>")])
        let error = await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
        #expect(error?.code == "HTTP 407")
    }

    // MARK: Clocks and Regions

    @Test("A request that was refused for its date is signed again with AWS's time, and so is the next")
    func clockSkew() async throws {
        let serverDate = "Sat, 21 Nov 2026 03:00:07 GMT"
        let fixture = try AWSClientFixture([
            .error(400, "InvalidSignatureException", "Signature expired", headers: ["Date": serverDate]),
            .response(200, body: "{}"), .response(200, body: "{}"),
        ])
        _ = try await fixture.client.send(fixture.request())
        fixture.clock.advance(by: .seconds(60))
        _ = try await fixture.client.send(fixture.request())
        #expect(
            fixture.transport.requests.map { $0.request.headers["X-Amz-Date"] } == [
                "20261121T020007Z", "20261121T030007Z", "20261121T030107Z",
            ]
        )
        #expect(fixture.sleeper.recorded.isEmpty)
    }

    @Test("A wrong secret is not taken for a wrong clock, neither at first nor after a correction")
    func wrongSecret() async throws {
        for code in ["InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed"] {
            let fixture = try AWSClientFixture([.error(403, code, headers: ["Date": "Sat, 21 Nov 2026 02:03:07 GMT"])])
            await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
            #expect(fixture.transport.requests.count == 1)
        }
        let skewed = try AWSClientFixture(
            FakeTransport { _, _ in
                .error(403, "SignatureDoesNotMatch", headers: ["Date": "Sat, 21 Nov 2026 02:30:07 GMT"])
            }
        )
        let error = await #expect(throws: AWSError.self) { try await skewed.client.send(skewed.request()) }
        #expect(error?.kind == .client && error?.attempts == 2)
    }

    @Test("Requests that were in flight together when the clock turned out wrong are all signed again")
    func clockSkewOfMany() async throws {
        let gate = Gate()
        let serverDate = "Sat, 21 Nov 2026 03:00:07 GMT"
        let transport = FakeTransport { recorded, _ in
            recorded.request.headers["X-Amz-Date"] == "20261121T020007Z"
                ? .error(400, "InvalidSignatureException", headers: ["Date": serverDate]).after(gate)
                : .response(200, body: "{}")
        }
        let fixture = try AWSClientFixture(transport)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { try await fixture.client.send(fixture.request()).status } }
            try await gate.waitForArrivals(10)
            gate.open()
            for try await status in group { #expect(status == 200) }
        }
        #expect(transport.requests.count == 20)
    }

    @Test("A bucket's call follows it to its Region, signed for there, and not in circles")
    func bucketRegion() async throws {
        let redirect = FakeTransport.Outcome.response(
            301,
            headers: ["x-amz-bucket-region": "us-west-2"],
            body: "<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>"
        )
        let fixture = try AWSClientFixture([redirect, .response(200)])
        var request = fixture.request(.s3, "GetObject", body: .empty)
        request.bucket = "backups"
        request.method = .get
        request.path = "/key"
        _ = try await fixture.client.send(request)
        let sent = fixture.transport.requests.map(\.request)
        #expect(sent.map(\.authority) == ["backups.s3.eu-north-1.amazonaws.com", "backups.s3.us-west-2.amazonaws.com"])
        #expect(sent.last?.headers["Authorization"]?.contains("/us-west-2/s3/aws4_request") == true)
        #expect(fixture.sleeper.recorded.isEmpty)

        let circle = FakeTransport { recorded, _ in
            let isWest = recorded.request.authority.contains("us-west-2")
            return .response(301, headers: ["x-amz-bucket-region": isWest ? "eu-north-1" : "us-west-2"])
        }
        let lost = try AWSClientFixture(circle)
        await #expect(throws: AWSError.self) { try await lost.client.send(request) }
        #expect(circle.requests.count == 3)
    }

    @Test("Endpoints on this machine are past any proxy, AWS's are not")
    func proxies() async throws {
        let local = try AWSClientFixture(FakeTransport { _, _ in .response(200) }, endpointURL: "http://localhost:4566")
        _ = try await local.client.send(local.request())
        #expect(local.transport.requests.first?.request.usesProxy == false)
        let remote = try AWSClientFixture([.response(200)])
        _ = try await remote.client.send(remote.request())
        #expect(remote.transport.requests.first?.request.usesProxy == true)
    }

    // MARK: Messages

    @Test("An error is one line: what failed, on what, where, AWS's words, the request id, the attempts")
    func errorLine() async throws {
        let fixture = try AWSClientFixture(
            FakeTransport { _, _ in .error(500, "InternalServerError", "line one\nline two\u{1B}[31m") },
            maximumAttempts: 2
        )
        let error = await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
        #expect(
            "\(try #require(error))"
                == "DynamoDB DescribeTable Orders (eu-north-1): InternalServerError: line one line two [31m "
                + "[HTTP 500, request REQUEST-500, 2 attempts]"
        )
        #expect(fixture.log.text.contains("awsRequestId=REQUEST-500"))
        #expect(fixture.log.text.contains("outcome=InternalServerError"))
    }

    @Test("Secrets reach neither errors nor logs, not even when AWS repeats them")
    func secrets() async throws {
        let messages = [
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
                + "Key and signing method.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n"
                + "x-amz-security-token:\(AWSClientFixture.token)\n'\n\nThe String-to-Sign should have been\n'AWS4'",
            "'AKIDEXAMPLE' not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/2026, "
                + "Signature=0123456789abcdef'.",
            "token \(AWSClientFixture.token) is not \(AWSClientFixture.token)", "key \(AWSClientFixture.secret)",
        ]
        let fixture = try AWSClientFixture(messages.map { .error(403, "InvalidSignatureException", $0) })
        for message in messages {
            let error = await #expect(throws: AWSError.self) { try await fixture.client.send(fixture.request()) }
            let line = "\(try #require(error))"
            #expect(line.contains("withheld"))
            #expect(line.contains(message.prefix(3)))
            for hidden in [AWSClientFixture.token, AWSClientFixture.secret, "Signature=", "x-amz-security-token:"] {
                #expect(!line.contains(hidden))
                #expect(!fixture.log.text.contains(hidden))
            }
        }
        #expect(fixture.transport.requests.allSatisfy { $0.request.headers["X-Amz-Security-Token"] != nil })
        let authorization = try #require(fixture.transport.requests.first?.request.headers["Authorization"])
        #expect(!fixture.log.text.contains(authorization))
        #expect("\(fixture.client.configuration)".contains(AWSClientFixture.secret) == false)
    }
}
