internal import CZlib

/// The CRC-32 of gzip and zip: DynamoDB's `x-amz-crc32` and S3's `x-amz-checksum-crc32`.
package struct CRC32: Sendable {
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // zlib takes a null pointer as the request for the initial value, which would forget what was added so far.
        guard let start = bytes.baseAddress else { return }
        value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }

    package static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        var checksum = CRC32()
        if bytes.withContiguousStorageIfAvailable({ checksum.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { checksum.update($0) }
        }
        return checksum.value
    }
}
