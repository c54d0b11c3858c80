import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// Follows exports and tells of it on the terminal.
struct ExportProgress {
    let console: Console
    /// The options to give to a command that goes on from here.
    let options: String

    /// - Throws: ``CommandFailure`` for Ctrl-C, which says how to go on; ``AWSError``.
    func follow(
        _ exports: [(table: TableARN, exportARN: String)],
        client: AWSClient
    ) async throws -> [ExportWatch.Item] {
        defer { console.progress.clear() }
        do {
            return try await ExportWatch(client: client).follow(exports) { [console] items in
                let running = items.filter(\.isRunning)
                let since = running.compactMap(\.export.startTime).min() ?? Date()
                let elapsed = HumanFormat.duration(.seconds(Date().timeIntervalSince(since)))
                let names = running.map(\.table.tableName).joined(separator: ", ")
                console.progress.update(
                    "\(items.count - running.count) of \(items.count) exports ended, \(elapsed) so far; running: \(names)"
                )
            }
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "The exports go on in DynamoDB. Follow them with: monitor watch\(options)"
            ])
        }
    }
}
