/// Finds the keys at which a listing is cut into parts that have about as many keys each.
///
/// Nobody knows how many keys are where, so the range that seems to have most is cut at a guess, and each guess is looked
/// at: nothing is cut off that holds no key, and nothing is cut that one request lists. How good the cuts are only
/// decides how long the copy takes.
package struct KeyCuts: Sendable {
    private let listing: any ListingSource

    /// Ranges that are looked into at the same time.
    private static let lookedIntoAtOnce = 16
    /// Requests for each part that is wanted, after which it goes on with what was found.
    private static let maximumLooks = 6

    package init(_ listing: any ListingSource) {
        self.listing = listing
    }

    /// What is known of a range.
    private struct Piece: Sendable {
        /// It begins behind this key; empty for the first of all.
        var lower: [UInt8]
        /// Behind this key there is nothing, or another range; `nil` for no bound.
        var bound: [UInt8]?
        /// Its first page.
        var spread: KeySpread
        /// Whether there is more than this page.
        var hasMore: Bool
        var estimate: Double
        /// Whether that there is more was seen since the range was cut last.
        var isSeen = false
    }

    /// Looks for cuts.
    ///
    /// - Parameters:
    ///   - parts: how many parts are wanted, at least 1.
    ///   - report: gets how many there are by now.
    /// - Returns: the keys behind which parts begin, in order and each once; fewer than wanted where there are few keys.
    /// - Throws: ``AWSError``; ``BrokenListingError``.
    package func find(parts: Int, report: @Sendable (Int) -> Void = { _ in }) async throws -> [[UInt8]] {
        guard var whole = try await look(behind: [], upTo: nil) else { return [] }
        whole.isSeen = true
        var pieces = [whole]
        var looks = 1
        while pieces.count < parts, looks < Self.maximumLooks * (parts + 8) {
            let wanted = min(Self.lookedIntoAtOnce, parts - pieces.count)
            let largest = pieces.lazy.filter(\.hasMore).map(\.estimate).max() ?? 0
            // Cutting what is small already would use up the parts.
            let chosen = pieces.indices.filter { pieces[$0].hasMore && pieces[$0].estimate >= largest / 3 }
                .sorted { (pieces[$0].estimate, $1) > (pieces[$1].estimate, $0) }.prefix(wanted)
            guard !chosen.isEmpty else { break }
            let found = try await withThrowingTaskGroup(of: (Int, Piece, Piece?).self) { group in
                for index in chosen {
                    let piece = pieces[index]
                    group.addTask {
                        let (lower, upper) = try await cut(piece)
                        return (index, lower, upper)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (index, lower, upper) in found {
                pieces[index] = lower
                if let upper { pieces.append(upper) }
            }
            // Two for each: whether there is more, and what is behind the cut.
            looks += 2 * found.count
            report(pieces.count)
        }
        return pieces.map(\.lower).filter { !$0.isEmpty }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Cuts the upper part off a range.
    ///
    /// - Returns: what is left of it, and the upper part; `nil` for none where nothing was found.
    private func cut(_ piece: Piece) async throws -> (Piece, Piece?) {
        var piece = piece
        guard let first = piece.spread.keys.first, let last = piece.spread.keys.last else { return (piece, nil) }
        if !piece.isSeen {
            guard try await look(behind: last, upTo: piece.bound) != nil else {
                piece.hasMore = false
                return (piece, nil)
            }
            piece.isSeen = true
        }
        guard let point = point(piece, first, last) else {
            piece.hasMore = false
            return (piece, nil)
        }
        guard let upper = try await look(behind: point, upTo: piece.bound) else {
            piece.bound = point
            piece.estimate = piece.spread.count(upTo: point)
            return (piece, nil)
        }
        piece.bound = point
        piece.isSeen = false
        piece.estimate = piece.spread.count(upTo: point)
        return (piece, upper)
    }

    /// More keys than any bucket has: a range that seems to have more is mostly a gap.
    private static let plausibleKeys = 1e12

    /// Where to cut: as near to the middle as it seems, once it is known where the keys are.
    private func point(_ piece: Piece, _ first: [UInt8], _ last: [UInt8]) -> [UInt8]? {
        let coarse = KeySplit.point(after: last, upTo: piece.bound, sample: first)
        guard piece.estimate < Self.plausibleKeys else { return coarse }
        let fine = KeySplit.point(after: last, upTo: piece.bound, sample: [])
        guard let coarse, let fine else { return coarse ?? fine }
        func distance(_ point: [UInt8]) -> Double { abs(piece.spread.count(upTo: point) / piece.estimate - 0.5) }
        return distance(fine) < distance(coarse) ? fine : coarse
    }

    /// The first page of a range; `nil` when there is no key in it.
    private func look(behind key: [UInt8], upTo bound: [UInt8]?) async throws -> Piece? {
        let cursor = try await ListingCursor(side: listing, lower: key).advanced()
        var count = cursor.count
        var hasMore = !cursor.isLastPage
        if let bound, let end = (0..<count).first(where: { bound.lexicographicallyPrecedes(cursor.key(at: $0)) }) {
            count = end
            hasMore = false
        }
        guard count > 0 else { return nil }
        // There may be a thousand ranges with a thousand keys each.
        let sample = Array(stride(from: 0, to: count - 1, by: max(1, count / Self.sampleSize))) + [count - 1]
        let spread = KeySpread(keys: sample.map { cursor.key(at: $0) }, keyCount: count)
        var piece = Piece(lower: key, bound: bound, spread: spread, hasMore: hasMore, estimate: 0)
        if hasMore { piece.estimate = spread.count(upTo: bound) }
        return piece
    }

    private static let sampleSize = 40
}
