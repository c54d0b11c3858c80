/// The body of a BatchGetItem for one table, and what its answer says.
package enum BatchGetItem {
    /// Keys in a call at most (API Reference, "BatchGetItem").
    package static let maximumKeys = 100

    package struct Outcome: Sendable {
        /// The JSON texts of the items that exist, in no particular order.
        package var items: [ArraySlice<UInt8>]
        /// The JSON texts of keys that were not read: for want of capacity, or because the answer would exceed 16 MB.
        package var unprocessedKeys: [ArraySlice<UInt8>]
        /// Read capacity units; `nil` when the answer does not say.
        package var consumedCapacityUnits: Double?
    }

    package static func body(
        table: String,
        keys: some Collection<ArraySlice<UInt8>>,
        consistentRead: Bool
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(128 + table.utf8.count + keys.reduce(0) { $0 + $1.count + 1 })
        body.append("{\"RequestItems\":{")
        body.appendJSON(table)
        body.append(":{\"Keys\":[")
        for (index, key) in keys.enumerated() {
            if index > 0 { body.append(",") }
            body += key
        }
        body.append("]")
        if consistentRead { body.append(",\"ConsistentRead\":true") }
        body.append("}},\"ReturnConsumedCapacity\":\"TOTAL\"}")
        return body
    }

    /// - Parameter sent: how many keys there were; an answer that speaks of more is refused.
    package static func outcome(parsing bytes: [UInt8], sent: Int) throws(JSONScanError) -> Outcome {
        let result = bytes.withUnsafeBytes { raw -> Result<Places, JSONScanError> in
            var scanner = JSONScanner(raw)
            do throws(JSONScanError) {
                return .success(try Places(&scanner, sent: sent))
            } catch {
                return .failure(error)
            }
        }
        let places = try result.get()
        return Outcome(
            items: places.items.map { bytes[$0] },
            unprocessedKeys: places.keys.map { bytes[$0] },
            consumedCapacityUnits: places.units
        )
    }

    private struct Places {
        var items: [Range<Int>] = []
        var keys: [Range<Int>] = []
        var units: Double?

        init(_ scanner: inout JSONScanner, sent: Int) throws(JSONScanError) {
            var hasResponses = false
            try scanner.forEachMember { scanner, name throws(JSONScanError) in
                if scanner.string(name, equals: "Responses") {
                    hasResponses = true
                    try BatchGetItem.forOneTable(&scanner) { scanner throws(JSONScanError) in
                        try scanner.forEachElement { scanner throws(JSONScanError) in
                            items.append(try ItemPage.skipItem(&scanner).range)
                        }
                    }
                } else if scanner.string(name, equals: "UnprocessedKeys") {
                    guard try !scanner.takeNull() else { return }
                    try BatchGetItem.forOneTable(&scanner) { scanner throws(JSONScanError) in
                        try scanner.forEachMember { scanner, name throws(JSONScanError) in
                            guard scanner.string(name, equals: "Keys") else { return try scanner.skipValue() }
                            try scanner.forEachElement { scanner throws(JSONScanError) in
                                keys.append(try ItemPage.skipItem(&scanner).range)
                            }
                        }
                    }
                } else if scanner.string(name, equals: "ConsumedCapacity") {
                    units = try scanner.readConsumedCapacity()
                } else {
                    try scanner.skipValue()
                }
            }
            try scanner.requireEnd()
            // Without it every key would count as one that does not exist.
            guard hasResponses else { throw scanner.error("a member Responses in the answer") }
            guard items.count + keys.count <= sent else { throw scanner.error("no more items than keys") }
        }
    }

    private static func forOneTable(
        _ scanner: inout JSONScanner,
        _ body: (inout JSONScanner) throws(JSONScanError) -> Void
    ) throws(JSONScanError) {
        var tables = 0
        try scanner.forEachMember { scanner, _ throws(JSONScanError) in
            tables += 1
            guard tables == 1 else { throw scanner.error("one table") }
            try body(&scanner)
        }
    }
}
