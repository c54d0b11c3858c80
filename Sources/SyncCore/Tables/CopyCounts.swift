/// What became of the items of a page, a segment or a whole copy.
///
/// `read` is counted where pages arrive, the others where items are done with: that both agree is the proof that no item
/// fell by the wayside.
package struct CopyCounts: Sendable, Equatable {
    /// Items that Scan gave.
    package var read = 0
    /// Items that the target has taken.
    package var written = 0
    /// Merge: items that the target had already and that were left alone.
    package var kept = 0
    /// Items that DynamoDB refuses for good; the file of failures names them.
    package var failed = 0
    /// Items that `--where` leaves out.
    package var filtered = 0
    /// Items past their time to live, left out on request.
    package var expired = 0
    /// Merge: items of `written` that were changed or removed at the source while they were copied, and looked at again.
    package var settled = 0
    /// Merge: items of `settled` that were removed from the target again.
    package var removed = 0
    /// Bytes of the items read, as JSON.
    package var bytes = 0
    package var pages = 0

    package init() {}

    /// Every item that was read was written, kept, left out or has failed.
    package var isBalanced: Bool { read == written + kept + failed + filtered + expired }

    /// The ledger as a sum: `read 10 = written 9 + failed 1`.
    package var equation: String {
        let parts = [
            ("written", written), ("kept", kept), ("failed", failed), ("filtered", filtered), ("expired", expired),
        ]
        let shown = parts.filter { $0.1 > 0 || $0.0 == "written" }.map { "\($0.0) \($0.1)" }
        return "read \(read) = \(shown.joined(separator: " + "))"
    }

    package static func += (left: inout CopyCounts, right: CopyCounts) {
        for member in members { left[keyPath: member.path] += right[keyPath: member.path] }
    }

    /// Every counter with its name in files and reports.
    package static var members: [(name: String, path: WritableKeyPath<CopyCounts, Int>)] {
        [
            ("read", \.read), ("written", \.written), ("kept", \.kept), ("failed", \.failed), ("filtered", \.filtered),
            ("expired", \.expired), ("settled", \.settled), ("removed", \.removed), ("bytes", \.bytes),
            ("pages", \.pages),
        ]
    }
}
