/// Which segments of both tables are looked at when not everything is to be read.
///
/// A segment is a range of hashes of the key, so a random segment is a random part of the items, whatever their keys are.
struct SamplePlan: Sendable, Equatable {
    /// So many segments make up a sample, so that no single range of hashes decides.
    private static let segmentsWanted = 16
    /// The most that DynamoDB allows (API Reference, "Scan").
    private static let maximumSegments = 1_000_000

    /// Numbers of segments in the order in which they are read.
    let segments: [Int]
    let totalSegments: Int
    /// After so many items of a side its reading ends.
    let maximumItems: Int

    /// - Parameter itemCount: about how many items there are; DynamoDB's number is hours old.
    init(
        _ sample: TableVerification.Sample,
        itemCount: Int,
        using random: inout some RandomNumberGenerator
    ) {
        switch sample {
        case .percent(let percent):
            let share = percent / 100
            totalSegments = Self.total(share)
            let count = max(1, Int((Double(totalSegments) * share).rounded()))
            segments = Self.choose(min(count, totalSegments), of: totalSegments, &random)
            maximumItems = .max
        case .items(let items):
            // Twice what should be enough, because segments are not all of one size; the rest is never read.
            let share = min(1, 2 * Double(items) / Double(max(1, itemCount)))
            totalSegments = Self.total(share)
            // In the end all of them, because the number of items may be wrong.
            segments = Self.choose(totalSegments, of: totalSegments, &random)
            maximumItems = items
        }
    }

    private static func total(_ share: Double) -> Int {
        max(1, Int(min(Double(segmentsWanted) / max(share, 1e-9), Double(maximumSegments)).rounded()))
    }

    /// Different numbers below `total`, in random order.
    private static func choose(_ count: Int, of total: Int, _ random: inout some RandomNumberGenerator) -> [Int] {
        var numbers = Array(0..<total)
        for index in 0..<count { numbers.swapAt(index, Int.random(in: index..<total, using: &random)) }
        return Array(numbers.prefix(count))
    }
}
