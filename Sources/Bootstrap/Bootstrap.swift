import AWSCore
import CGlibcCompatibility
import Glibc
import LambdaRuntime
import Logging

/// The Lambda function: `_HANDLER` says which of its jobs this deployment does.
@main
enum Bootstrap {
    static func main() async {
        let environment = ProcessEnvironment.variables()
        let logs = LambdaLogConfiguration(environment: environment)
        let logger = Logger(label: "backup") { _ in LambdaLogHandler(logs) }
        do {
            guard use_built_in_name_services() == 0 else {
                throw LambdaFunctionError(
                    type: .runtime("OutOfMemory"),
                    message: "no memory to choose how names are resolved"
                )
            }
            let transport = try CurlTransport(CurlTransport.Configuration(caBundle: environment["AWS_CA_BUNDLE"]))
            let runtime = LambdaRuntime(
                api: try LambdaRuntimeClient(environment: environment, transport: transport),
                environment: environment,
                logger: logger
            )
            // The function mostly waits for AWS, and Lambda gives it a part of one processor: one thread does it all.
            let status = await withTaskExecutorPreference(transport.executor) {
                await runtime.run { @Sendable in
                    switch environment["_HANDLER"] {
                    case "backup":
                        return try BackupHandler(environment: environment, transport: transport, logger: logger)
                    case "table-sync":
                        return try TableSyncHandler(environment: environment, transport: transport, logger: logger)
                    case "bucket-sync":
                        return try BucketSyncHandler(environment: environment, transport: transport, logger: logger)
                    case "copy-segment":
                        return try CopySegmentHandler(environment: environment, transport: transport, logger: logger)
                    case let name:
                        throw LambdaFunctionError(
                            type: .runtime("UnknownHandler"),
                            message:
                                "there is no handler \"\(name ?? "")\"; set the function's handler to backup, table-sync,"
                                + " bucket-sync or copy-segment"
                        )
                    }
                }
            }
            exit(status)
        } catch {
            logger.critical("The function cannot start: \(error)")
            exit(1)
        }
    }
}
