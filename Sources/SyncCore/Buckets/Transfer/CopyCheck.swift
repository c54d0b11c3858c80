import AWSCore

/// Compares a copy with what was copied, by whatever S3 has computed of both.
struct CopyCheck: Sendable {
    let source: BucketSide
    let key: String
    /// How the copy was cut, if that is how the source seems to be cut.
    var layout: PartLayout?

    /// - Throws: ``DamagedCopyError``; ``AWSError``.
    func check(_ copy: S3ObjectHead, of original: S3ObjectHead) async throws {
        guard copy.size == original.size else {
            throw damaged("it has \(copy.size) bytes instead of \(original.size)")
        }
        switch HeadComparison.compare(original, copy) {
        case .equal: return
        case .different: throw damaged("its checksum is another one")
        case .unknown:
            guard let layout, original.hasDigestETag, copy.hasDigestETag, original.etag != copy.etag,
                try await source.partSizes(key, count: layout.count, etag: original.etag) == layout.partSizes
            else { return }
            throw damaged("its ETag is another one, though its parts are cut as the source's")
        }
    }

    private func damaged(_ message: String) -> DamagedCopyError { DamagedCopyError(message: message, isAtTarget: true) }
}
