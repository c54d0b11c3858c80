package import AWSCore
package import BackupCore

/// Clients for the tables of the mappings: one for each role, so that a role is assumed once however many tables it
/// writes.
package struct TableConnections: Sendable {
    private let own: AWSClient
    private let byRole: [String: AWSClient]

    /// - Parameters:
    ///   - own: with the function's own credentials.
    ///   - assuming: makes a client with a role's credentials; nothing is fetched before the first call.
    package init(_ configuration: SyncConfiguration, own: AWSClient, assuming: (String) -> AWSClient) {
        self.own = own
        var byRole: [String: AWSClient] = [:]
        for role in configuration.tables.flatMap(\.targets).compactMap(\.role) where byRole[role] == nil {
            byRole[role] = assuming(role)
        }
        self.byRole = byRole
    }

    /// The target as its role sees it.
    ///
    /// - Parameter source: lies in the function's own account.
    package func target(_ target: TableTarget, of source: TableARN) -> TableSide {
        let client = target.role.flatMap { byRole[$0] } ?? own
        let account = target.role.flatMap { ARN($0)?.account } ?? source.accountID
        return TableSide(
            // A table of another account than the caller's is found by its ARN alone.
            table: account == target.table.accountID ? target.table.tableName : target.table.description,
            dynamoDB: DynamoDBClient(client: client, region: target.table.region)
        )
    }

    /// The source as the function sees it.
    package func source(_ table: TableARN) -> TableSide {
        TableSide(table: table.tableName, dynamoDB: DynamoDBClient(client: own, region: table.region))
    }
}
