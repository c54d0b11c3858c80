internal import Glibc

/// How far two texts are the same.
package enum ByteRuns {
    /// Looked at with one call: few enough that little is looked at twice behind the first difference.
    private static let chunkSize = 4_096

    /// From the start of both: so many bytes are the same.
    package static func commonPrefix(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
        guard let left = first.baseAddress, let right = second.baseAddress else { return 0 }
        let count = min(first.count, second.count)
        var at = 0
        // Most texts that differ do so early, and then a large comparison is too much.
        var size = 64
        while at < count {
            size = min(size, count &- at)
            guard memcmp(left + at, right + at, size) == 0 else {
                return at &+ firstDifference(left + at, right + at, size)
            }
            at &+= size
            size = chunkSize
        }
        return count
    }

    /// - Returns: `count` when there is none.
    private static func firstDifference(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Int {
        var at = 0
        while at &+ 8 <= count {
            let difference =
                UInt64(littleEndian: left.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                ^ UInt64(littleEndian: right.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            if difference != 0 { return at &+ difference.trailingZeroBitCount >> 3 }
            at &+= 8
        }
        while at < count {
            if left.load(fromByteOffset: at, as: UInt8.self) != right.load(fromByteOffset: at, as: UInt8.self) {
                return at
            }
            at &+= 1
        }
        return count
    }
}
