import AWSCore
import ArgumentParser
import FoundationEssentials
import Glibc
import SyncCore
import Terminal

/// `sync cutover`: the proof that an application may go over to the targets now.
struct CutoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cutover",
        abstract: "Walk through a cut-over, and sign off that it is safe.",
        usage: """
            sync cutover [--stop-writers <command> | --writers-stopped]
                         [--no-canary] [--report <file>] [--settle <seconds>]
                         [--timeout <seconds>] [--temporary-directory <folder>]
                         \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Step by step: live sync is deployed, nothing has failed and the last sync verify found no difference; a \
            canary goes through every mapping (an item or \
            object with a key of its own, written at the source if there is none, seen at the target, deleted, seen to \
            go); you, or the command of --stop-writers, stop everything that writes to the sources; canaries again; the lag is zero and the queues are \
            empty; every mapping is compared in full, as by sync verify; nobody has written since. The first step that \
            fails ends it, with what to do; run the same command again. Nothing is written but canaries.

            Two files hold the report: <file>.txt and <file>.json, the latter with its own SHA-256, so that nobody \
            changes it unseen.
            """,
            examples: [
                ("sync cutover", "asks when it is time to stop the writers"),
                ("sync cutover --stop-writers 'systemctl stop shop'", "in a script: runs it when it is time to"),
                ("sync cutover --writers-stopped --report /var/log/cutover", "they are stopped already: no question"),
                ("jq -cjS 'del(.sha256)' cutover.json | sha256sum", "what .sha256 of a report must be"),
            ],
            exitCodes: [.success, .failure, .unhealthy, .different, .usage, .interrupted],
            meanings: [
                .success: "cutting over is safe", .unhealthy: "cutting over is not safe: a step has failed",
                .different: "cutting over is not safe: both sides differ",
            ]
        )
    )

    @Option(
        help: ArgumentHelp(
            "Do not ask: run this with sh when it is time to stop everything that writes to the sources. It has to wait"
                + " until they have stopped, and to end with 0.",
            valueName: "command"
        )
    )
    var stopWriters: String?

    @Flag(help: "Do not ask: everything that writes to the sources is stopped already.")
    var writersStopped = false

    /// The same for whoever is used to that word.
    @Flag(help: .hidden)
    var yes = false

    @Flag(help: "Send no canaries; the report says so.")
    var noCanary = false

    @Option(
        help: ArgumentHelp(
            "Write the report to <file>.txt and <file>.json (default: sync-cutover-<time>).",
            valueName: "file"
        )
    )
    var report: String?

    @Option(
        help: ArgumentHelp("How long the last changes may take to show in CloudWatch and queues.", valueName: "seconds")
    )
    var settle = 180

    @Option(help: ArgumentHelp("How long a canary and the end of the lag are waited for.", valueName: "seconds"))
    var timeout = 900

    @Option(help: ArgumentHelp("Where files go that hold what does not fit in memory.", valueName: "folder"))
    var temporaryDirectory: String?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        for (option, number) in [("--settle", settle), ("--timeout", timeout)] where !(1...86_400).contains(number) {
            throw ValidationError("\(option): expected a number of seconds from 1 to 86400")
        }
        if let report, report.isEmpty { throw ValidationError("--report needs a path") }
        if let stopWriters {
            guard !stopWriters.isEmpty else { throw ValidationError("--stop-writers needs a command") }
            guard !writersStopped, !yes else {
                throw ValidationError("--stop-writers and --writers-stopped exclude each other")
            }
        }
    }

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try LiveOptions.configuration(common)
        let clients = try LiveOptions.clients(configuration, sides, common, console: console)
        guard writersStopped || yes || stopWriters != nil || isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure(
                "there is no terminal to ask whether the writers are stopped; give --stop-writers with the command that stops"
                    + " them, or stop them and give --writers-stopped"
            )
        }
        let start = Date()
        let files = try CutoverFiles(path: report, date: start)
        var result = CutoverReport(
            signer: try await signer(clients),
            startDate: start,
            configurationHash: try configurationHash(),
            configuration: configuration
        )
        var options = CutoverRun.Options()
        options.sendsCanaries = !noCanary
        options.settle = .seconds(settle)
        options.timeout = .seconds(timeout)
        options.temporaryDirectory = TemporaryFolder.path(temporaryDirectory)
        let run = CutoverRun(clients, records: SyncRecords.store, options: options)
        do {
            defer { console.progress.clear() }
            try await run.run(into: &result, observer: observer(console))
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "The cut-over was not finished: do not cut over. The same command begins anew."
            ])
        }
        let text = CutoverText(report: result, files: files)
        try files.write(text: text.text, json: result.json)
        switch console.format {
        case .json: try console.printJSON(result.json)
        case .text: try console.write(text.verdict(console.styler))
        }
        guard !result.isSafe else { return }
        throw result.isDifferent ? ExitStatus.different : ExitStatus.unhealthy
    }

    private func observer(_ console: Console) -> CutoverRun.Observer {
        let isSaid = writersStopped || yes
        let stop = stopWriters.map { WriterStop(command: $0, timeout: .seconds(timeout)) }
        return CutoverRun.Observer(
            begin: { console.progress.update($0) },
            note: { console.progress.update($0) },
            end: { step in
                console.progress.clear()
                guard console.format == .text else { return }
                try? console.print(CutoverText.line(step, console.styler))
            },
            writersAreStopped: {
                if isSaid { return "said by --writers-stopped" }
                if let stop { return try await stop.run(console) }
                console.progress.clear()
                return try await CutoverQuestion.ask(console) ? "answered at the terminal" : nil
            }
        )
    }

    private func signer(_ clients: LiveClients) async throws -> CutoverReport.Signer {
        let region = try clients.source.configuration.region ?? clients.anyRegion
        let identity = try await STSClient(clients.source, region: region).getCallerIdentity()
        let environment = ProcessEnvironment.variables()
        var host = [CChar](repeating: 0, count: 256)
        let isNamed = gethostname(&host, host.count - 1) == 0
        return CutoverReport.Signer(
            user: environment["SUDO_USER"] ?? environment["USER"] ?? environment["LOGNAME"] ?? "user \(getuid())",
            host: isNamed ? host.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" } : "",
            identity: identity.arn
        )
    }

    private func configurationHash() throws -> String {
        guard let data = FileManager.default.contents(atPath: common.config) else {
            throw CommandFailure("\(common.config) cannot be read")
        }
        var digest = SHA256()
        digest.update(data)
        return digest.finalize().hexadecimal
    }
}
