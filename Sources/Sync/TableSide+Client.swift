import AWSCore
import SyncCore

extension TableSide {
    /// A table as the command line names it; an ARN says itself in which Region it is.
    ///
    /// - Throws: ``ConfigurationError`` when neither ARN nor options, environment or profile name a Region.
    init(_ table: String, client: AWSClient) throws {
        let region = try ARN(table).flatMap { Region($0.region) } ?? client.configuration.requiredRegion()
        self.init(table: table, dynamoDB: DynamoDBClient(client: client, region: region))
    }
}
