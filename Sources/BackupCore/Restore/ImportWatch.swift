package import AWSCore

/// Follows an import until it has ended; needs nothing of the backup it is made from.
package struct ImportWatch: Sendable {
    private let client: AWSClient
    private let pacer: CallPacer
    private let sleep: @Sendable (Duration) async throws -> Void

    private static let shortestInterval = Duration.seconds(2)
    private static let longestInterval = Duration.seconds(20)

    package init(
        client: AWSClient,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.client = client
        self.pacer = CallPacer(interval: CallPacer.exportInterval, sleep: sleep)
        self.sleep = sleep
    }

    /// Waits until an import has ended.
    ///
    /// The table is active some seconds before its import is complete, so it is the import that is looked at.
    ///
    /// - Parameter onUpdate: called after each look.
    /// - Returns: the ended import; a failed one is a result, too.
    /// - Throws: ``AWSError``; `CancellationError`: the import goes on.
    package func follow(
        _ importARN: String,
        in region: Region,
        onUpdate: @Sendable (ImportDescription) -> Void
    ) async throws -> ImportDescription {
        let dynamoDB = DynamoDBClient(client: client, region: region)
        var interval = Self.shortestInterval
        while true {
            let description = try await pacer.call { try await dynamoDB.describeImport(importARN) }
            onUpdate(description)
            if description.hasEnded { return description }
            try await sleep(interval)
            interval = min(interval * 1.5, Self.longestInterval)
        }
    }

    /// Whether an import left a table behind, whatever its status says.
    package func tableExists(_ name: String, in region: Region) async throws -> Bool {
        do {
            _ = try await DynamoDBClient(client: client, region: region).describeTable(name)
            return true
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return false
        }
    }
}
