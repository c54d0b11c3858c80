import AWSCore
import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// What sync's handlers need before their first event: clients for every role, and the configuration that is in the zip.
struct SyncSetup: Sendable {
    /// AWS calls in flight at the same time, for any number of targets.
    private static let maximumConcurrentCalls = 64
    /// What live sync keeps of an invocation's time for the answer and the metrics, in seconds.
    private static let deadlineMargin = 1.0

    let clientEnvironment: AWSClient.Environment
    private let environment: [String: String]
    private let settings: AWSSettings
    private let transport: any HTTPTransport
    private let limited: LimitedTransport

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        self.environment = environment
        self.transport = transport
        settings = try AWSSettings(environment: environment)
        limited = LimitedTransport(transport, limit: Self.maximumConcurrentCalls)
        clientEnvironment = AWSClient.Environment(logger: logger)
    }

    /// A client whose calls count, together with those of all others, towards the limit.
    ///
    /// - Parameter role: the ARN of the role to assume; `nil` for the function's own.
    func client(assuming role: String?) -> AWSClient {
        AWSClient(
            // The calls that get credentials wait for nobody: others wait for them.
            configuration: AWSConfiguration(settings: settings, assuming: role, transport: transport),
            transport: limited,
            environment: clientEnvironment
        )
    }

    /// Reads the zip's `config.json`.
    ///
    /// - Parameters:
    ///   - mappings: those without which the handler has nothing to do.
    ///   - missing: says so.
    func configuration(
        needing mappings: (SyncConfiguration) -> Bool,
        else missing: String
    ) throws(LambdaFunctionError) -> SyncConfiguration {
        let path = "\(environment["LAMBDA_TASK_ROOT"] ?? ".")/config.json"
        let configuration: SyncConfiguration
        do {
            configuration = try SyncConfiguration.load(path: path)
        } catch {
            throw LambdaFunctionError(type: .runtime("InvalidConfiguration"), message: "\(error)")
        }
        guard mappings(configuration) else {
            throw LambdaFunctionError(type: .runtime("InvalidConfiguration"), message: "\(path): \(missing)")
        }
        return configuration
    }

    /// When live sync has to be done with an invocation.
    static func end(of context: LambdaContext) -> Date { context.deadline.addingTimeInterval(-deadlineMargin) }
}
