import AWSCore

/// What a copy gets besides the bytes, where S3 does not take it over by itself.
struct ObjectProperties: Sendable {
    let source: BucketSide
    let options: BucketSyncOptions

    /// - Parameter head: of the source.
    /// - Throws: ``AWSError``; ``UnreadableMetadataError``.
    func of(_ task: TransferTask, _ head: S3ObjectHead) async throws -> S3ObjectProperties {
        guard head.missingMetadataCount == 0 else { throw UnreadableMetadataError(count: head.missingMetadataCount) }
        // Who may read the object but not its tags is told that there are none.
        let tags =
            head.tagCount > 0
            ? try await source.s3.getObjectTagging(bucket: source.bucket, key: source.key(task.key)) : []
        return S3ObjectProperties(
            content: head.content,
            metadata: head.metadata,
            tags: tags,
            storageClass: options.storageClass ?? (head.storageClass == .standard ? nil : head.storageClass),
            encryption: options.encryption
        )
    }
}

/// Metadata that S3 does not give out by HTTP, written by its former SOAP interface.
struct UnreadableMetadataError: CodedError, CustomStringConvertible {
    var count: Int

    var code: String { "UnreadableMetadata" }
    var description: String {
        "\(count) of the object's metadata entries cannot be read over HTTP, and would be lost; copy it within S3 instead"
    }
}
