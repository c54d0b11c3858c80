import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import Terminal

/// `monitor backup`: a backup now, by the function or in this process.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Start a backup now.",
        usage: "monitor backup [--table <name> ...] [--wait] [--local] \(CommonOptions.usage)",
        discussion: CommandHelp.discussion(
            """
            Invokes the function and shows what it did for each table. The exports then run in DynamoDB by themselves, \
            whether or not this program waits for them. Exit 1 when one could not be started or, with --wait, failed.
            """,
            examples: [
                ("monitor backup", "back up every configured table"),
                ("monitor backup --table Orders --table Users --wait", "two tables, and wait until they are complete"),
                ("monitor backup --local", "the same code in this process, with your own credentials"),
            ]
        )
    )

    @Option(help: ArgumentHelp("Only this table, by name or ARN (repeatable).", valueName: "name"))
    var table: [String] = []

    @Flag(help: "Wait until the exports have ended; exit 1 when one fails.")
    var wait = false

    @Flag(help: "Run in this process instead of invoking the function.")
    var local = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try MonitorSettings.configuration(common)
        try MonitorSettings.requireConfigured(table, in: configuration)
        let client = try common.makeClient(console: console)
        let request = BackupEvent.Request(
            id: UUID().uuidString.lowercased(),
            time: Date(),
            tables: table.isEmpty ? nil : table
        )
        let answer =
            local
            ? try await runHere(request, configuration, client, console)
            : try await invoke(request, configuration, client, console)
        let started: [(table: TableARN, exportARN: String)] = answer.results.compactMap { result in
            guard let table = TableARN(result.tableARN), let export = result.exportARN else { return nil }
            return (table, export)
        }
        if console.format == .text || !wait { try BackupText.print(answer, to: console) }
        guard wait, !started.isEmpty else {
            if !started.isEmpty {
                console.note(
                    "The exports go on in DynamoDB. Follow them with: monitor watch\(common.repeatedArguments)"
                )
            }
            if !answer.isComplete { throw ExitStatus.failure }
            return
        }
        let items = try await ExportProgress(console: console, options: common.repeatedArguments).follow(
            started,
            client: client
        )
        switch console.format {
        case .json: try console.printJSON(BackupText.json(answer, exports: items))
        case .text: try BackupText.print(items, to: console)
        }
        if !answer.isComplete || items.contains(where: { $0.export.status != .completed }) { throw ExitStatus.failure }
    }

    private func runHere(
        _ request: BackupEvent.Request,
        _ configuration: BackupConfiguration,
        _ client: AWSClient,
        _ console: Console
    ) async throws -> BackupAnswer {
        // Without credentials there is one thing to say, not one for each table.
        _ = try await client.configuration.credentials.credentials()
        console.progress.update("Starting the exports")
        defer { console.progress.clear() }
        let answer = await BackupRun(
            configuration: configuration,
            client: client,
            logger: common.makeLogger("backup", console: console, showsWarnings: false)
        ).run(request)
        guard Task.isCancelled else { return answer }
        let started = answer.results.filter { $0.exportARN != nil }.map(\.table).joined(separator: ", ")
        throw CommandFailure.interrupted(
            hints: started.isEmpty
                ? [
                    "No export was started that is known of. See for yourself with: monitor watch\(common.repeatedArguments)"
                ]
                : [
                    "Exports were started of \(started); they go on in DynamoDB. Follow them with: monitor watch\(common.repeatedArguments)"
                ]
        )
    }

    private func invoke(
        _ request: BackupEvent.Request,
        _ configuration: BackupConfiguration,
        _ client: AWSClient,
        _ console: Console
    ) async throws -> BackupAnswer {
        let region = try BackupMonitor(configuration: configuration, client: client).functionRegion()
        console.progress.update("Invoking \(configuration.functionName)")
        defer { console.progress.clear() }
        let result: InvocationResult
        do {
            result = try await LambdaClient(client: client, region: region)
                .invoke(configuration.functionName, payload: request.json.serialized())
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            throw CommandFailure(
                "there is no function \(configuration.functionName) in \(region)",
                hints: [
                    "Deploy it with ./deploy.sh, or run the backup from here with: monitor backup --local\(common.repeatedArguments)"
                ]
            )
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "The function may go on. See what it started with: monitor\(common.repeatedArguments)",
                "Follow the exports with: monitor watch\(common.repeatedArguments)",
            ])
        }
        return try FunctionAnswer.read(result, function: configuration.functionName)
    }
}
