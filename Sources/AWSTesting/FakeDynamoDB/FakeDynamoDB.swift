package import AWSCore
import Synchronization

/// A DynamoDB in memory that really stores items, as a transport: what tests of copies, comparisons and live sync run
/// against, with whatever faults the test wants.
///
/// Scan gives pages of a certain size, in segments, in the order of key hashes; writes have conditions; every change is
/// kept as a record of the table's stream. What it does not know it refuses.
package final class FakeDynamoDB: HTTPTransport {
    /// A call as it came in.
    package struct Call: Sendable {
        package var operation: String
        /// The table's name; empty where the call names none.
        package var table: String
        package var input: JSONValue
        /// Calls of any kind that came before.
        package var number: Int
    }

    /// What happens in place of the answer, or to it.
    package enum Fault: Sendable {
        /// ProvisionedThroughputExceededException; nothing is done.
        case throttled
        /// HTTP 500, before or after the call was carried out.
        case serverError(isDone: Bool)
        /// The connection breaks, before or after the call was carried out.
        case cut(isDone: Bool)
        /// An error of that code; nothing is done.
        case error(code: String, message: String)
        /// BatchWriteItem and BatchGetItem: elements for whose place this is true are not done, and come back with their
        /// attributes in another order.
        case unprocessed(@Sendable (Int) -> Bool)
    }

    package struct State: Sendable {
        package var tables: [String: FakeDynamoDBTable] = [:]
        package var calls: [String: Int] = [:]
        package var callCount = 0
        /// What all calls have consumed, whether they asked or not.
        package var readUnits = 0.0
        package var writeUnits = 0.0
    }

    package let region: String
    /// What Scan reads before it ends a page, as DynamoDB counts; 1 MB there.
    package let pageBytes: Int
    private let state = Mutex(State())
    private let onCall: @Sendable (Call) async throws -> Fault?

    /// - Parameter onCall: sees each call before it is carried out, may hold it up, and says what goes wrong with it.
    package init(
        region: String = "us-east-1",
        pageBytes: Int = 1 << 20,
        onCall: @escaping @Sendable (Call) async throws -> Fault? = { _ in nil }
    ) {
        self.region = region
        self.pageBytes = pageBytes
        self.onCall = onCall
    }

    package var current: State { state.withLock { $0 } }

    /// The table of that name, as it is now; an empty one where there is none.
    package func table(_ name: String) -> FakeDynamoDBTable {
        state.withLock { $0.tables[name] } ?? FakeDynamoDBTable(name, keys: [], id: "")
    }

    package func change<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    /// Makes a table, or empties it.
    package func createTable(_ name: String, keys: [FakeDynamoDBTable.Key], indexKeys: [FakeDynamoDBTable.Key] = []) {
        state.withLock { state in
            state.callCount += 1
            var table = FakeDynamoDBTable(name, keys: keys, id: "id-\(name)-\(state.callCount)")
            table.indexKeys = indexKeys
            state.tables[name] = table
        }
    }

    /// Puts items without a call.
    package func put(_ items: [JSONObject], into table: String) {
        state.withLock { state in
            for item in items { state.tables[table]?.put(item) }
        }
    }

    /// How often an operation was called.
    package func calls(_ operation: String) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

    /// A client that speaks to this DynamoDB.
    package func client(
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in await Task.yield() }
    ) -> AWSClient {
        AWSClient(
            configuration: AWSConfiguration(
                region: Region(region),
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRETKEY"))
            ),
            transport: self,
            environment: AWSClient.Environment(sleep: sleep)
        )
    }

    // MARK: HTTPTransport

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        guard case .bytes(let body) = request.body,
            let operation = request.headers["X-Amz-Target"]?.split(separator: ".").last.map(String.init)
        else { throw HTTPError(.malformed, "no call of DynamoDB") }
        return try await answer(operation, body)
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        throw HTTPError(.malformed, "DynamoDB answers nothing that is read in pieces")
    }

    /// Answers a call, with what `onCall` makes of it.
    package func answer(_ operation: String, _ body: [UInt8]) async throws -> HTTPResponse {
        let input = try JSONValue(parsing: body)
        let name =
            input["TableName"]?.string ?? input["RequestItems"]?.object?.keys.first
            ?? input["ResourceArn"]?.string ?? ""
        let table = String(name.split(separator: "/").last ?? "")
        let number = state.withLock { state in
            state.callCount += 1
            state.calls[operation, default: 0] += 1
            return state.callCount - 1
        }
        let call = Call(operation: operation, table: table, input: input, number: number)
        let fault = try await onCall(call)
        var isUnprocessed: @Sendable (Int) -> Bool = { _ in false }
        switch fault {
        case .throttled:
            return Self.error(
                "ProvisionedThroughputExceededException",
                "The level of configured throughput was exceeded"
            )
        case .error(let code, let message): return Self.error(code, message)
        case .cut(isDone: false): throw HTTPError(.connectionLost, "the connection was cut")
        case .serverError(isDone: false): return Self.error("InternalServerError", "said DynamoDB", status: 500)
        case .unprocessed(let chosen): isUnprocessed = chosen
        default: break
        }
        let response = state.withLock { state in
            var answer = FakeDynamoDBAnswer(
                call: call,
                pageBytes: pageBytes,
                region: region,
                isUnprocessed: isUnprocessed
            )
            let response = answer.carryOut(on: &state)
            state.readUnits += answer.readUnits
            state.writeUnits += answer.writeUnits
            return response
        }
        switch fault {
        case .cut: throw HTTPError(.connectionLost, "the connection was cut")
        case .serverError: return Self.error("InternalServerError", "said DynamoDB", status: 500)
        default: return response
        }
    }

    static func error(_ code: String, _ message: String, status: Int = 400, item: JSONObject? = nil) -> HTTPResponse {
        var object: JSONObject = [
            "__type": .string("com.amazonaws.dynamodb.v20120810#\(code)"), "message": .string(message),
        ]
        object["Item"] = item.map { .object($0) }
        return response(JSONValue.object(object).serialized(), status: status)
    }

    static func response(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: ["x-amzn-RequestId": "REQUEST", "x-amz-crc32": "\(CRC32.checksum(body))"],
            body: body
        )
    }
}
