import AWSCore

/// Goes through a range of keys of both sides in their order, pages at a time.
struct RangeWalk: Sendable {
    /// The pages that are decided next.
    struct Pages: Sendable {
        fileprivate var source: ListingCursor
        fileprivate var target: ListingCursor

        /// The next ones of whichever side needs one.
        ///
        /// - Throws: as ``ListingCursor/advanced()``.
        func advanced() async throws -> Pages {
            async let source = self.source.advanced()
            async let target = self.target.advanced()
            return try await Pages(source: source, target: target)
        }
    }

    /// What one step has found.
    struct Step: Sendable {
        /// In the order of their keys.
        var tasks: [TransferTask]
        /// All that was counted up to here.
        var listed: ListedCounts
        /// Up to which key everything was looked at; `nil` when there was none.
        var last: [UInt8]?
        /// Whether the range has ended.
        var isAtEnd: Bool
        /// From which the next pages come.
        var pages: Pages
    }

    private let merge: ListingMerge
    private let upTo: [UInt8]?
    private var visitor: PlanVisitor

    init(_ merge: ListingMerge, upTo: [UInt8]?, visitor: PlanVisitor) {
        self.merge = merge
        self.upTo = upTo
        self.visitor = visitor
    }

    /// - Parameter key: the walk begins behind it; empty for the beginning.
    func start(after key: [UInt8]) -> Pages {
        Pages(
            source: ListingCursor(side: merge.source, lower: key),
            target: ListingCursor(side: merge.target, lower: key)
        )
    }

    /// Decides what can be decided with the pages at hand: up to the end of the one that ends first.
    mutating func step(_ pages: Pages) -> Step {
        var (source, target) = (pages.source, pages.target)
        var hadKeys = false
        let isAtEnd = merge.merge(&source, &target, upTo: upTo, hadKeys: &hadKeys, &visitor)
        let tasks = visitor.takeTasks(source: source.page, target: target.page)
        let sides = [source, target].filter { $0.count > 0 && (isAtEnd || $0.needsPage) }
        let last = sides.map { $0.key(at: $0.count - 1) }.max { $0.lexicographicallyPrecedes($1) }
        return Step(
            tasks: tasks,
            listed: visitor.counts,
            last: isAtEnd ? upTo ?? last : last,
            isAtEnd: isAtEnd,
            pages: Pages(source: source, target: target)
        )
    }
}
