extension CopyScheduler {
    /// A page all of whose items are done with, in its segment's order, and the counts of the segment up to it.
    struct FinishedPage: Sendable {
        var segment: Int
        /// Where the segment goes on; `nil` at its end.
        var lastEvaluatedKey: [UInt8]?
        var counts: CopyCounts
        /// Lines that name the page's items that failed.
        var failures: [UInt8] = []
    }

    /// What came of a span.
    struct Outcome: Sendable {
        var written = 0
        var kept = 0
        var failed = 0
        /// Lines that name the items that failed.
        var failures: [UInt8] = []
        /// To be sent again.
        var leftOver: [Int32] = []
        /// Merge: items that are this copy's own at the target, or may be.
        var own: [Int32] = []
        /// Whether the target asked for fewer writes; a broken connection says nothing of that kind.
        var isThrottled = false
    }
}

extension CopyScheduler.Outcome {
    static func += (left: inout Self, right: Self) {
        left.written += right.written
        left.kept += right.kept
        left.failed += right.failed
        left.failures += right.failures
        left.leftOver += right.leftOver
        left.own += right.own
        left.isThrottled = left.isThrottled || right.isThrottled
    }
}
