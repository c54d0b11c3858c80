internal import CZlib

/// The CRC-64 of the NVMe specification, which S3 computes of every object by itself (reflected polynomial
/// 0x9A6C9329AC4BC9B5, initial value and final xor all ones).
package struct CRC64NVME: Sendable {
    private var state = UInt64.max

    package init() {}

    package var value: UInt64 { ~state }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let foldable = bytes.count & ~63
        guard foldable >= 128, ChecksumInstructions.areSupported, let start = bytes.baseAddress else {
            return updateByTable(bytes)
        }
        // By carry-less multiplication, several times as fast as memory is; the tables do the rest.
        var folded = (UInt64(0), UInt64(0))
        withUnsafeMutableBytes(of: &folded) { folded in
            cchecksum_crc64nvme_fold(state, start, foldable, folded.assumingMemoryBound(to: UInt64.self).baseAddress)
            state = 0
            updateByTable(UnsafeRawBufferPointer(folded))
        }
        updateByTable(UnsafeRawBufferPointer(rebasing: bytes[foldable...]))
    }

    mutating func updateByTable(_ bytes: UnsafeRawBufferPointer) {
        state = Self.tables.withUnsafeBufferPointer { tables in
            guard let table = tables.baseAddress else { return state }
            var state = state
            var index = 0
            // Sixteen bytes at once, each through its own table, of which eight do not wait for the state.
            while index + 16 <= bytes.count {
                let first = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ state
                let second = bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self).littleEndian
                state = Self.look(table + 8 * 256, first) ^ Self.look(table, second)
                index += 16
            }
            while index < bytes.count {
                state = state >> 8 ^ table[Int(UInt8(truncatingIfNeeded: state) ^ bytes[index])]
                index += 1
            }
            return state
        }
    }

    /// Eight bytes through the eight tables from there, the first byte through the last of them.
    @inline(__always)
    private static func look(_ table: UnsafePointer<UInt64>, _ word: UInt64) -> UInt64 {
        let low =
            table[7 << 8 | Int(word & 0xff)] ^ table[6 << 8 | Int(word >> 8 & 0xff)]
            ^ table[5 << 8 | Int(word >> 16 & 0xff)] ^ table[4 << 8 | Int(word >> 24 & 0xff)]
        let high =
            table[3 << 8 | Int(word >> 32 & 0xff)] ^ table[2 << 8 | Int(word >> 40 & 0xff)]
            ^ table[1 << 8 | Int(word >> 48 & 0xff)] ^ table[Int(word >> 56)]
        return low ^ high
    }

    package static func checksum(_ bytes: some Collection<UInt8>) -> UInt64 {
        var checksum = CRC64NVME()
        if bytes.withContiguousStorageIfAvailable({ checksum.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { checksum.update($0) }
        }
        return checksum.value
    }

    /// Table `n` advances a byte by `n` further bytes of zero.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var remainder = UInt64(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? remainder >> 1 ^ polynomial : remainder >> 1
            }
            tables[byte] = remainder
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xff)]
        }
        return tables
    }()

    static let polynomial: UInt64 = 0x9A6C_9329_AC4B_C9B5
}
