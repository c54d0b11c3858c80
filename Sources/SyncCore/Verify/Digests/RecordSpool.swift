/// A list of byte records, in the order in which they came: in memory while it is short, in a temporary file beyond.
struct RecordSpool: ~Copyable {
    private let space: TemporarySpace
    private let bufferLimit: Int
    /// What is not in the file yet.
    private var buffer: [UInt8] = []
    private var file: TemporaryFile?
    private(set) var count = 0

    /// - Parameter bufferLimit: bytes that stay in memory at most, a record more or less.
    init(space: TemporarySpace, bufferLimit: Int = 1 << 20) {
        self.space = space
        self.bufferLimit = bufferLimit
    }

    /// - Throws: ``TemporarySpace/Failure``.
    mutating func append(_ record: UnsafeRawBufferPointer) throws(TemporarySpace.Failure) {
        withUnsafeBytes(of: UInt32(record.count)) { buffer.append(contentsOf: $0) }
        buffer.append(contentsOf: record)
        count += 1
        if buffer.count >= bufferLimit { try flush() }
    }

    private mutating func flush() throws(TemporarySpace.Failure) {
        if file == nil { file = try space.makeFile() }
        let bytes = buffer
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(TemporarySpace.Failure) in try file?.append(raw) }
        }
        try result.get()
        buffer.removeAll(keepingCapacity: true)
    }

    /// A reader that begins with the first record; nothing may be appended while it reads.
    consuming func makeReader() -> RecordSpoolReader {
        let (last, count, chunkSize, fileLength) = (buffer, count, bufferLimit, file?.count ?? 0)
        return RecordSpoolReader(
            file: file.take(),
            fileLength: fileLength,
            last: last,
            count: count,
            chunkSize: chunkSize
        )
    }
}

/// Gives the records of a ``RecordSpool`` in turn, a piece of the file in memory at a time.
struct RecordSpoolReader: ~Copyable {
    private var file: TemporaryFile?
    private let fileLength: Int
    private let last: [UInt8]
    private let chunkSize: Int
    private var chunk: [UInt8] = []
    private var position = 0
    private var nextOffset = 0
    private var isInLast = false
    /// Records not given yet.
    private(set) var remaining: Int

    fileprivate init(file: consuming TemporaryFile?, fileLength: Int, last: [UInt8], count: Int, chunkSize: Int) {
        self.file = file
        self.fileLength = fileLength
        self.last = last
        self.chunkSize = chunkSize
        remaining = count
    }

    /// The next record; `nil` after the last.
    ///
    /// - Throws: ``TemporarySpace/Failure``.
    mutating func next() throws(TemporarySpace.Failure) -> [UInt8]? {
        guard remaining > 0 else { return nil }
        let header = MemoryLayout<UInt32>.size
        try require(header)
        let length = chunk.withUnsafeBytes {
            Int($0.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        }
        try require(header + length)
        let start = position + header
        position = start + length
        remaining -= 1
        return Array(chunk[start..<position])
    }

    /// Makes sure that so many bytes are in memory from the position on.
    private mutating func require(_ bytes: Int) throws(TemporarySpace.Failure) {
        guard chunk.count - position < bytes else { return }
        let left = fileLength - nextOffset
        guard left > 0 else {
            precondition(!isInLast, "a record spool ends within a record")
            isInLast = true
            chunk.removeSubrange(..<position)
            chunk += last
            position = 0
            return
        }
        chunk.removeSubrange(..<position)
        position = 0
        let kept = chunk.count
        let size = min(left, max(chunkSize, bytes - kept))
        chunk.append(contentsOf: repeatElement(0, count: size))
        let offset = nextOffset
        var piece = chunk
        chunk = []
        let result = piece.withUnsafeMutableBytes { raw in
            Result { () throws(TemporarySpace.Failure) in
                try file?.read(into: UnsafeMutableRawBufferPointer(rebasing: raw[kept...]), at: offset)
            }
        }
        try result.get()
        chunk = piece
        nextOffset += size
    }
}
