import AWSTesting
import Testing

@testable import AWSCore

@Suite("Retry policy")
struct RetryPolicyTests {
    private static let kinds: [AWSError.Kind] = [.transient, .throttling, .clockSkew, .client]

    @Test("The services' own numbers: three attempts, DynamoDB four with half the wait; the user's number wins")
    func standard() {
        let other = RetryPolicy.standard(for: .s3)
        #expect(other.maximumAttempts == 3 && other.baseDelay == .milliseconds(50))
        let dynamoDB = RetryPolicy.standard(for: .dynamoDB)
        #expect(dynamoDB.maximumAttempts == 4 && dynamoDB.baseDelay == .milliseconds(25))
        #expect(RetryPolicy.standard(for: .dynamoDB, maximumAttempts: 1).maximumAttempts == 1)
        #expect(RetryPolicy.standard(for: .s3, maximumAttempts: 0).maximumAttempts == 1)
    }

    @Test("Waits double from attempt to attempt and stop at twenty seconds")
    func doubling() {
        let policy = RetryPolicy(maximumAttempts: 100)
        func wait(_ attempt: Int, _ kind: AWSError.Kind) -> Duration? {
            policy.delay(afterAttempt: attempt, kind: kind, random: 1)
        }
        #expect((1...4).map { wait($0, .transient) } == [50, 100, 200, 400].map { .milliseconds($0) })
        #expect((1...4).map { wait($0, .throttling) } == [1, 2, 4, 8].map { .seconds($0) })
        #expect(wait(6, .throttling) == .seconds(20))
        #expect(wait(99, .transient) == .seconds(20))
        #expect(wait(100, .transient) == nil)
        #expect(wait(1, .client) == nil)
        #expect(wait(50, .clockSkew) == .zero)
    }

    @Test("Whatever the arguments, a wait stays in its bounds and grows with the random number")
    func bounds() {
        var random = SeededGenerator(seed: freshSeed())
        for _ in 0..<20_000 {
            let policy = RetryPolicy(
                maximumAttempts: Int.random(in: 1...80, using: &random),
                baseDelay: .milliseconds(Int.random(in: 1...5000, using: &random)),
                throttlingBaseDelay: .milliseconds(Int.random(in: 1...50_000, using: &random)),
                maximumDelay: .milliseconds(Int.random(in: 1...60_000, using: &random))
            )
            let attempt = Int.random(in: 1...100, using: &random)
            let kind = Self.kinds[Int.random(in: 0..<4, using: &random)]
            let low = Double.random(in: 0..<1, using: &random)
            let high = Double.random(in: low..<1, using: &random)
            let wait = policy.delay(afterAttempt: attempt, kind: kind, random: high)
            guard attempt < policy.maximumAttempts, kind != .client, let wait else {
                #expect(wait == nil)
                #expect(attempt >= policy.maximumAttempts || kind == .client)
                continue
            }
            #expect(wait >= .zero && wait <= policy.maximumDelay)
            #expect(policy.delay(afterAttempt: attempt, kind: kind, random: low).map { $0 <= wait } == true)
            guard kind != .clockSkew else { continue }
            let hint = Duration.milliseconds(Int.random(in: 0...100_000_000, using: &random))
            let hinted = policy.delay(afterAttempt: attempt, kind: kind, serverHint: hint, random: high)
            #expect(hinted == min(max(hint, wait), wait + .seconds(5)))
        }
    }

    @Test("The jitter is full: waits spread evenly from nothing to the ceiling")
    func jitter() {
        var random = SeededGenerator(seed: freshSeed())
        let policy = RetryPolicy(maximumAttempts: 2, baseDelay: .seconds(10))
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let number = Double.random(in: 0..<1, using: &random)
            let wait = policy.delay(afterAttempt: 1, kind: .transient, random: number) ?? .zero
            counts[min(9, Int(wait / .seconds(1)))] += 1
        }
        // A thousand each; 200 is more than six standard deviations.
        #expect(counts.allSatisfy { abs($0 - 1000) < 200 }, "\(counts)")
    }
}

