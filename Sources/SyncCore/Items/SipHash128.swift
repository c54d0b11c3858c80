/// SipHash-1-3 with 128 bits of output, over whole words with a last one of seven bytes.
///
/// A keyed hash (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): who does not know the key cannot tell its
/// digests from random numbers.
struct SipHash128 {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var words: UInt64 = 0

    /// The two halves of the key.
    struct Key: Sendable, Equatable {
        var low: UInt64
        var high: UInt64
    }

    @inline(__always)
    init(_ key: Key) {
        v0 = key.low ^ 0x736F_6D65_7073_6575
        v1 = key.high ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        v2 = key.low ^ 0x6C79_6765_6E65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    private mutating func round() {
        v0 = v0 &+ v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 = v2 &+ v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 = v0 &+ v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 = v2 &+ v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }

    @inline(__always)
    mutating func combine(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
        words = words &+ 1
    }

    @inline(__always)
    mutating func combine(_ value: UInt128) {
        combine(UInt64(truncatingIfNeeded: value))
        combine(UInt64(truncatingIfNeeded: value >> 64))
    }

    /// Adds bytes, filled up with zeros to whole words: their number must be told apart by something else.
    @inline(__always)
    mutating func combine(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        var at = range.lowerBound
        while at &+ 8 <= range.upperBound {
            combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at &+= 8
        }
        let rest = range.upperBound &- at
        guard rest > 0 else { return }
        var word: UInt64 = 0
        if at &+ 8 <= bytes.count {
            word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            word &= (1 &<< UInt64(8 &* rest)) &- 1
        } else {
            for index in 0..<rest { word |= UInt64(bytes[at &+ index]) &<< UInt64(8 &* index) }
        }
        combine(word)
    }

    /// - Parameter last: below 2^56: the message's last seven bytes.
    @inline(__always)
    consuming func digest(last: UInt64) -> UInt128 {
        let length = words &* 8 &+ 7
        let word = last | length << 56
        v3 ^= word
        round()
        v0 ^= word
        v2 ^= 0xEE
        round()
        round()
        round()
        let low = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xDD
        round()
        round()
        round()
        return UInt128(v0 ^ v1 ^ v2 ^ v3) << 64 | UInt128(low)
    }
}
