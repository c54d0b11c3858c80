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
        digest.withUnsafeBytes { bytes in
            for byte in bytes {
                append(Hexadecimal.digit(byte >> 4))
                append(Hexadecimal.digit(byte & 0x0f))
            }
        }
    }

    /// Takes back everything from there on.
    mutating func removeAll(from position: Int) {
        precondition(position <= count)
        count = position
    }

    /// Folds A–Z to a–z from there on.
    func lowercase(from position: Int) {
        for index in position..<count { storage[index] = storage[index].asciiLowercased }
    }

    /// Removes white space at both ends of what was written from there on, and makes one space of every run inside.
    mutating func foldWhitespace(from position: Int) {
        // Most values, session tokens of a thousand bytes among them, have none.
        guard hasWhitespace(from: position) else { return }
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

    /// Looks at every byte without leaving early, so that the compiler can take many at once.
    private func hasWhitespace(from position: Int) -> Bool {
        UnsafeBufferPointer(rebasing: storage[position..<count]).reduce(0) { $0 | ($1.isASCIIWhitespace ? 1 : 0) } != 0
    }
}
