import AWSCore
import FoundationEssentials
import Glibc

/// Signs a call of DynamoDB again and again; peers/signing.py signs the same one.
struct SigningBenchmark {
    private let signer = SigV4Signer(signingName: "dynamodb", region: "us-east-1")
    private let credentials = Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        sessionToken: String(repeating: "IQoJb3JpZ2luX2VjEXAMPLE", count: 20)
    )
    private let request = HTTPRequest(
        method: .post,
        scheme: .https,
        authority: "dynamodb.us-east-1.amazonaws.com",
        headers: [
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "DynamoDB_20120810.DescribeTable",
            "User-Agent": "dynamodb-backup/1.0",
            "amz-sdk-invocation-id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "amz-sdk-request": "attempt=1; max=3",
        ],
        body: .bytes(Array(#"{"TableName":"Orders"}"#.utf8))
    )

    private static let batch = 5_000

    /// The median over batches, in processor time of this thread.
    func signaturesPerSecond(during seconds: Double) -> Double {
        let date = Date()
        var rates: [Double] = []
        var spent = 0.0
        while spent < seconds || rates.isEmpty {
            let started = Self.processorSeconds
            for _ in 0..<Self.batch {
                var request = request
                signer.sign(&request, credentials: credentials, date: date)
                precondition(request.headers.fields.last?.name == "Authorization", "not signed")
            }
            let elapsed = Self.processorSeconds - started
            spent += elapsed
            rates.append(Double(Self.batch) / elapsed)
        }
        return rates.sorted()[rates.count / 2]
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
