package import AWSCore
package import BackupCore

/// Whom status, replay and cut-over speak to: the sources' account with one client, each target with its role.
package struct LiveClients: Sendable {
    package let configuration: SyncConfiguration
    package let source: AWSClient
    private let byRole: [String: AWSClient]
    private let target: AWSClient

    /// - Parameters:
    ///   - source: reads sources, and what is deployed beside them.
    ///   - target: writes targets whose mappings name no role.
    ///   - assuming: makes a client with a role's credentials; nothing is fetched before the first call.
    package init(
        _ configuration: SyncConfiguration,
        source: AWSClient,
        target: AWSClient,
        assuming: (String) throws -> AWSClient
    ) rethrows {
        self.configuration = configuration
        self.source = source
        self.target = target
        var byRole: [String: AWSClient] = [:]
        let roles =
            configuration.tables.flatMap(\.targets).compactMap(\.role) + configuration.buckets.compactMap(\.role)
        for role in roles where byRole[role] == nil { byRole[role] = try assuming(role) }
        self.byRole = byRole
    }

    package var names: LiveNames { LiveNames(configuration) }

    /// By its ARN, which finds it also from another account.
    package func source(_ table: TableARN) -> TableSide {
        TableSide(table: table.description, dynamoDB: DynamoDBClient(client: source, region: table.region))
    }

    /// See ``source(_:)-(TableARN)``.
    package func target(_ target: TableTarget) -> TableSide {
        TableSide(
            table: target.table.description,
            dynamoDB: DynamoDBClient(client: client(role: target.role), region: target.table.region)
        )
    }

    package func source(_ mapping: BucketMapping) -> BucketSide {
        BucketSide(
            s3: S3Client(client: source, region: mapping.sourceRegion),
            bucket: mapping.source.bucket,
            prefix: mapping.source.prefix
        )
    }

    package func target(_ mapping: BucketMapping) -> BucketSide {
        BucketSide(
            s3: S3Client(client: client(role: mapping.role), region: mapping.targetRegion),
            bucket: mapping.target.bucket,
            prefix: mapping.target.prefix
        )
    }

    /// The client for a target of that role.
    package func client(role: String?) -> AWSClient { role.flatMap { byRole[$0] } ?? target }

    package func sqs(_ region: Region) -> SQSClient { SQSClient(client: source, region: region) }
    package func lambda(_ region: Region) -> LambdaClient { LambdaClient(client: source, region: region) }
    package func cloudWatch(_ region: Region) -> CloudWatchClient { CloudWatchClient(client: source, region: region) }
    package func streams(_ region: Region) -> DynamoDBStreamsClient {
        DynamoDBStreamsClient(client: source, region: region)
    }

    /// A Region in which the caller certainly has business.
    package var anyRegion: Region {
        get throws {
            guard let region = (tableRegions + bucketRegions).first else {
                throw ConfigurationError("nothing is mapped")
            }
            return region
        }
    }

    /// The Regions that hold a source table.
    package var tableRegions: [Region] { Self.unique(configuration.tables.map(\.source.region)) }
    /// The Regions that hold a source bucket.
    package var bucketRegions: [Region] { Self.unique(configuration.buckets.map(\.sourceRegion)) }

    private static func unique(_ regions: [Region]) -> [Region] {
        var found: [Region] = []
        for region in regions where !found.contains(region) { found.append(region) }
        return found
    }
}
