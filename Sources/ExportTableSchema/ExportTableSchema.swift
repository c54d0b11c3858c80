import ArgumentParser

@main
struct ExportTableSchema: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "export-table-schema")

    func run() async throws {}
}
