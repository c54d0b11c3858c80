package import AWSCore
package import ArgumentParser
import FoundationEssentials
package import Logging

/// How results are written.
package enum OutputFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

/// The options that every program of this package has; declared after a command's own, they come last in its help.
package struct CommonOptions: ParsableArguments {
    /// What stands for them in a usage line.
    package static let usage = "[<options>]"

    @Option(help: ArgumentHelp("The configuration file.", valueName: "path"))
    package var config = "config.json"

    @Option(help: ArgumentHelp("The profile of ~/.aws/config to use.", valueName: "name"))
    package var profile: String?

    @Option(help: ArgumentHelp("The AWS Region where nothing else names one.", valueName: "region"))
    package var region: String?

    @Option(
        name: .customLong("endpoint-url"),
        help: ArgumentHelp("Send every request here instead of to AWS.", valueName: "url")
    )
    package var endpointURL: String?

    @Option(help: ArgumentHelp("How results are written; JSON is for programs and stays stable.", valueName: "format"))
    package var output = OutputFormat.text

    @Flag(name: .customLong("no-color"), help: "No colours, even on a terminal.")
    package var noColor = false

    @Flag(help: "Results and errors only: no notes, no progress.")
    package var quiet = false

    @Flag(help: "Show every request with its id on standard error, without secrets.")
    package var verbose = false

    package init() {}

    package mutating func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose cannot be given together") }
        if config.isEmpty { throw ValidationError("--config needs a path") }
        if let region, Region(region) == nil {
            throw ValidationError(
                "--region: \"\(region.escapedForTerminal)\" is not a Region; expected something like us-east-1"
            )
        }
        if let url = endpointURL, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            throw ValidationError(
                "--endpoint-url: \"\(url.escapedForTerminal)\" is not a URL; expected something like http://127.0.0.1:4566"
            )
        }
    }

    /// What of these options a command needs that goes on with the same work: ` --config x.json --profile prod`.
    ///
    /// Begins with a blank, or is empty; quoted for a shell.
    package var repeatedArguments: String {
        var text = ""
        for (name, value) in [
            ("--config", config == "config.json" ? nil : config), ("--profile", profile),
            ("--endpoint-url", endpointURL),
        ] {
            guard let value else { continue }
            let isPlain = value.utf8.allSatisfy {
                Character(Unicode.Scalar($0)).isLetter && $0 < 0x80 || (0x30...0x39).contains($0)
                    || "/._-:".utf8.contains($0)
            }
            let quoted =
                isPlain
                ? value
                : "'"
                    + value.split(separator: "'", omittingEmptySubsequences: false)
                    .joined(separator: "'\\''") + "'"
            text += " \(name) \(quoted)"
        }
        return text
    }

    /// The console that these options ask for.
    package func makeConsole(
        environment: [String: String] = ProcessEnvironment.variables(),
        output: TextOutput = .standardOutput,
        errors: TextOutput = .standardError
    ) -> Console {
        Console(
            output: output,
            errors: errors,
            format: self.output,
            noColor: noColor,
            isQuiet: quiet,
            environment: environment
        )
    }

    /// A logger to standard error: warnings only, or everything from `debug` with `--verbose`.
    ///
    /// - Parameter showsWarnings: `false` where the result tells of failures itself.
    package func makeLogger(_ label: String, console: Console, showsWarnings: Bool = true) -> Logger {
        let level: Logger.Level = verbose ? .debug : showsWarnings ? .warning : .critical
        return Logger(label: label) { _ in VerboseLogHandler(console: console, logLevel: level) }
    }

    /// What one side of a command may have of its own.
    package struct Side: Sendable {
        package var profile: String?
        package var region: String?
        package var endpointURL: String?
        /// A role to assume with the credentials that the rest gives.
        package var roleARN: String?

        package init(
            profile: String? = nil,
            region: String? = nil,
            endpointURL: String? = nil,
            roleARN: String? = nil
        ) {
            self.profile = profile
            self.region = region
            self.endpointURL = endpointURL
            self.roleARN = roleARN
        }
    }

    /// A client with the Region, credentials and endpoints that options, environment and profile give.
    ///
    /// Nothing is sent and no credentials are fetched yet.
    /// - Parameter side: what goes before these options.
    /// - Throws: ``ConfigurationError``; ``HTTPError`` when libcurl cannot start.
    package func makeClient(
        _ side: Side = Side(),
        environment: [String: String] = ProcessEnvironment.variables(),
        console: Console
    ) throws -> AWSClient {
        let settings = try AWSSettings(
            profile: side.profile ?? profile,
            region: side.region ?? region,
            endpointURL: side.endpointURL ?? endpointURL,
            environment: environment
        )
        let transport = try CurlTransport(.init(caBundle: settings.caBundle))
        return AWSClient(
            configuration: AWSConfiguration(settings: settings, assuming: side.roleARN, transport: transport),
            transport: transport,
            environment: AWSClient.Environment(logger: makeLogger("aws", console: console))
        )
    }
}
