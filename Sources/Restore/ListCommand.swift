import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import Terminal

/// `restore list`: the backups that the bucket holds.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the backups in the bucket, newest first.",
        usage: """
            restore list [<table>] [--from <yyyy/mm/dd>] [--through <yyyy/mm/dd>]
                         \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            COMPLETE can be restored; RUNNING has no manifest yet; FAILED never got one; NOT_EXPORTED has a schema and \
            no export. A backup without a schema needs a local table_schema.json. Exit 1 when a table was named that \
            has no backup.
            """,
            examples: [
                ("restore list", "every backup"),
                ("restore list Orders --from 2026/11/01 --through 2026/11/20", "one table, some days"),
                ("restore list --output json | jq -c '.[]'", "for scripts"),
            ]
        )
    )

    @Argument(help: "Only this table's backups.")
    var table: String?

    @Option(help: ArgumentHelp("The earliest day.", valueName: "yyyy/mm/dd"))
    var from: String?

    @Option(help: ArgumentHelp("The latest day.", valueName: "yyyy/mm/dd"))
    var through: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let from { _ = try RestoreSettings.date(from, option: "--from") }
        if let through { _ = try RestoreSettings.date(through, option: "--through") }
    }

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try RestoreSettings.configuration(common)
        let client = try common.makeClient(console: console)
        let catalog = RestoreRun(configuration: configuration, client: client).catalog
        console.progress.update("Listing \(catalog.store.name)/\(catalog.layout.root)")
        let entries = try await catalog.entries(
            table: table,
            from: try from.map { try RestoreSettings.date($0, option: "--from") } ?? .minimum,
            through: try through.map { try RestoreSettings.date($0, option: "--through") } ?? .maximum
        )
        console.progress.clear()
        switch console.format {
        case .json: try console.printJSON(.array(entries.map(Self.json)))
        case .text: try print(entries, catalog, to: console)
        }
        if entries.isEmpty, table != nil { throw ExitStatus.failure }
    }

    private func print(_ entries: [CatalogEntry], _ catalog: BackupCatalog, to console: Console) throws {
        guard !entries.isEmpty else {
            let what = table.map { "no backup of a table \($0)" } ?? "no backup"
            console.note(
                "\(catalog.store.name)/\(catalog.layout.root) holds \(what)\(from == nil ? "" : " of these days")"
            )
            return
        }
        var table = TextTable([
            .init("DATE"), .init("TABLE"), .init("STATUS"), .init("SCHEMA"), .init("STARTED"), .init("TOOK", .trailing),
            .init("EXPORT"),
        ])
        for entry in entries {
            table.add([
                .init(entry.date.description), .init(entry.table, .bold), Self.cell(entry.status),
                entry.hasSchema ? "yes" : .init("MISSING", .warning),
                .init(entry.startedAt.map(HumanFormat.date) ?? ""),
                .init(HumanFormat.duration(from: entry.startedAt, to: entry.completedAt) ?? ""),
                .init(entry.export?.id.text ?? ""),
            ])
        }
        try console.print(table)
    }

    private static func cell(_ status: CatalogEntry.Status) -> TextTable.Cell {
        switch status {
        case .complete: .init(status.rawValue, .good)
        case .running: .init(status.rawValue)
        case .failed: .init(status.rawValue, .bad)
        case .notExported: .init(status.rawValue, .warning)
        }
    }

    private static func json(_ entry: CatalogEntry) -> JSONValue {
        [
            "date": .string(entry.date.description),
            "table": .string(entry.table),
            "status": .string(entry.status.rawValue),
            "hasSchema": .bool(entry.hasSchema),
            "hasSettings": .bool(entry.hasSettings),
            "exportId": entry.export.map { .string($0.id.text) } ?? .null,
            "startedAt": entry.startedAt.map { .string($0.iso8601) } ?? .null,
            "completedAt": entry.completedAt.map { .string($0.iso8601) } ?? .null,
        ]
    }
}
