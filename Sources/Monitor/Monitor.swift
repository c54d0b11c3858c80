import ArgumentParser

@main
struct Monitor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "monitor")

    func run() async throws {}
}
