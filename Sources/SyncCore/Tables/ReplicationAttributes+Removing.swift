internal import AWSCore

extension ReplicationAttributes {
    private static let mark = Array("\"aws:rep:".utf8)

    /// The page without the attributes in which global tables of 2017 keep their own accounts (H21).
    ///
    /// At another table they would claim to be replicated. A page that has none, as nearly all, is returned as it is.
    static func removing(from page: ItemPage) throws(JSONScanError) -> ItemPage {
        guard page.bytes.withUnsafeBytes(mayContain) else { return page }
        var text = Array("{\"Items\":[".utf8)
        for place in 0..<page.count {
            if place > 0 { text.append(UInt8(ascii: ",")) }
            text += try removing(from: page[place])
        }
        text += "],\"Count\":\(page.count),\"ScannedCount\":\(page.scannedCount)".utf8
        if let key = page.lastEvaluatedKey { text += Array(",\"LastEvaluatedKey\":".utf8) + key }
        text.append(UInt8(ascii: "}"))
        return try ItemPage(parsing: text)
    }

    /// The item without them.
    static func removing(from item: ArraySlice<UInt8>) throws(JSONScanError) -> [UInt8] {
        let result = item.withUnsafeBytes { bytes -> Result<[UInt8], JSONScanError> in
            do throws(JSONScanError) {
                var kept: [UInt8] = []
                var reader = try ItemReader(bytes)
                while let attribute = try reader.next() {
                    guard !contains(attribute.name, in: bytes) else { continue }
                    kept.append(UInt8(ascii: kept.isEmpty ? "{" : ","))
                    kept.append(UInt8(ascii: "\""))
                    kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[attribute.name.content]))
                    kept += "\":".utf8
                    kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[attribute.typedValue]))
                }
                return .success(kept.isEmpty ? Array("{}".utf8) : kept + [UInt8(ascii: "}")])
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Whether the mark stands anywhere in it; looks at one byte in nine as a rule, since most cannot belong to the mark.
    private static func mayContain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let last = mark.count - 1
        var skips = [UInt8](repeating: UInt8(mark.count), count: 256)
        for (place, byte) in mark.dropLast().enumerated() { skips[Int(byte)] = UInt8(last - place) }
        return skips.withUnsafeBufferPointer { skips in
            var end = last
            while end < bytes.count {
                let byte = bytes[end]
                if byte == mark[last], bytes[(end - last)...end].elementsEqual(mark) { return true }
                end += Int(skips[Int(byte)])
            }
            return false
        }
    }
}
