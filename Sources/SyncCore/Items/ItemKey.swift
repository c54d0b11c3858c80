package import AWSCore
package import BackupCore

/// The attributes that are a table's key, and how to take them out of an item.
package struct ItemKey: Sendable, Equatable {
    /// The partition key's name, then the sort key's if there is one.
    package let names: [String]
    /// The names' bytes.
    private let nameBytes: [[UInt8]]
    /// `{"pk":` and `,"sk":`, with escapes where the names need them.
    private let openings: [[UInt8]]

    package init(partitionKey: String, sortKey: String? = nil) {
        names = [partitionKey] + (sortKey.map { [$0] } ?? [])
        nameBytes = names.map { Array($0.utf8) }
        openings = names.enumerated().map { index, name in
            Array((index == 0 ? "{" : ",").utf8) + JSONValue.string(name).serialized() + Array(":".utf8)
        }
    }

    package init(_ schema: [TableSchema.KeyElement]) {
        let partition = schema.first { $0.keyType == .hash }?.attributeName ?? ""
        self.init(partitionKey: partition, sortKey: schema.first { $0.keyType == .range }?.attributeName)
    }

    /// The JSON text of an item's key: partition key, sort key, their values as they are written in the item.
    ///
    /// - Throws: ``JSONScanError`` when the item is malformed or lacks an attribute of the key.
    package func key(of item: UnsafeRawBufferPointer) throws(JSONScanError) -> [UInt8] {
        var places = Places()
        var reader = try ItemReader(item)
        // To the end, because an item that is malformed behind its key is no item.
        while let attribute = try reader.next() {
            _ = note(attribute.name, attribute.typedValue, in: item, &places)
        }
        try reader.scanner.requireEnd()
        guard places.areComplete(for: self) else { throw JSONScanError(offset: 0, expected: "the key's attributes") }
        var key: [UInt8] = []
        append(places, of: item, to: &key)
        return key
    }

    /// See ``key(of:)``.
    package func key(of item: some Collection<UInt8>) throws(JSONScanError) -> [UInt8] {
        let contiguous = item.withContiguousStorageIfAvailable { bytes in
            Result { () throws(JSONScanError) in try key(of: UnsafeRawBufferPointer(bytes)) }
        }
        let result =
            contiguous
            ?? Array(item).withUnsafeBytes { bytes in
                Result { () throws(JSONScanError) in try key(of: bytes) }
            }
        return try result.get()
    }

    // MARK: For those who walk the item themselves

    /// Where the key's attribute values lie in an item.
    struct Places {
        fileprivate var partition: Range<Int>?
        fileprivate var sort: Range<Int>?

        func areComplete(for key: ItemKey) -> Bool { partition != nil && (key.names.count == 1 || sort != nil) }
    }

    /// - Parameter value: where the attribute value stands: `{"S":"a"}`.
    /// - Returns: whether the attribute belongs to the key.
    @inline(__always)
    func note(
        _ name: JSONStringRange,
        _ value: Range<Int>,
        in item: UnsafeRawBufferPointer,
        _ places: inout Places
    ) -> Bool {
        if Self.matches(name, in: item, nameBytes[0]) {
            places.partition = value
            return true
        }
        guard nameBytes.count > 1, Self.matches(name, in: item, nameBytes[1]) else { return false }
        places.sort = value
        return true
    }

    func append(_ places: Places, of item: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        for (index, place) in [places.partition, places.sort].enumerated() {
            guard let place else { continue }
            text += openings[index]
            text.append(contentsOf: UnsafeRawBufferPointer(rebasing: item[place]))
        }
        text.append(UInt8(ascii: "}"))
    }

    @inline(__always)
    private static func matches(_ name: JSONStringRange, in item: UnsafeRawBufferPointer, _ expected: [UInt8]) -> Bool {
        if name.hasEscapes { return JSONStringBytes.unescaped(item, name.content) == expected }
        guard name.content.count == expected.count else { return false }
        let start = name.content.lowerBound
        for index in 0..<expected.count where item[start &+ index] != expected[index] { return false }
        return true
    }
}
