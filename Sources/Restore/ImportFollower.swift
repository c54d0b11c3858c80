import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// Follows an import and tells of it on the terminal.
struct ImportFollower {
    let console: Console
    let imports: ImportWatch
    let region: Region
    /// The options to give to a command that goes on from here.
    let options: String

    /// - Parameter expectedItems: the manifest's number, for a percentage.
    /// - Throws: ``CommandFailure`` for Ctrl-C, which says how to go on; ``AWSError``.
    func follow(_ importARN: String, expectedItems: Int?) async throws -> ImportDescription {
        defer { console.progress.clear() }
        do {
            return try await imports.follow(importARN, in: region) { [console] description in
                console.progress.update(Self.line(description, expectedItems: expectedItems))
            }
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "The import goes on in DynamoDB. Follow it with: restore watch \(importARN)\(options)"
            ])
        }
    }

    private static func line(_ description: ImportDescription, expectedItems: Int?) -> String {
        let elapsed = HumanFormat.duration(.seconds(Date().timeIntervalSince(description.startTime ?? Date())))
        var line = "Importing: \(HumanFormat.count(description.importedItemCount))"
        if let expectedItems, expectedItems > 0 {
            line += " of \(HumanFormat.count(expectedItems)) items"
            line += " (\(HumanFormat.percent(description.importedItemCount, of: expectedItems)))"
        } else {
            line += " items"
        }
        if description.errorCount > 0 { line += ", \(HumanFormat.count(description.errorCount)) errors" }
        return line + ", \(elapsed) so far"
    }
}
