package import AWSCore

extension ReplicationAttributes {
    /// The item without them: they belong to the table in which they stand, and no copy has them.
    ///
    /// - Parameter item: JSON text of an item.
    package static func removed(from item: ArraySlice<UInt8>) throws(JSONScanError) -> [UInt8] {
        let result = item.withUnsafeBytes { bytes -> Result<[UInt8], JSONScanError> in
            var kept: [UInt8] = []
            kept.reserveCapacity(bytes.count)
            kept.append(UInt8(ascii: "{"))
            do throws(JSONScanError) {
                var reader = try ItemReader(bytes)
                while let attribute = try reader.next() {
                    guard !contains(attribute.name, in: bytes) else { continue }
                    if kept.count > 1 { kept.append(UInt8(ascii: ",")) }
                    // From the name's opening quote to the end of the value.
                    kept += bytes[attribute.name.content.lowerBound - 1..<attribute.typedValue.upperBound]
                }
                try reader.scanner.requireEnd()
            } catch {
                return .failure(error)
            }
            kept.append(UInt8(ascii: "}"))
            return .success(kept)
        }
        return try result.get()
    }
}
