import AWSCore

import struct FoundationEssentials.Date

/// Makes one object of a target what it is in the source, whoever else writes meanwhile.
///
/// First the target is looked at, then the source, and what the source has is written on condition that the target still
/// holds what was seen: an object with that ETag, or none. Then both are looked at again, until they are equal. So it
/// does not matter in which order events come, how often, and how late (hazards H1 and H2): the event's object is not
/// even known here. What the condition cannot see, a target that changed and changed back, or other tags and metadata
/// with the same bytes, the look after the write finds.
///
/// Nothing is deleted because an event says so, but because the source has no such object now (hazard H5: the event may
/// be about one version, or about a delete marker that was taken away).
package struct ObjectSettlement: Sendable {
    package let source: BucketSide
    package let target: BucketSide
    let mover: any ObjectMover

    package enum Outcome: Sendable, Equatable {
        /// The target held the source's object already.
        case unchanged
        /// The source has no such object, and nothing was done: the target has none either, or one that is to be kept.
        case vanished
        case copied(bytes: Int)
        /// The same bytes, and now the same tags.
        case tagged
        case deleted
    }

    /// How often an object may change under our hands; then whoever changes it so often brings it to the target, too.
    static let maximumAttempts = 25

    /// What was written, for objects of which S3 has computed nothing that could be compared.
    private struct Written {
        var source: String?
        var target: String?
    }

    private enum Difference {
        case none
        case tags
        case all
    }

    /// - Parameters:
    ///   - key: without the sides' prefixes.
    ///   - comparesTags: whether tags are compared even if S3 says of neither object that it has any.
    ///   - kept: the ETag of an object that is left at the target although the source has none.
    ///   - onConflict: called whenever somebody else has written meanwhile.
    /// - Throws: ``AWSError``; ``ObjectSettlementError``; other errors of a copy; `CancellationError`.
    package func settle(
        key: String,
        comparesTags: Bool = false,
        keeping kept: String? = nil,
        onConflict: () -> Void = {}
    ) async throws -> Outcome {
        // The marker of the very folder that is copied would be an object without a name.
        guard !target.key(key).isEmpty else { return .unchanged }
        var outcome: Outcome?
        var written: Written?
        for _ in 0..<Self.maximumAttempts {
            try Task.checkCancellation()
            let there = try await target.s3.headObjectIfPresent(target.head(key, includesChecksums: true))
            let here = try await source.s3.headObjectIfPresent(source.head(key, includesChecksums: true))
            do {
                guard let here else {
                    guard let there, written != nil || kept == nil || there.etag != kept else {
                        return outcome ?? .vanished
                    }
                    try await confirmSource()
                    if try await SyncSide.bucket(target).delete(key, ifUnchangedSince: ObjectState(there)) {
                        outcome = .deleted
                    }
                    continue
                }
                switch try await difference(key, here, there, written, comparesTags: comparesTags) {
                case .none: return outcome ?? .unchanged
                case .tags:
                    try await writeTags(key)
                    if outcome == nil { outcome = .tagged }
                case .all:
                    guard here.isReadable(at: Date()) else { throw ObjectMoveError.archived }
                    var task = TransferTask(key: key, source: ObjectState(here), target: there.map { ObjectState($0) })
                    task.sourceHead = here
                    if written != nil { onConflict() }
                    let copy = try await mover.move(task)
                    written = Written(source: here.etag, target: copy.etag)
                    outcome = .copied(bytes: here.size)
                }
            } catch ObjectMoveError.changed {
                onConflict()
                continue
            } catch ObjectMoveError.archived {
                throw ObjectSettlementError(.archived, source: source.name + key, target: target.name)
            } catch let error as AWSError where error.isS3NotFound && error.code != "NoSuchBucket" {
                // Gone between two looks; if it is not, the attempts come to their end.
                continue
            }
        }
        throw ObjectSettlementError(.restless, source: source.name + key, target: target.name)
    }

    /// Throws unless the source's bucket is there: where it is not, HEAD says of each object that it is missing.
    func confirmSource() async throws {
        do {
            try await source.s3.headBucket(source.bucket)
        } catch let error as AWSError where error.isS3NotFound {
            throw ObjectSettlementError(.sourceBucketIsGone, source: source.name, target: target.name)
        }
    }

    private func difference(
        _ key: String,
        _ here: S3ObjectHead,
        _ there: S3ObjectHead?,
        _ written: Written?,
        comparesTags: Bool
    ) async throws -> Difference {
        guard let there else { return .all }
        switch HeadComparison.compare(here, there) {
        case .equal: break
        case .different: return .all
        case .unknown:
            // To copy once too often loses nothing, and S3 computes a checksum of every copy.
            guard let written, written.source == here.etag, written.target == there.etag else { return .all }
        }
        guard here.content == there.content, here.metadata == there.metadata else { return .all }
        guard comparesTags || here.tagCount > 0 || there.tagCount > 0 else { return .none }
        async let others = target.s3.getObjectTagging(bucket: target.bucket, key: target.key(key))
        let tags = try await source.s3.getObjectTagging(bucket: source.bucket, key: source.key(key))
        return Set(tags) == Set(try await others) ? .none : .tags
    }

    private func writeTags(_ key: String) async throws {
        let tags = try await source.s3.getObjectTagging(bucket: source.bucket, key: source.key(key))
        if tags.isEmpty {
            try await target.s3.deleteObjectTagging(bucket: target.bucket, key: target.key(key))
        } else {
            try await target.s3.putObjectTagging(bucket: target.bucket, key: target.key(key), tags)
        }
    }
}

/// An object that could not be brought to the target, for a reason of its own.
package struct ObjectSettlementError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// It must be restored before it can be read.
        case archived
        /// It would not hold still.
        case restless
        /// There is no such bucket any more.
        case sourceBucketIsGone
    }

    package var reason: Reason
    /// `s3://bucket/key`.
    package var source: String
    /// `s3://bucket/prefix/`.
    package var target: String

    init(_ reason: Reason, source: String, target: String) {
        self.reason = reason
        self.source = source
        self.target = target
    }

    package var description: String {
        let source = OneLine.text(source)
        return switch reason {
        case .archived:
            "\(source) is in an archive and cannot be copied to \(target); restore it, then run sync replay"
        case .restless:
            "\(source) changed \(ObjectSettlement.maximumAttempts) times while it was copied to \(target); it comes again"
                + " when it is written less often"
        case .sourceBucketIsGone:
            "the bucket of \(source) is not there any more, so nothing is deleted from \(target); if that was meant,"
                + " delete the mapping and deploy again"
        }
    }
}
