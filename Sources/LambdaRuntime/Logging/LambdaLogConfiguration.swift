package import Logging

/// How the function's log looks, from the function's logging configuration.
package struct LambdaLogConfiguration: Sendable, Equatable {
    package enum Format: Sendable {
        case json
        case text
    }

    package var format: Format
    package var level: Logger.Level

    package init(format: Format = .text, level: Logger.Level = .info) {
        self.format = format
        self.level = level
    }

    /// Reads `AWS_LAMBDA_LOG_FORMAT` (`JSON` or `Text`, which is also the default) and `AWS_LAMBDA_LOG_LEVEL` (`TRACE`,
    /// `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`; by default `INFO`); an unknown value counts as not set.
    package init(environment: [String: String]) {
        self.init(
            format: environment["AWS_LAMBDA_LOG_FORMAT"]?.lowercased() == "json" ? .json : .text,
            level: environment["AWS_LAMBDA_LOG_LEVEL"].flatMap(Logger.Level.init(lambdaName:)) ?? .info
        )
    }
}

extension Logger.Level {
    /// A level by Lambda's name for it.
    init?(lambdaName: String) {
        switch lambdaName.uppercased() {
        case "TRACE": self = .trace
        case "DEBUG": self = .debug
        case "INFO": self = .info
        case "WARN": self = .warning
        case "ERROR": self = .error
        case "FATAL": self = .critical
        default: return nil
        }
    }

    /// Lambda's name; it has none for `notice`, which is information.
    var lambdaName: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARN"
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }
}
