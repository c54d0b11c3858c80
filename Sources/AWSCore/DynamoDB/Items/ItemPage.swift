/// One answer of Scan: its text, and where the items lie in it.
///
/// Items come without their ``ReplicationAttributes``, which belong to the table that they stand in.
package struct ItemPage: Sendable {
    /// The answer's text, or what is left of it.
    package let bytes: [UInt8]
    /// The JSON text of each item, `{"pk":{"S":"a"},…}`, in the order of the answer.
    package let items: [Range<Int>]
    /// The JSON text of the key after which the next page begins; `nil` at the end of the segment.
    package let lastEvaluatedKey: [UInt8]?
    /// How many items were read for this page, those that a filter left out included.
    package let scannedCount: Int
    /// Read capacity units; `nil` when the answer does not say.
    package let consumedCapacityUnits: Double?
    /// Whether the text is the answer's, with one item, a comma, the next item.
    private let isAsAnswered: Bool

    package var count: Int { items.count }

    /// The JSON text of one item; shares the page's memory.
    package subscript(index: Int) -> ArraySlice<UInt8> { bytes[items[index]] }

    /// Reads an answer of Scan (or Query).
    ///
    /// - Throws: ``JSONScanError`` for what is not such an answer. Strict, because a page taken for an empty one would
    ///   end a copy early: `Items` must be there, and `Count` must be right.
    /// - Parameter pattern: a page and the number of an item of it, from which on this page may hold the same. Items that
    ///   are the same bytes as that page's are not walked a second time; the result is the same without it.
    package init(parsing bytes: [UInt8], like pattern: (page: ItemPage, from: Int)? = nil) throws(JSONScanError) {
        let pattern = pattern.flatMap { $0.page.isAsAnswered ? $0 : nil }
        let content = (pattern?.page.bytes ?? []).withUnsafeBytes { known -> Result<Content, JSONScanError> in
            let known = pattern.map { KnownItems(bytes: known, items: $0.page.items, next: $0.from) }
            return bytes.withUnsafeBytes { bytes in
                var scanner = JSONScanner(bytes)
                do throws(JSONScanError) {
                    return .success(try Content(&scanner, known))
                } catch {
                    return .failure(error)
                }
            }
        }
        let read = try content.get()
        isAsAnswered = !read.hasReplicationAttributes
        (self.bytes, items) =
            read.hasReplicationAttributes
            ? try Self.withoutReplicationAttributes(bytes, read.items) : (bytes, read.items)
        lastEvaluatedKey = read.lastEvaluatedKey.map { Array(bytes[$0]) }
        scannedCount = read.scannedCount ?? read.items.count
        consumedCapacityUnits = read.consumedCapacityUnits
    }

    private static func withoutReplicationAttributes(
        _ bytes: [UInt8],
        _ items: [Range<Int>]
    ) throws(JSONScanError) -> ([UInt8], [Range<Int>]) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONScanError) in
                var output: [UInt8] = []
                output.reserveCapacity(bytes.count)
                var places: [Range<Int>] = []
                places.reserveCapacity(items.count)
                for item in items {
                    let start = output.count
                    try ReplicationAttributes.appendItem(item, of: bytes, to: &output)
                    places.append(start..<output.count)
                }
                return (output, places)
            }
        }
        return try result.get()
    }
}

private struct Content {
    var items: [Range<Int>] = []
    var hasReplicationAttributes = false
    var lastEvaluatedKey: Range<Int>?
    var scannedCount: Int?
    var consumedCapacityUnits: Double?

    init(_ scanner: inout JSONScanner, _ known: KnownItems?) throws(JSONScanError) {
        var hasItems = false
        var count: Int?
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: "Items") {
                guard !hasItems else { throw scanner.error("Items only once") }
                hasItems = true
                try readItems(&scanner, known)
            } else if scanner.string(name, equals: "LastEvaluatedKey") {
                guard try !scanner.takeNull() else { return }
                guard lastEvaluatedKey == nil else { throw scanner.error("LastEvaluatedKey only once") }
                let start = scanner.position
                let (key, attributes) = try ItemPage.skipItem(&scanner)
                // An empty key is no key to go on from, and taking it for the end could lose the rest of the table.
                guard attributes > 0 else { throw JSONScanError(offset: start, expected: "a key with attributes") }
                lastEvaluatedKey = key
            } else if scanner.string(name, equals: "Count") {
                count = try scanner.readInteger()
            } else if scanner.string(name, equals: "ScannedCount") {
                scannedCount = try scanner.readInteger()
            } else if scanner.string(name, equals: "ConsumedCapacity") {
                consumedCapacityUnits = try scanner.readConsumedCapacity()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.requireEnd()
        guard hasItems else { throw scanner.error("a member Items in the answer") }
        guard count == nil || count == items.count else { throw scanner.error("as many items as Count says") }
        if let scannedCount, scannedCount < items.count { throw scanner.error("a ScannedCount not below Count") }
    }

