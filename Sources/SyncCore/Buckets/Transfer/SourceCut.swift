import AWSCore

/// How an object of the source is cut into parts.
struct SourceCut: Sendable {
    /// How a copy must be cut to have the same ETag; `nil` for an object that came whole, or that nobody can cut so.
    var layout: PartLayout?
    /// Bytes of each part, where nothing but the ETag tells whether a copy is right.
    var partSizes: [Int]?
}

extension BucketSide {
    /// How many parts are asked for at once.
    private static let headsAtOnce = 16

    /// Asks how an object is cut.
    ///
    /// Parts of several sizes may be as many as equal ones would be, and only a call for each tells. So it is where S3 has
    /// no checksum of the whole, and the copy can only be known by its ETag.
    /// - Parameter head: of the object, asked for with checksums.
    /// - Throws: ``ObjectMoveError/changed`` when it is not the object of that ETag any more; ``AWSError``.
    func cut(of key: String, _ head: S3ObjectHead) async throws -> SourceCut {
        guard head.etag?.contains("-") == true else { return SourceCut() }
        let firstPart = try await s3.headObject(self.head(key, partNumber: 1))
        if head.fullObjectCRC == nil, head.hasDigestETag, let count = firstPart.partCount {
            let sizes = try await partSizes(key, count: count, etag: head.etag)
            return SourceCut(layout: PartLayout(size: head.size, partSizes: sizes), partSizes: sizes)
        }
        guard let same = PartLayout(of: firstPart), same.partSize >= PartLayout.minimumPartSize || same.count == 1
        else { return SourceCut() }
        return SourceCut(layout: same)
    }

    /// Bytes of each of an object's parts.
    ///
    /// - Throws: ``ObjectMoveError/changed`` when it is not the object of that ETag any more; ``AWSError``.
    func partSizes(_ key: String, count: Int, etag: String?) async throws -> [Int] {
        let count = max(1, count)
        return try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            var sizes = Array(repeating: 0, count: count)
            for index in 0..<count {
                if index >= Self.headsAtOnce, let (place, size) = try await group.next() { sizes[place] = size }
                group.addTask {
                    let part = try await s3.headObject(head(key, partNumber: index + 1))
                    guard part.etag == etag else { throw ObjectMoveError.changed }
                    return (index, part.contentLength)
                }
            }
            for try await (place, size) in group { sizes[place] = size }
            return sizes
        }
    }
}
