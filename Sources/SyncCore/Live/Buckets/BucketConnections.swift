package import AWSCore

/// The sides of the bucket mappings, as the function reaches them: one client for each role.
package struct BucketConnections: Sendable {
    private let own: AWSClient
    private let byRole: [String: AWSClient]
    /// Writes the targets of mappings without a role.
    private let roleless: AWSClient

    /// - Parameters:
    ///   - own: with the function's own credentials, which read the sources.
    ///   - assuming: makes a client with a role's credentials; nothing is fetched before the first call.
    package init(_ configuration: SyncConfiguration, own: AWSClient, assuming: (String) -> AWSClient) {
        self.own = own
        roleless = own
        var byRole: [String: AWSClient] = [:]
        for role in configuration.buckets.compactMap(\.role) where byRole[role] == nil {
            byRole[role] = assuming(role)
        }
        self.byRole = byRole
    }

    /// As somebody at a terminal reaches them.
    init(_ clients: LiveClients) {
        own = clients.source
        roleless = clients.client(role: nil)
        let roles = Set(clients.configuration.buckets.compactMap(\.role))
        byRole = Dictionary(uniqueKeysWithValues: roles.map { ($0, clients.client(role: $0)) })
    }

    package func source(_ mapping: BucketMapping) -> BucketSide {
        BucketSide(
            s3: S3Client(client: own, region: mapping.sourceRegion),
            bucket: mapping.source.bucket,
            prefix: mapping.source.prefix
        )
    }

    /// The target as its role sees it.
    package func target(_ mapping: BucketMapping) -> BucketSide {
        BucketSide(
            s3: S3Client(client: mapping.role.flatMap { byRole[$0] } ?? roleless, region: mapping.targetRegion),
            bucket: mapping.target.bucket,
            prefix: mapping.target.prefix
        )
    }
}
