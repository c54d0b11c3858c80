internal import AWSCore
import Synchronization

/// Reads a part of each table, chosen by chance, and looks up its items on the other side.
///
/// Both sides are sampled: the source's part shows what is missing or different, the target's what should not be there.
struct SampleReading: Sendable {
    /// Segments that are read at the same time.
    private static let readers = 4
    /// Bytes of items that are looked up with one call.
    private static let chunkBytes = 2 << 20

    let plan: SamplePlan
    let reading: TableReading
    /// Gets the keys of what does not look equal; a key that both parts name is one there.
    let suspects: DigestStore

    /// What one side's part has shown.
    private struct Part: Sendable {
        var counts = TableVerificationResult.Side()
        var equal = 0
        var segments = 0
    }

    /// Reads the sample of both sides.
    func run(_ result: inout TableVerificationResult) async throws {
        var segments = 0
        for side in [DigestRecord.Sides.source, .target] {
            let cursor = SampleCursor(plan)
            let parts = try await withThrowingTaskGroup(of: Part.self) { group in
                for _ in 0..<min(Self.readers, plan.segments.count) {
                    group.addTask {
                        var part = Part()
                        while let segment = cursor.nextSegment() { try await read(segment, side, cursor, &part) }
                        return part
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for part in parts {
                if side == .source { result.source += part.counts } else { result.target += part.counts }
                result.equal += part.equal
                segments += part.segments
            }
        }
        result.sample = .init(segments: segments, totalSegments: 2 * plan.totalSegments)
    }

    private func read(
        _ segment: Int,
        _ side: DigestRecord.Sides,
        _ cursor: SampleCursor,
        _ part: inout Part
    ) async throws {
        part.segments += 1
        let (own, other) = side == .source ? (reading.source, reading.target) : (reading.target, reading.source)
        var start: [UInt8]?
        repeat {
            let page = try await own.scan(
                segment: segment,
                of: plan.totalSegments,
                after: start,
                consistentRead: reading.consistentRead
            )
            let digests = try reading.digester.digests(of: page, table: own.side.name)
            let wanted = cursor.take(digests.entries.count)
            part.counts += reading.counted(page, matching: digests.entries.count, kept: wanted, side)
            part.equal += try await lookUp(digests, first: wanted, bytesPerItem: page.meanItemSize, other)
            start = cursor.hasRoom ? page.lastEvaluatedKey : nil
        } while start != nil
    }

    /// - Returns: how many items of the page are equal on the other side.
    private func lookUp(
        _ page: DigestStore.Page,
        first count: Int,
        bytesPerItem: Int,
        _ other: SideReader
    ) async throws -> Int {
        var equal = 0
        let chunkSize = min(max(1, Self.chunkBytes / max(1, bytesPerItem)), BatchGetItem.maximumKeys)
        for first in stride(from: 0, to: count, by: chunkSize) {
            let entries = page.entries[first..<min(first + chunkSize, count)]
            var keyStart = first == 0 ? 0 : page.entries[first - 1].keyEnd
            var keys: [[UInt8]] = []
            for entry in entries {
                keys.append(Array(page.keyTexts[keyStart..<entry.keyEnd]))
                keyStart = entry.keyEnd
            }
            var found: [UInt128: UInt128] = [:]
            for item in try await other.items(keys) {
                let digest = try reading.digester.digest(of: item)
                found[digest.key] = digest.item
            }
            var unequal = DigestStore.Page()
            for (entry, key) in zip(entries, keys) {
                if found[entry.key] == entry.item {
                    equal += 1
                } else {
                    unequal.keyTexts += key
                    unequal.entries.append(.init(key: entry.key, item: 0, keyEnd: unequal.keyTexts.count))
                }
            }
            try suspects.insert(unequal, side: .source)
        }
        return equal
    }
}

/// Where a sample's reading stands.
private final class SampleCursor: Sendable {
    private struct State {
        var segments: ArraySlice<Int>
        var itemsLeft: Int
    }

    private let state: Mutex<State>

    init(_ plan: SamplePlan) {
        state = Mutex(State(segments: plan.segments[...], itemsLeft: plan.maximumItems))
    }

    var hasRoom: Bool { state.withLock { $0.itemsLeft > 0 } }

    func nextSegment() -> Int? { state.withLock { $0.itemsLeft > 0 ? $0.segments.popFirst() : nil } }

    /// - Returns: how many of so many items still belong to the sample.
    func take(_ items: Int) -> Int {
        state.withLock { state in
            let taken = min(items, state.itemsLeft)
            state.itemsLeft -= taken
            return taken
        }
    }
}

extension ItemPage {
    fileprivate var meanItemSize: Int { items.reduce(0) { $0 + $1.count } / max(1, count) }
}
