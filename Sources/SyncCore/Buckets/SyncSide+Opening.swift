package import AWSCore

extension SyncSide {
    /// The side that a location means, a bucket in its own Region.
    ///
    /// - Throws: ``AWSError``; ``ConfigurationError`` for a bucket that is not there.
    package static func open(_ location: SyncLocation, client: AWSClient, isTarget: Bool) async throws -> SyncSide {
        switch location {
        case .folder(let path): return .folder(path)
        case .bucket(let bucket, let prefix):
            let region = try client.configuration.region ?? defaultRegion()
            do {
                let own = try await S3Client(client: client, region: region).bucketRegion(bucket)
                return .bucket(BucketSide(s3: S3Client(client: client, region: own), bucket: bucket, prefix: prefix))
            } catch let error as AWSError where error.isS3NotFound {
                throw ConfigurationError(
                    "the bucket s3://\(bucket) is not there" + (isTarget ? "; --create makes it like the source" : "")
                )
            }
        }
    }

    /// Any bucket can be asked for from there, and its answer says where it is.
    private static func defaultRegion() throws -> Region {
        guard let region = Region(Partition.aws.defaultRegionName) else { throw ConfigurationError("no Region is set") }
        return region
    }

    /// Why bytes between these two sides must go through this machine; `nil` when S3 can copy by itself.
    ///
    /// S3 copies with the target's credentials, which must be allowed to read the source.
    /// - Parameter haveOneIdentity: Whether both sides use the same credentials, so that nothing need be tried.
    package static func reasonToStream(
        from source: SyncSide,
        to target: SyncSide,
        haveOneIdentity: Bool
    ) async throws -> String? {
        guard case .bucket(let from) = source, case .bucket(let to) = target else { return nil }
        guard from.s3.client.s3Endpoint == to.s3.client.s3Endpoint else {
            return "the sides have different endpoints"
        }
        guard from.s3.region.partition == to.s3.region.partition else { return "the sides are in different partitions" }
        guard !haveOneIdentity else { return nil }
        // Any object will do; without one there is nothing to copy either.
        let page = try await from.s3.listObjectsV2Page(
            ListObjectsV2Request(bucket: from.bucket, prefix: from.prefix, maximumKeys: 1)
        )
        guard let object = page.objects.first else { return nil }
        do {
            let reader = S3Client(client: to.s3.client, region: from.s3.region)
            _ = try await reader.headObject(HeadObjectRequest(bucket: from.bucket, key: object.key))
            return nil
        } catch let error as AWSError where error.kind == .client {
            return "the target's credentials cannot read the source (\(error.code))"
        }
    }

    /// Refuses what could not end well.
    ///
    /// - Throws: ``ConfigurationError``.
    package static func checkPair(
        _ source: SyncLocation,
        _ target: SyncLocation,
        _ sourceClient: AWSClient,
        _ targetClient: AWSClient
    ) throws {
        guard source.isBucket || target.isBucket else {
            throw ConfigurationError("one side must be s3://bucket[/prefix]; for two folders there are cp and rsync")
        }
        guard sourceClient.s3Endpoint == targetClient.s3Endpoint, source.overlaps(target) else { return }
        throw ConfigurationError(
            source == target
                ? "source and target are the same: \(source)"
                : "\(source) and \(target) overlap: what is written would be source again"
        )
    }
}

extension AWSClient {
    /// The user's own endpoint for S3; `nil` for AWS, where a bucket's name means the same bucket to everybody.
    fileprivate var s3Endpoint: String? { configuration.endpoints.override(for: .s3)?.url }
}
