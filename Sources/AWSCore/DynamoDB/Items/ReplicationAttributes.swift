/// Attributes that DynamoDB's global tables of 2017 keep for themselves in each item.
package enum ReplicationAttributes {
    /// `aws:rep:` as a little-endian word.
    @inlinable @inline(__always)
    static var prefix: UInt64 { 0x3A70_6572_3A73_7761 }

    @inlinable @inline(__always)
    package static func contains(_ name: JSONStringRange, in bytes: UnsafeRawBufferPointer) -> Bool {
        if name.hasEscapes { return JSONStringBytes.unescaped(bytes, name.content).starts(with: "aws:rep:".utf8) }
        guard name.content.count >= 8 else { return false }
        let word = bytes.loadUnaligned(fromByteOffset: name.content.lowerBound, as: UInt64.self)
        return UInt64(littleEndian: word) == prefix
    }

    /// Appends an item's text without them.
    static func appendItem(
        _ item: Range<Int>,
        of bytes: UnsafeRawBufferPointer,
        to output: inout [UInt8]
    ) throws(JSONScanError) {
        var reader = try ItemReader(bytes, at: item.lowerBound)
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        while let attribute = try reader.next() {
            guard !contains(attribute.name, in: bytes) else { continue }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            // From the name's opening quote to the end of the value.
            output += bytes[attribute.name.content.lowerBound - 1..<attribute.typedValue.upperBound]
        }
        output.append(UInt8(ascii: "}"))
    }
}
