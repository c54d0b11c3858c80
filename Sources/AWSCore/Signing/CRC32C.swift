internal import CZlib

/// The Castagnoli CRC-32 of S3's `x-amz-checksum-crc32c` (reflected polynomial 0x82F63B78).
package struct CRC32C: Sendable {
    private var state = UInt32.max

    package init() {}

    package var value: UInt32 { ~state }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let words = bytes.count / 8
        guard words > 0, ChecksumInstructions.areSupported, let start = bytes.baseAddress else {
            return updateByTable(bytes)
        }
        state = cchecksum_crc32c(state, start, words)
        updateByTable(UnsafeRawBufferPointer(rebasing: bytes[(words * 8)...]))
    }

    mutating func updateByTable(_ bytes: UnsafeRawBufferPointer) {
        state = Self.tables.withUnsafeBufferPointer { tables in
            var state = state
            var index = 0
            // Eight bytes at once, each through its own table ("slicing by 8").
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(state)
                state = 0
                for lane in 0..<8 {
                    state ^= tables[(7 - lane) << 8 | Int(word >> (8 * lane) & 0xff)]
                }
                index += 8
            }
            while index < bytes.count {
                state = state >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: state) ^ bytes[index])]
                index += 1
            }
            return state
        }
    }

    package static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        if bytes.withContiguousStorageIfAvailable({ checksum.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { checksum.update($0) }
        }
        return checksum.value
    }

    /// Table `n` advances a byte by `n` further bytes of zero.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
            }
            tables[byte] = remainder
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xff)]
        }
        return tables
    }()
}
