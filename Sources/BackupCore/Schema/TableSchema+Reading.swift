package import AWSCore

extension TableSchema {
    /// Makes the parameters out of a described table, and asks KMS whose its key is.
    ///
    /// DescribeTable shows the key that AWS manages for DynamoDB like any other. Named in a schema it would tie the table
    /// to one Region and account, though every Region has such a key; unnamed, each takes its own. Where KMS gives no
    /// answer, for want of a permission perhaps, the key stays named.
    ///
    /// - Throws: ``TableSchemaError``; `CancellationError`.
    package static func read(_ description: TableDescription, client: AWSClient, region: Region) async throws
        -> TableSchema
    {
        var managedKey: String?
        if let key = description.json["SSEDescription"]?["KMSMasterKeyArn"]?.string {
            do {
                if try await KMSClient(client: client, region: region).keyManager(of: key) == .aws { managedKey = key }
            } catch is AWSError {
                // The key stays named, and a restore elsewhere asks for another.
            }
        }
        return try TableSchema(describing: description.json, awsManagedKeyARN: managedKey)
    }
}
