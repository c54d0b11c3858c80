/// Makes the CRC of two texts, one behind the other, out of theirs.
///
/// Behind the second text's bytes the first's CRC has been multiplied by x to the power of their bits, modulo the
/// polynomial; what the initial values add cancels out. (Mark Adler, zlib's `crc32_combine`.)
struct CRCCombination<Word: FixedWidthInteger & UnsignedInteger> {
    /// Reflected: the highest power is the lowest bit.
    let polynomial: Word

    /// - Parameter length: the bytes of the second text.
    func combine(_ first: Word, _ second: Word, length: Int) -> Word {
        multiply(powerOfX(bytes: length), first) ^ second
    }

    /// x to the power of eight times `bytes`.
    private func powerOfX(bytes: Int) -> Word {
        // The highest bit is 1, the one below it x; squared three times that is x to the eighth.
        var power: Word = 1 << (Word.bitWidth - 1)
        var base: Word = 1 << (Word.bitWidth - 2)
        for _ in 0..<3 { base = multiply(base, base) }
        var rest = bytes
        while rest > 0 {
            if rest & 1 == 1 { power = multiply(base, power) }
            base = multiply(base, base)
            rest >>= 1
        }
        return power
    }

    /// The product modulo the polynomial.
    private func multiply(_ left: Word, _ right: Word) -> Word {
        var product: Word = 0
        var right = right
        var bit: Word = 1 << (Word.bitWidth - 1)
        while bit != 0 {
            if left & bit != 0 { product ^= right }
            right = right & 1 == 1 ? right >> 1 ^ polynomial : right >> 1
            bit >>= 1
        }
        return product
    }
}

extension ChecksumAlgorithm {
    /// Whether the checksum of a whole follows from those of its parts.
    package var isCombinable: Bool {
        switch self {
        case .crc32, .crc32c, .crc64nvme: true
        case .sha1, .sha256: false
        }
    }

    /// The checksum of bytes that two others stand for, one behind the other.
    ///
    /// - Parameter length: how many bytes the second stands for.
    /// - Returns: `nil` for an algorithm that has none, and for values of a wrong length.
    package func combine(_ first: [UInt8], _ second: [UInt8], length: Int) -> [UInt8]? {
        guard isCombinable, first.count == byteCount, second.count == byteCount, length >= 0 else { return nil }
        switch self {
        case .crc32: return combine(CRCCombination<UInt32>(polynomial: 0xEDB8_8320), first, second, length)
        case .crc32c: return combine(CRCCombination<UInt32>(polynomial: 0x82F6_3B78), first, second, length)
        case .crc64nvme: return combine(CRCCombination(polynomial: CRC64NVME.polynomial), first, second, length)
        case .sha1, .sha256: return nil
        }
    }

    private func combine<Word>(
        _ combination: CRCCombination<Word>,
        _ first: [UInt8],
        _ second: [UInt8],
        _ length: Int
    ) -> [UInt8] {
        func word(_ bytes: [UInt8]) -> Word { bytes.reduce(0) { $0 << 8 | Word($1) } }
        let combined = combination.combine(word(first), word(second), length: length)
        return withUnsafeBytes(of: combined.bigEndian) { Array($0) }
    }
}
