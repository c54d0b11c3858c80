import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

/// Runs the built `bootstrap` as Lambda does, against a server that plays both the runtime API and AWS.
struct FunctionRun {
    /// What the function reported for one invocation, or before the first.
    struct Report: Sendable {
        /// `invocation/<id>/response`, `invocation/<id>/error` or `init/error`.
        var path: String
        var errorType: String?
        var body: String

        var json: JSONValue { get throws { try JSONValue(parsing: Array(body.utf8)) } }
    }

    struct Result: Sendable {
        var output: ChildProcess.Output
        var reports: [Report]

        /// The lines on standard output that are JSON, as objects.
        func lines(sourceLocation: SourceLocation = #_sourceLocation) throws -> [JSONValue] {
            try output.standardOutput.split(separator: "\n").map { line in
                try #require(try? JSONValue(parsing: Array(line.utf8)), "\(line)", sourceLocation: sourceLocation)
            }
        }

        var metrics: [JSONValue] { get throws { try lines().filter { $0["_aws"] != nil } } }
        var log: [JSONValue] { get throws { try lines().filter { $0["_aws"] == nil } } }
    }

    /// Planted where credentials go, to be searched for in everything that comes out.
    static let secrets = ["AKIAPLANTEDSECRETID", "planted/secret+access=key", "plantedSessionToken"]

    let aws: SimulatedAWS
    var configuration: String?
    var handler = "backup"
    /// How far away each deadline is, in seconds.
    var timeLimit = 60.0
    var environment: [String: String] = [:]

    static let tables = ["Orders", "Users"]

    static func arn(_ table: String) -> String { "arn:aws:dynamodb:us-east-1:123456789012:table/\(table)" }

    init(fault: @escaping @Sendable (SimulatedAWS.Call) -> SimulatedAWS.Fault? = { _ in nil }) {
        aws = SimulatedAWS(bucket: "my-backups", tables: Self.tables.map(Self.arn), now: { Date() }, fault: fault)
        configuration = """
            {"functionName":"Nightly","tables":["\(Self.arn("Orders"))","\(Self.arn("Users"))"],
             "bucket":{"name":"my-backups","region":"us-west-2"}}
            """
    }

    /// The schedule's event.
    static func scheduled(id: String = "e-1", time: String = "2026-11-21T02:00:00Z") -> String {
        """
        {"version":"0","id":"\(id)","detail-type":"Scheduled Event","source":"aws.events","account":"123456789012",\
        "time":"\(time)","region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/r"],"detail":{}}
        """
    }

    /// Hands the events over one by one; after the last the runtime API says that it is over, and the process ends.
    func callAsFunction(_ events: [String]) async throws -> Result {
        let reports = Mutex<[Report]>([])
        let rest = Mutex(Array(events.enumerated())[...])
        let prefix = "/2018-06-01/runtime/"
        let (aws, timeLimit) = (aws, timeLimit)
        let script = ScriptedServer.Script { request in
            guard request.path.hasPrefix(prefix) else { return aws.reply(to: request) }
            let path = String(request.path.dropFirst(prefix.count))
            guard path == "invocation/next" else {
                reports.withLock {
                    $0.append(
                        Report(
                            path: path,
                            errorType: request.headers["Lambda-Runtime-Function-Error-Type"],
                            body: request.bodyText
                        )
                    )
                }
                return .response(202, body: #"{"status":"OK"}"#)
            }
            guard let (number, event) = rest.withLock({ $0.popFirst() }) else {
                return .response(500, body: #"{"errorType":"Over","errorMessage":"the test is over"}"#)
            }
            let deadline = Int((Date().timeIntervalSince1970 + timeLimit) * 1_000)
            return .response(
                200,
                headers: [
                    "Lambda-Runtime-Aws-Request-Id": "request-\(number + 1)",
                    "Lambda-Runtime-Deadline-Ms": "\(deadline)",
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:Nightly",
                ],
                body: event
            )
        }
        return try await withScriptedServer(script) { server in
            let root = try TaskRoot(configuration: configuration)
            defer { root.remove() }
            var variables = [
                "AWS_LAMBDA_RUNTIME_API": server.authority, "AWS_ENDPOINT_URL": server.url, "_HANDLER": handler,
                "LAMBDA_TASK_ROOT": root.path, "AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "Nightly",
                "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG", "HOME": root.path,
                "AWS_ACCESS_KEY_ID": Self.secrets[0], "AWS_SECRET_ACCESS_KEY": Self.secrets[1],
                "AWS_SESSION_TOKEN": Self.secrets[2],
            ]
            variables.merge(environment) { $1 }
            let output = try await ChildProcess.run(ChildProcess.builtProduct("bootstrap"), environment: variables)
            let result = Result(output: output, reports: reports.withLock { $0 })
            let everything =
                [output.standardOutput, output.standardError] + result.reports.map(\.body)
                + aws.current.objects.values.map { String(decoding: $0, as: UTF8.self) }
            for secret in Self.secrets {
                #expect(!everything.contains { $0.contains(secret) }, "\(secret) came out")
            }
            return result
        }
    }
}

/// `/var/task`: a folder with, perhaps, a config.json.
private struct TaskRoot {
    let path: String

    init(configuration: String?) throws {
        path = "\(FileManager.default.temporaryDirectory.path)/bootstrap-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let configuration { try Data(configuration.utf8).write(to: URL(filePath: "\(path)/config.json")) }
    }

    func remove() {
        // A folder that stays behind in the system's temporary directory fails nothing.
        try? FileManager.default.removeItem(atPath: path)
    }
}
