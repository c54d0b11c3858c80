/// A key whose items were not found equal, between two readings: as bytes, for a ``RecordSpool``.
struct SuspectRecord: Equatable {
    private static let headerSize = 33

    /// The JSON text of the key.
    var key: [UInt8]
    /// What the last consistent reading gave; `nil` before the first.
    var lastSeen: (source: UInt128, target: UInt128)?

    init(key: [UInt8], lastSeen: (source: UInt128, target: UInt128)? = nil) {
        self.key = key
        self.lastSeen = lastSeen
    }

    init(bytes: [UInt8]) {
        let (source, target) = bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt128.self), $0.loadUnaligned(fromByteOffset: 16, as: UInt128.self))
        }
        lastSeen = bytes[32] == 1 ? (source, target) : nil
        key = Array(bytes[Self.headerSize...])
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize + key.count)
        withUnsafeBytes(of: lastSeen?.source ?? 0) { bytes += $0 }
        withUnsafeBytes(of: lastSeen?.target ?? 0) { bytes += $0 }
        bytes.append(lastSeen == nil ? 0 : 1)
        return bytes + key
    }

    static func == (left: SuspectRecord, right: SuspectRecord) -> Bool { left.bytes == right.bytes }
}

extension RecordSpool {
    mutating func append(_ suspect: SuspectRecord) throws(TemporarySpace.Failure) {
        let bytes = suspect.bytes
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(TemporarySpace.Failure) in try append(raw) }
        }
        try result.get()
    }
}
