import AWSCore
import AWSTesting
import LambdaRuntime
import Logging
import Testing

/// Collects what would go to the function's log.
struct RecordedLog: Sendable {
    private let lines = WatchedValue<[[UInt8]]>([])

    var output: LogOutput { LogOutput { [lines] line in lines.update { $0.append(line) } } }

    var texts: [String] { lines.current.map { String(decoding: $0, as: UTF8.self) } }

    /// The lines as JSON, each checked to be exactly one line.
    func objects(sourceLocation: SourceLocation = #_sourceLocation) throws -> [JSONObject] {
        try lines.current.map { line in
            #expect(line.last == UInt8(ascii: "\n"), sourceLocation: sourceLocation)
            #expect(!line.dropLast().contains(UInt8(ascii: "\n")), sourceLocation: sourceLocation)
            return try #require(try JSONValue(parsing: line.dropLast()).object, sourceLocation: sourceLocation)
        }
    }

    func logger(
        _ configuration: LambdaLogConfiguration = LambdaLogConfiguration(format: .json, level: .trace),
        clock: ManualClock = ManualClock()
    ) -> Logger {
        let output = output
        return Logger(label: "test") { _ in LambdaLogHandler(configuration, output: output) { clock.now } }
    }
}
