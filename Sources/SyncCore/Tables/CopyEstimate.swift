internal import AWSCore

/// What a copy would take, from DescribeTable's figures, which are hours old, and a sample of the items.
package struct CopyEstimate: Sendable, Equatable {
    /// Of on-demand tables of the standard class in us-east-1.
    ///
    /// Other Regions cost up to twice as much. As AWS announced
    /// them for 2024-11-01; from memory, not read from AWS's page, which loads its numbers by script.
    enum Price {
        static let dollarsPerMillionWriteUnits = 0.625
        static let dollarsPerMillionReadUnits = 0.125
    }

    /// Items of the source; with a filter those that it lets through, as far as the sample tells.
    package var items: Int
    package var bytes: Int
    package var readUnits: Double
    package var writeUnits: Double
    /// At the smallest of the limits known; `nil` where none is.
    package var seconds: Double?
    /// What sets the time: `--max-write-units`, `the target's write capacity`.
    package var limit: String?
    package var readDollars: Double
    package var writeDollars: Double
    package var sampledItems: Int
    /// Whether the target exists.
    package var targetExists: Bool

    /// Looks at the source and reads a few hundred of its items; writes nothing.
    package init(source: TableSide, target: TableSide, options: TableCopy.Options) async throws {
        let table = try await source.dynamoDB.describeTable(source.table)
        try CopyTables.requireReadable(table)
        let existing = try await CopyTables.describeTarget(target)
        if let existing { _ = try CopyTables(source: table, target: existing) }
        let sieve = try PageSieve(options)
        let sample = try await Sample(of: source, sieve)
        targetExists = existing != nil
        sampledItems = sample.items
        let items = max(table.itemCount ?? 0, sample.items)
        let bytes = max(table.sizeBytes ?? 0, sample.items > 0 ? sample.bytes / sample.items * items : 0)
        let share = sample.items > 0 ? Double(sample.wanted) / Double(sample.items) : 1
        self.items = Int((Double(items) * share).rounded())
        self.bytes = bytes
        let isConsistent = options.consistentRead || options.mode == .merge
        // A merge reads each range once more.
        readUnits = Double(bytes) / 4_096 * (isConsistent ? 1 : 0.5) * (options.mode == .merge ? 2 : 1)
        let indexes = (existing ?? table).json
        let copies = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].reduce(1) {
            $0 + (indexes[$1]?.array?.count ?? 0)
        }
        let unitsPerItem = sample.wanted > 0 ? Double(sample.writeUnits) / Double(sample.wanted) : 1
        writeUnits = Double(self.items) * unitsPerItem * Double(copies)
        readDollars = Self.isOnDemand(table) ? readUnits / 1e6 * Price.dollarsPerMillionReadUnits : 0
        writeDollars = Self.isOnDemand(existing ?? table) ? writeUnits / 1e6 * Price.dollarsPerMillionWriteUnits : 0
        let limits = Self.limits(table, existing, options)
        let slowest = limits.map { limit in (limit.name, (limit.isRead ? readUnits : writeUnits) / limit.unitsPerSecond)
        }
        .max { $0.1 < $1.1 }
        limit = slowest?.0
        seconds = slowest?.1
    }

    package var dollars: Double { readDollars + writeDollars }

    private struct Sample {
        var items = 0
        var wanted = 0
        var bytes = 0
        var writeUnits = 0

        init(of source: TableSide, _ sieve: PageSieve) async throws {
            let segments = 8
            for segment in SegmentQueue.spread(Array(0..<segments)) where items < 400 {
                let page = try await source.dynamoDB.scan(
                    table: source.table,
                    segment: segment,
                    totalSegments: segments,
                    limit: 100
                )
                let sifted = try sieve.sift(page)
                items += page.count
                bytes += sifted.counts.bytes
                for place in sifted.wanted ?? Array(0..<Int32(page.count)) {
                    wanted += 1
                    writeUnits += (page.items[Int(place)].count + 1_023) / 1_024
                }
            }
        }
    }

    private static func isOnDemand(_ table: TableDescription) -> Bool {
        table.json["BillingModeSummary"]?["BillingMode"] == "PAY_PER_REQUEST"
    }

    private static func limits(
        _ source: TableDescription,
        _ target: TableDescription?,
        _ options: TableCopy.Options
    ) -> [(name: String, isRead: Bool, unitsPerSecond: Double)] {
        func units(_ table: TableDescription?, _ provisioned: String, _ warm: String) -> Double? {
            guard let table else { return nil }
            let value =
                isOnDemand(table)
                ? table.json["WarmThroughput"]?[warm]?.integer
                : table.json["ProvisionedThroughput"]?[provisioned]?.integer
            return value.flatMap { $0 > 0 ? Double($0) : nil }
        }
        let all: [(String, Bool, Double?)] = [
            ("--max-read-units", true, options.maximumReadUnits),
            ("--max-write-units", false, options.maximumWriteUnits),
            ("the source's read capacity", true, units(source, "ReadCapacityUnits", "ReadUnitsPerSecond")),
            ("the target's write capacity", false, units(target, "WriteCapacityUnits", "WriteUnitsPerSecond")),
        ]
        return all.compactMap { name, isRead, units in units.map { (name, isRead, $0) } }
    }
}