    private mutating func readItems(_ scanner: inout JSONScanner, _ known: KnownItems?) throws(JSONScanError) {
        var known = known
        scanner.skipWhitespace()
        try scanner.require("[", "a list of items")
        scanner.skipWhitespace()
        if scanner.take("]") { return }
        // Grown less often: items are seldom smaller.
        items.reserveCapacity(scanner.bytes.count / 512)
        while true {
            scanner.skipWhitespace()
            let start = scanner.position
            if known?.take(&scanner, appendingTo: &items) != true {
                var reader = try ItemReader(scanner.bytes, at: start)
                while true {
                    // Most attributes of most tables.
                    if reader.skipPlainAttribute(&hasReplicationAttributes) { continue }
                    guard let name = try reader.nextName() else { break }
                    if ReplicationAttributes.contains(name, in: scanner.bytes) { hasReplicationAttributes = true }
                    _ = try ItemReader.readValue(&reader.scanner, named: name)
                }
                scanner.position = reader.scanner.position
                items.append(start..<scanner.position)
            }
            scanner.skipWhitespace()
            if scanner.take(",") { continue }
            try scanner.require("]", "\",\" or the end of the items")
            return
        }
    }
}

/// Items of another page, which those of a page that is being read may be the same as.
///
/// Where a well-formed item begins and the bytes are the same up to its end, there is the same item, and those behind it
/// are the same as long as the bytes are. None of them has ``ReplicationAttributes``, or the page would have been rewritten.
private struct KnownItems {
    /// So many items that the other page may have before the one that is looked for.
    private static let reach = 4
    /// After so many items in a row that were not there, none is looked for any more.
    private static let patience = 32

    let bytes: UnsafeRawBufferPointer
    let items: [Range<Int>]
    /// The first that may come.
    var next: Int
    private var misses = 0

    init(bytes: UnsafeRawBufferPointer, items: [Range<Int>], next: Int) {
        self.bytes = bytes
        self.items = items
        self.next = next
    }

    /// Goes behind all items from the scanner on that are the same as those here.
    ///
    /// - Returns: whether there was one at least.
    mutating func take(_ scanner: inout JSONScanner, appendingTo places: inout [Range<Int>]) -> Bool {
        guard misses < Self.patience else { return false }
        let start = scanner.position
        let rest = UnsafeRawBufferPointer(rebasing: scanner.bytes[start...])
        for first in next..<min(next &+ Self.reach, items.count) {
            let base = items[first].lowerBound
            let length = ByteRuns.commonPrefix(UnsafeRawBufferPointer(rebasing: bytes[base...]), rest)
            guard items[first].count <= length else { continue }
            next = first
            while next < items.count, items[next].upperBound &- base <= length {
                places.append(items[next].lowerBound &- base &+ start..<items[next].upperBound &- base &+ start)
                next &+= 1
            }
            scanner.position = start &+ (items[next &- 1].upperBound &- base)
            misses = 0
            return true
        }
        misses += 1
        return false
    }
}

extension ItemPage {
    /// Goes behind an item or a key.
    ///
    /// - Returns: its place and the number of its attributes.
    static func skipItem(
        _ scanner: inout JSONScanner
    ) throws(JSONScanError) -> (range: Range<Int>, attributes: Int) {
        scanner.skipWhitespace()
        let start = scanner.position
        var reader = try ItemReader(scanner.bytes, at: start)
        var attributes = 0
        while try reader.next() != nil { attributes += 1 }
        scanner.position = reader.scanner.position
        return (start..<scanner.position, attributes)
    }
}

extension JSONScanner {
    /// The units of one ConsumedCapacity, or of a list of them together; `nil` where none are given.
    mutating func readConsumedCapacity() throws(JSONScanError) -> Double? {
        skipWhitespace()
        if try takeNull() { return nil }
        var units: Double?
        if peek() == UInt8(ascii: "[") {
            try forEachElement { scanner throws(JSONScanError) in
                if let more = try scanner.readConsumedCapacity() { units = (units ?? 0) + more }
            }
            return units
        }
        try forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: "CapacityUnits") {
                units = try scanner.takeNull() ? nil : try scanner.readDouble()
            } else {
                try scanner.skipValue()
            }
        }
        return units
    }
}
