import AWSCore

/// A mapping with all that settling an object of it needs.
struct LiveBucketMapping: Sendable {
    let mapping: BucketMapping
    let settlement: ObjectSettlement

    private static let maximumStreamedParts = 8

    init(_ mapping: BucketMapping, connections: BucketConnections, options: BucketSyncOptions) {
        self.mapping = mapping
        let (source, target) = (connections.source(mapping), connections.target(mapping))
        let progress = SyncProgress()
        // A function has no minutes to wait: what S3 refuses comes again with the message.
        let pace = { TransferPace(maximum: $0, clock: SyncClock(), stallLimit: .zero) }
        settlement = ObjectSettlement(
            source: source,
            target: target,
            mover: CopyOrStream(
                copy: ServerSideCopy(
                    source: source,
                    target: target,
                    options: options,
                    parts: pace(options.partsAtOnce),
                    progress: progress
                ),
                stream: StreamedCopy(
                    source: source,
                    target: target,
                    options: options,
                    // Each takes memory and bandwidth of the function.
                    parts: pace(min(options.partsAtOnce, Self.maximumStreamedParts)),
                    progress: progress
                ),
                mayStream: mapping.role != nil,
                mustStream: options.streams || source.s3.region.partition != target.s3.region.partition
            )
        )
    }
}
