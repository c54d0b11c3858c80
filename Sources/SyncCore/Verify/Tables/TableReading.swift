internal import AWSCore

/// Reads both tables, segment by segment, the same segment of both at the same time.
///
/// DynamoDB divides tables by hashes of their keys: the same segment of two tables with the same keys holds the same
/// items, so that equal ones meet soon. The result does not depend on it.
struct TableReading: Sendable {
    let source: SideReader
    let target: SideReader
    let digester: PageDigester
    let consistentRead: Bool
    let progress: VerificationProgress

    typealias Sides = (source: TableVerificationResult.Side, target: TableVerificationResult.Side)

    /// Reads everything.
    func readAll(segments: Int, into store: DigestStore) async throws -> Sides {
        let queue = SegmentQueue(count: segments)
        return try await withThrowingTaskGroup(of: Sides.self) { group in
            for _ in 0..<min(segments, TableVerification.readers) {
                group.addTask {
                    var sides = Sides(.init(), .init())
                    while let segment = queue.next() {
                        async let targetSide = read(segment, of: segments, target, .target, into: store)
                        sides.source += try await read(segment, of: segments, source, .source, into: store)
                        sides.target += try await targetSide
                    }
                    return sides
                }
            }
            var sides = Sides(.init(), .init())
            for try await more in group {
                sides.source += more.source
                sides.target += more.target
            }
            return sides
        }
    }

    private func read(
        _ segment: Int,
        of segments: Int,
        _ reader: SideReader,
        _ side: DigestRecord.Sides,
        into store: DigestStore
    ) async throws -> TableVerificationResult.Side {
        var counts = TableVerificationResult.Side()
        var start: [UInt8]?
        repeat {
            let page = try await reader.scan(
                segment: segment,
                of: segments,
                after: start,
                consistentRead: consistentRead
            )
            let digests = try digester.digests(of: page, table: reader.side.name)
            try store.insert(digests, side: side)
            counts += counted(page, matching: digests.entries.count, kept: digests.entries.count, side)
            start = page.lastEvaluatedKey
        } while start != nil
        return counts
    }

    /// The page's counts, which progress sees, too.
    ///
    /// - Parameters:
    ///   - matching: items that the filter lets through.
    ///   - kept: those of them that are compared, which in a sample may be fewer.
    func counted(
        _ page: ItemPage,
        matching: Int,
        kept: Int,
        _ side: DigestRecord.Sides
    ) -> TableVerificationResult.Side {
        var counts = TableVerificationResult.Side()
        counts.items = kept
        counts.filtered = page.count - matching
        counts.bytes = page.items.reduce(0) { $0 + $1.count }
        progress.count(page.count, bytes: counts.bytes, side: side)
        return counts
    }
}
