/// Writes bytes one behind the other into memory whose size was worked out beforehand.
///
/// For the signer, where growing and uniquely referencing an array for every piece would cost more than the pieces.
/// Writing past the end stops the program.
struct ByteWriter {
    private let storage: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ storage: UnsafeMutableBufferPointer<UInt8>) {
        self.storage = storage
    }

    /// What was written.
    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: storage[..<count]) }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.upperBound <= count)
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage)[range])
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(count < storage.count)
        storage[count] = byte
        count += 1
    }

    mutating func append(_ text: String) {
        let isCopied: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
        if isCopied == nil {
            for byte in text.utf8 { append(byte) }
        }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(storage.count - count >= bytes.count)
        guard let source = bytes.baseAddress, let start = storage.baseAddress else { return }
        UnsafeMutableRawPointer(start + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func appendHexadecimal(_ digest: SHA256Digest) {
        precondition(storage.count - count >= 64)
        digest.withUnsafeBytes { Hexadecimal.write($0, to: UnsafeMutableBufferPointer(rebasing: storage[count...])) }
        count += 64
    }

    /// Takes back everything from there on.
    mutating func removeAll(from position: Int) {
        precondition(position <= count)
        count = position
    }

    /// Folds A–Z to a–z from there on.
    func lowercase(from position: Int) {
        let bytes = UnsafeMutableBufferPointer(rebasing: storage[position..<count])
        for index in bytes.indices { bytes[index] = bytes[index].asciiLowercased }
    }

    /// Removes white space at both ends of what was written from there on, and makes one space of every run inside.
    mutating func foldWhitespace(from position: Int) {
        // Most values, session tokens of a thousand bytes among them, have none.
        guard mayHaveWhitespace(from: position) else { return }
        var end = position
        var hasPendingSpace = false
        for index in position..<count {
            let byte = storage[index]
            if byte.isASCIIWhitespace {
                hasPendingSpace = end > position
                continue
            }
            if hasPendingSpace {
                storage[end] = UInt8(ascii: " ")
                end += 1
                hasPendingSpace = false
            }
            storage[end] = byte
            end += 1
        }
        count = end
    }

    /// Whether a byte up to the space is there: white space, or what is looked at again one by one.
    private func mayHaveWhitespace(from position: Int) -> Bool {
        let bytes = UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: storage[position..<count]))
        var offset = 0
        // Eight bytes as one number: subtracting borrows from the top bit of a byte only where it is below 0x21.
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080 != 0 { return true }
            offset += 8
        }
        return bytes[offset...].contains { $0 <= UInt8(ascii: " ") }
    }
}
