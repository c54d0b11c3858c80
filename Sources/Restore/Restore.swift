import ArgumentParser

@main
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "restore")

    func run() async throws {}
}
