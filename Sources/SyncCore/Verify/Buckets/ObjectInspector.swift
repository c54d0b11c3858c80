import AWSCore

import struct FoundationEssentials.Date

/// How closely objects of the same size are compared.
package enum VerifiedBy: String, Sendable, CaseIterable {
    /// ETags; where they say nothing, checksums; where there are none in common, contents.
    case etag
    /// ETags and checksums; nothing is read.
    case checksum
    /// Every object is read on both sides.
    case content
}

/// Compares one object of both sides as they are now.
struct ObjectInspector: Sendable {
    /// What one look has shown.
    struct Look: Sendable {
        enum Finding: Sendable, Equatable {
            case equal(BucketVerificationResult.Basis)
            /// Neither side has it.
            case gone
            case missing
            case extra
            case different([String])
            case unverified(String)
            /// It was written while it was looked at.
            case inMotion
        }

        var finding: Finding
        var source: ObjectState?
        var target: ObjectState?

        /// The same for two looks exactly when they saw the same.
        var fingerprint: [UInt8] {
            func text(_ state: ObjectState?) -> String {
                state.map { "\($0.size) \($0.etag ?? "\($0.lastModified?.timeIntervalSince1970 ?? 0)")" } ?? "-"
            }
            return Array("\(text(source)) \(text(target)) \(finding)".utf8)
        }
    }

    let source: SyncSide
    let target: SyncSide
    let comparison: VerifiedBy
    let comparesMetadata: Bool
    let comparesTags: Bool

    /// - Throws: ``AWSError`` and others when a side cannot be looked at.
    func look(at key: String) async throws -> Look {
        async let there = state(target, key, isSource: false)
        let (left, leftHead) = try await state(source, key, isSource: true)
        let (right, rightHead) = try await there
        var look = Look(finding: .gone, source: left, target: right)
        guard let left, let right else {
            look.finding = left == nil ? right == nil ? .gone : .extra : .missing
            return look
        }
        guard left.size == right.size else {
            look.finding = .different(["size"])
            return look
        }
        do {
            let (finding, aspects) = try await (
                contents(key, left, right, leftHead, rightHead), properties(key, leftHead, rightHead)
            )
            switch finding {
            case .different(let other): look.finding = .different(other + aspects)
            default: look.finding = aspects.isEmpty ? finding : .different(aspects)
            }
        } catch let error as AWSError where error.isS3PreconditionFailed || error.isS3NotFound {
            look.finding = .inMotion
        }
        return look
    }

    private func state(
        _ side: SyncSide,
        _ key: String,
        isSource: Bool
    ) async throws -> (ObjectState?, S3ObjectHead?) {
        guard case .bucket(let bucket) = side else {
            return (try await side.state(of: key, isSource: isSource), nil)
        }
        let head = try await bucket.s3.headObjectIfPresent(bucket.head(key, includesChecksums: true))
        return (head.map { ObjectState($0) }, head)
    }

    private func contents(
        _ key: String,
        _ left: ObjectState,
        _ right: ObjectState,
        _ leftHead: S3ObjectHead?,
        _ rightHead: S3ObjectHead?
    ) async throws -> Look.Finding {
        if comparison != .content, let leftHead, let rightHead {
            switch HeadComparison.compare(leftHead, rightHead) {
            case .equal:
                let isByETag = leftHead.etag == rightHead.etag && leftHead.hasDigestETag && rightHead.hasDigestETag
                return .equal(isByETag ? .etag : .checksum)
            case .different: return .different(["content"])
            case .unknown:
                guard comparison == .etag else {
                    return .unverified("only the size could be compared; --compare content reads both")
                }
            }
        } else if comparison != .content {
            let deep = DeepComparison(source: source, target: target, comparison: .etag)
            if try await deep.isEqual(TransferTask(key: key, source: left, target: right)) { return .equal(.checksum) }
        }
        if left.isArchived(at: Date()) || right.isArchived(at: Date()) {
            return .unverified("only the size could be compared, because the object is archived")
        }
        async let there = ContentDigest.of(key, right, target, isSource: false)
        let here = try await ContentDigest.of(key, left, source, isSource: true)
        guard let here, let there = try await there else { return .inMotion }
        return here == there ? .equal(.content) : .different(["content"])
    }

    private func properties(_ key: String, _ left: S3ObjectHead?, _ right: S3ObjectHead?) async throws -> [String] {
        guard let left, let right, case .bucket(let from) = source, case .bucket(let to) = target else { return [] }
        var aspects: [String] = []
        if comparesMetadata {
            if left.content != right.content { aspects.append("headers") }
            if left.metadata != right.metadata || left.missingMetadataCount != right.missingMetadataCount {
                aspects.append("metadata")
            }
        }
        if comparesTags {
            async let there = to.s3.getObjectTagging(bucket: to.bucket, key: to.key(key))
            let here = try await from.s3.getObjectTagging(bucket: from.bucket, key: from.key(key))
            if Self.sorted(here) != Self.sorted(try await there) { aspects.append("tags") }
        }
        return aspects
    }

    private static func sorted(_ tags: [S3Tag]) -> [[String]] {
        tags.map { [$0.key, $0.value] }.sorted { $0[0].utf8.lexicographicallyPrecedes($1[0].utf8) }
    }
}