@Suite("Retry quota")
struct RetryTokenBucketTests {
    @Test("A retry costs 14 tokens, after throttling 5, and none is left after 500")
    func costs() {
        let bucket = RetryTokenBucket()
        for _ in 0..<35 { #expect(bucket.takeTokens(for: .transient) == 14) }
        #expect(bucket.takeTokens(for: .transient) == nil)
        #expect(bucket.takeTokens(for: .throttling) == 5)
        #expect(bucket.takeTokens(for: .throttling) == 5)
        #expect(bucket.takeTokens(for: .throttling) == nil)
        bucket.returnTokens(14)
        #expect(bucket.takeTokens(for: .transient) == 14)
        bucket.returnTokens(nil)
        #expect(bucket.takeTokens(for: .throttling) == nil)
        for _ in 0..<4 { bucket.returnTokens(nil) }
        #expect(bucket.takeTokens(for: .throttling) == 5)
    }

    @Test("It never holds more than it began with, whoever gives back, and never less than nothing")
    func bounds() async {
        let bucket = RetryTokenBucket()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let taken = bucket.takeTokens(for: number.isMultiple(of: 2) ? .transient : .throttling)
                    bucket.returnTokens(taken)
                    bucket.returnTokens(nil)
                }
            }
        }
        var count = 0
        while bucket.takeTokens(for: .throttling) != nil { count += 1 }
        #expect(count == 100)
    }
}

@Suite("What a failure means")
struct ClassificationTests {
    @Test(
        "Codes of throttling, whatever the status",
        arguments: [
            "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
            "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
            "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
            "PriorRequestNotComplete", "EC2ThrottledException",
        ]
    )
    func throttling(code: String) {
        for status in [400, 429, 500, 503] { #expect(AWSError.Kind(code: code, status: status) == .throttling) }
    }

    @Test(
        "Codes of passing trouble, whatever the status",
        arguments: [
            "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError", "InternalFailure",
        ]
    )
    func transient(code: String) {
        for status in [400, 500, 503] { #expect(AWSError.Kind(code: code, status: status) == .transient) }
    }

    @Test(
        "Without a known code the status decides",
        arguments: [
            (400, AWSError.Kind.client), (401, .client), (403, .client), (404, .client), (409, .client), (412, .client),
            (429, .throttling), (500, .transient), (501, .client), (502, .transient), (503, .transient),
            (504, .transient),
        ]
    )
    func status(status: Int, kind: AWSError.Kind) {
        #expect(AWSError.Kind(code: "Other", status: status) == kind)
    }

    @Test(
        "Codes of a wrong request or a missing right are final",
        arguments: [
            "ValidationException", "AccessDeniedException", "ResourceNotFoundException", "TableNotFoundException",
            "PointInTimeRecoveryUnavailableException", "ExpiredTokenException", "UnrecognizedClientException",
            "InvalidSignatureException", "NoSuchBucket", "NoSuchKey", "InvalidObjectState", "ExportConflictException",
        ]
    )
    func client(code: String) {
        #expect(AWSError.Kind(code: code, status: 400) == .client)
        #expect(AWSError.Kind(code: code, status: 403) == .client)
    }

    @Test(
        "Codes that always mean the clock",
        arguments: ["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]
    )
    func clockSkew(code: String) {
        #expect(AWSError.Kind(code: code, status: 403) == .clockSkew)
    }

    @Test("No answer at all is passing trouble only where the same again could succeed")
    func transport() {
        let transient: [HTTPError.Code] = [.couldNotResolveHost, .couldNotConnect, .timedOut, .connectionLost]
        for code in transient { #expect(HTTPError(code, "x").isTransient) }
        let final: [HTTPError.Code] = [.tlsFailure, .responseTooLarge, .malformed, .resourcesExhausted]
        for code in final { #expect(!HTTPError(code, "x").isTransient) }
    }
}
