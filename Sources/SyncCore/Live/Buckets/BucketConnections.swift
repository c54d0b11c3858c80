package import AWSCore

/// The sides of the bucket mappings, as the function reaches them: one client for each role.
package struct BucketConnections: Sendable {
    private let own: AWSClient
    private let byRole: [String: AWSClient]

    /// - Parameters:
    ///   - own: with the function's own credentials, which read the sources.
    ///   - assuming: makes a client with a role's credentials; nothing is fetched before the first call.
    package init(_ configuration: SyncConfiguration, own: AWSClient, assuming: (String) -> AWSClient) {
        self.own = own
        var byRole: [String: AWSClient] = [:]
        for role in configuration.buckets.compactMap(\.role) where byRole[role] == nil {
            byRole[role] = assuming(role)
        }
        self.byRole = byRole
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
            s3: S3Client(client: mapping.role.flatMap { byRole[$0] } ?? own, region: mapping.targetRegion),
            bucket: mapping.target.bucket,
            prefix: mapping.target.prefix
        )
    }
}
