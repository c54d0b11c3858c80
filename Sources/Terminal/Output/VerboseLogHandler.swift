internal import AWSCore
package import FoundationEssentials
package import Logging

/// What `--verbose` shows on standard error: `02:00:07.123 debug message key=value`.
package struct VerboseLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let console: Console
    private let now: @Sendable () -> Date

    package init(console: Console, logLevel: Logger.Level, now: @escaping @Sendable () -> Date = { Date() }) {
        self.console = console
        self.logLevel = logLevel
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let time = now().iso8601WithMilliseconds.dropFirst(11).prefix(12)
        let line = "\(time) \(event.level) \(event.message)\(pairs)".escapedForTerminal
        console.writeError(console.errorStyler.apply(.dim, to: line))
    }
}
