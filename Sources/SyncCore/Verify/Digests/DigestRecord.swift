/// What is kept of one item until its counterpart comes: two digests, the sides it was seen on, and its key.
///
/// In memory and in temporary files it is its ``headerSize`` bytes and the key's text behind them.
struct DigestRecord {
    /// On which sides an item was seen.
    struct Sides: OptionSet {
        var rawValue: UInt8

        static let source = Sides(rawValue: 1)
        static let target = Sides(rawValue: 2)
        /// On both sides, or on one of them twice, and not the same.
        static let different = Sides(rawValue: 4)
    }

    static let headerSize = 36
    static let maximumKeyLength = Int(UInt16.max)
    private static let itemOffset = 16
    private static let lengthOffset = 32
    private static let sidesOffset = 34

    /// Digest of the key alone.
    var key: UInt128
    /// Digest of the whole item.
    var item: UInt128
    var sides: Sides
    var keyText: UnsafeRawBufferPointer

    init(key: UInt128, item: UInt128, sides: Sides, keyText: UnsafeRawBufferPointer) {
        self.key = key
        self.item = item
        self.sides = sides
        self.keyText = keyText
    }

    /// Reads the record that begins at an offset.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        key = bytes.loadUnaligned(fromByteOffset: offset, as: UInt128.self)
        item = bytes.loadUnaligned(fromByteOffset: offset + Self.itemOffset, as: UInt128.self)
        sides = Self.sides(bytes, at: offset)
        let start = offset + Self.headerSize
        keyText = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Self.keyLength(bytes, at: offset)])
    }

    /// Bytes that the record takes.
    var size: Int { Self.headerSize + keyText.count }

    /// Writes the record at an offset; there must be room.
    @inline(__always)
    func write(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        bytes.storeBytes(of: key, toByteOffset: offset, as: UInt128.self)
        bytes.storeBytes(of: item, toByteOffset: offset + Self.itemOffset, as: UInt128.self)
        bytes.storeBytes(
            of: UInt16(truncatingIfNeeded: keyText.count),
            toByteOffset: offset + Self.lengthOffset,
            as: UInt16.self
        )
        bytes.storeBytes(of: UInt16(sides.rawValue), toByteOffset: offset + Self.sidesOffset, as: UInt16.self)
        let start = offset + Self.headerSize
        UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + keyText.count]).copyMemory(from: keyText)
    }

    // MARK: Single members of a record at an offset

    @inline(__always)
    static func key(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt128 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt128.self)
    }

    @inline(__always)
    static func item(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt128 {
        bytes.loadUnaligned(fromByteOffset: offset + itemOffset, as: UInt128.self)
    }

    @inline(__always)
    static func sides(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Sides {
        Sides(rawValue: bytes[offset + sidesOffset])
    }

    @inline(__always)
    static func setSides(_ sides: Sides, in bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        bytes[offset + sidesOffset] = sides.rawValue
    }

    @inline(__always)
    static func size(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        headerSize + keyLength(bytes, at: offset)
    }

    /// Whether all of the record lies before the end of the bytes.
    static func isWhole(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        bytes.count - offset >= headerSize && bytes.count - offset >= size(bytes, at: offset)
    }

    @inline(__always)
    private static func keyLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        Int(bytes.loadUnaligned(fromByteOffset: offset + lengthOffset, as: UInt16.self))
    }
}
