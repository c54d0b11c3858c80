internal import AWSCore
package import Logging

package import struct FoundationEssentials.Date

/// Writes log lines as Lambda wants them, one object or one line of text for each event.
///
/// JSON: `{"timestamp":…,"level":…,"message":…,"requestId":…}` and then the metadata, each key a member of its own, in
/// the order of their names. A metadata key that has one of those four names is written with `_` before it.
package struct LambdaLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let format: LambdaLogConfiguration.Format
    private let output: LogOutput
    private let now: @Sendable () -> Date

    private static let reservedKeys: Set<String> = ["timestamp", "level", "message", "requestId"]

    package init(
        _ configuration: LambdaLogConfiguration,
        output: LogOutput = .standardOutput,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        logLevel = configuration.level
        format = configuration.format
        self.output = output
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let requestID = LambdaContext.current?.requestID
        let timestamp = now().iso8601WithMilliseconds
        let metadata = allMetadata(of: event).sorted { $0.key < $1.key }
        switch format {
        case .json: writeJSON(event, timestamp, requestID, metadata)
        case .text: writeText(event, timestamp, requestID, metadata)
        }
    }

    private func allMetadata(of event: LogEvent) -> Logger.Metadata {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error {
            all["error"] = "\(error)"
            all["errorType"] = "\(type(of: error))"
        }
        return all
    }

    private func writeJSON(
        _ event: LogEvent,
        _ timestamp: String,
        _ requestID: String?,
        _ metadata: [(key: String, value: Logger.Metadata.Value)]
    ) {
        var line = JSONLine()
        line.add("timestamp", timestamp)
        line.add("level", event.level.lambdaName)
        line.add("message", event.message.description)
        if let requestID { line.add("requestId", requestID) }
        for (key, value) in metadata {
            line.addKey(Self.reservedKeys.contains(key) ? "_\(key)" : key)
            line.addValue(value)
        }
        line.end()
        output.write(line.bytes)
    }

    private func writeText(
        _ event: LogEvent,
        _ timestamp: String,
        _ requestID: String?,
        _ metadata: [(key: String, value: Logger.Metadata.Value)]
    ) {
        var text = timestamp
        if let requestID { text += " \(requestID)" }
        text += " \(event.level.lambdaName) \(event.message)"
        for (key, value) in metadata { text += " \(key)=\(value)" }
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            default: line += scalar.isUnsafeInLogs ? scalar.jsonEscape : String(Character(scalar))
            }
        }
        output.write(Array((line + "\n").utf8))
    }
}

extension JSONLine {
    /// Appends a metadata value: numbers and truth values as such, everything else as text.
    fileprivate mutating func addValue(_ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text): addString(text)
        case .stringConvertible(let value):
            switch value {
            case let value as any FixedWidthInteger: addRaw("\(value)")
            case let value as Bool: addRaw(value ? "true" : "false")
            case let value as Double where value.isFinite: addRaw("\(value)")
            default: addString(value.description)
            }
        case .array(let values):
            addRaw("[")
            for (index, value) in values.enumerated() {
                if index > 0 { addRaw(",") }
                addValue(value)
            }
            addRaw("]")
        case .dictionary(let members):
            addRaw("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { addRaw(",") }
                addString(member.key)
                addRaw(":")
                addValue(member.value)
            }
            addRaw("}")
        }
    }
}
