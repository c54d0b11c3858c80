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

    /// What the reading of all or some segments has shown.
    struct Outcome: Sendable {
        var source = TableVerificationResult.Side()
        var target = TableVerificationResult.Side()
        /// Pairs of equal items that never went to the store.
        var paired = 0

        static func += (left: inout Outcome, right: Outcome) {
            left.source += right.source
            left.target += right.target
            left.paired += right.paired
        }
    }

    /// Reads everything.
    func readAll(segments: Int, into store: DigestStore) async throws -> Outcome {
        let queue = SegmentQueue(count: segments)
        return try await withThrowingTaskGroup(of: Outcome.self) { group in
            for _ in 0..<min(segments, TableVerification.readers) {
                group.addTask {
                    var outcome = Outcome()
                    while let segment = queue.next() {
                        var reading = SegmentReading(reading: self, segment: segment, of: segments, store: store)
                        outcome += try await reading.run()
                    }
                    return outcome
                }
            }
            return try await group.reduce(into: Outcome()) { $0 += $1 }
        }
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
        counts.bytes = page.itemBytes
        progress.count(page.count, bytes: counts.bytes, side: side)
        return counts
    }
}

extension ItemPage {
    /// Bytes of its items' texts.
    var itemBytes: Int { items.reduce(0) { $0 + $1.count } }
}
