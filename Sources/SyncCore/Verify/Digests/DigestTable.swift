import Glibc

/// Items that wait for their counterpart: equal ones of both sides cancel out, so that only the others take room.
///
/// Room is given once and never grows. When it is full of items that still wait, they go to a temporary file, divided by
/// bits of their key's digest, and are compared part by part at the end; a part that does not fit either is divided by
/// further bits. So memory is bounded whatever the tables hold and in whatever order they come, and where both sides come
/// in nearly the same order, as those of two tables with the same keys do, nothing is ever written.
struct DigestTable: ~Copyable {
    /// Parts into which full room is divided.
    static let partitionBits = 6
    private static let partitionCount = 1 << partitionBits

    /// How many bits of the key's digest, from the highest on, all items here have in common.
    private let sharedBits: Int
    private let space: TemporarySpace
    private let arena: UnsafeMutableRawBufferPointer
    /// Open addressing: a record's offset plus 1, or 0.
    private let slots: UnsafeMutableBufferPointer<UInt32>
    private var used = 0
    private var liveBytes = 0
    private var liveCount = 0
    /// What was written at each time when the room was full: where it begins, and how many bytes each part has.
    private var spills: [(offset: Int, sizes: [UInt32])] = []
    private var file: TemporaryFile?
    /// Pairs of equal items that have cancelled out.
    private(set) var matches = 0
    /// Items that their own side had given before.
    private(set) var repeats = 0

    /// - Parameters:
    ///   - capacity: bytes for records; at least one of the largest must fit.
    ///   - sharedBits: by which bits of the key's digest items were brought here, from the highest on.
    init(capacity: Int, sharedBits: Int, space: TemporarySpace) {
        let capacity = max(capacity, DigestRecord.headerSize + DigestRecord.maximumKeyLength)
        self.sharedBits = sharedBits
        self.space = space
        arena = .allocate(byteCount: capacity, alignment: 16)
        // Never more than three quarters full, were all keys of one byte.
        var slotCount = 64
        while slotCount * 3 < capacity / DigestRecord.headerSize * 4 { slotCount *= 2 }
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0)
    }

    deinit {
        arena.deallocate()
        slots.deallocate()
    }

    /// Whether something was written to a file.
    var hasSpilled: Bool { !spills.isEmpty }

    /// Items that wait in memory.
    var waiting: Int { liveCount }

    // MARK: Items come

    /// Adds an item; an equal one of the other side that waits goes, and the new one does not stay.
    ///
    /// - Throws: ``TemporarySpace/Failure``.
    mutating func insert(_ record: DigestRecord) throws(TemporarySpace.Failure) {
        let mask = slots.count - 1
        let bytes = UnsafeRawBufferPointer(arena)
        var slot = Int(truncatingIfNeeded: record.key) & mask
        while slots[slot] != 0 {
            let offset = Int(slots[slot]) - 1
            if DigestRecord.key(bytes, at: offset) == record.key {
                meet(record, at: offset, slot: slot)
                return
            }
            slot = (slot + 1) & mask
        }
        let size = record.size
        if used + size > arena.count {
            try makeRoom(for: size)
            slot = freeSlot(for: record.key)
        }
        record.write(to: arena, at: used)
        slots[slot] = UInt32(truncatingIfNeeded: used + 1)
        used += size
        liveBytes += size
        liveCount += 1
    }

    /// An item with the same key waits already.
    private mutating func meet(_ record: DigestRecord, at offset: Int, slot: Int) {
        let bytes = UnsafeRawBufferPointer(arena)
        let sides = DigestRecord.sides(bytes, at: offset)
        let both = sides.intersection(record.sides).subtracting(.different)
        repeats += both == [.source, .target] ? 2 : both.isEmpty ? 0 : 1
        let isSame = DigestRecord.item(bytes, at: offset) == record.item
        if isSame, !sides.contains(.different), !record.sides.contains(.different) {
            // The same item twice on one side says nothing new.
            guard sides != record.sides else { return }
            matches += 1
            liveBytes -= DigestRecord.size(bytes, at: offset)
            liveCount -= 1
            DigestRecord.setSides([], in: arena, at: offset)
            remove(slot: slot)
            if liveCount == 0 { used = 0 }
        } else {
            DigestRecord.setSides([sides, record.sides, .different], in: arena, at: offset)
        }
    }

    /// Frees a slot and moves up what stands behind it only because its own was taken.
    private func remove(slot: Int) {
        let mask = slots.count - 1
        var hole = slot
        var next = (slot + 1) & mask
        while slots[next] != 0 {
            let key = DigestRecord.key(UnsafeRawBufferPointer(arena), at: Int(slots[next]) - 1)
            let home = Int(truncatingIfNeeded: key) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }

    private func freeSlot(for key: UInt128) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: key) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        return slot
    }

    // MARK: Room

    private mutating func makeRoom(for size: Int) throws(TemporarySpace.Failure) {
        // Moving what waits together costs as much as has come since the last time, if it frees half.
        if liveBytes + size <= arena.count / 2 { compact() } else { try spill() }
    }

    private mutating func compact() {
        slots.update(repeating: 0)
        var (from, to) = (0, 0)
        while from < used {
            let bytes = UnsafeRawBufferPointer(arena)
            let size = DigestRecord.size(bytes, at: from)
            if !DigestRecord.sides(bytes, at: from).isEmpty {
                if from != to {
                    UnsafeMutableRawBufferPointer(rebasing: arena[to..<to + size])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[from..<from + size]))
                }
                slots[freeSlot(for: DigestRecord.key(UnsafeRawBufferPointer(arena), at: to))] =
                    UInt32(truncatingIfNeeded: to + 1)
                to += size
            }
            from += size
        }
        used = to
    }

    /// Writes everything that waits to the file, part after part.
    private mutating func spill() throws(TemporarySpace.Failure) {
        let bytes = UnsafeRawBufferPointer(arena)
        var sizes = [UInt32](repeating: 0, count: Self.partitionCount)
        var counts = [Int](repeating: 0, count: Self.partitionCount + 1)
        forEachWaiting { offset in
            let partition = partition(of: DigestRecord.key(bytes, at: offset))
            sizes[partition] += UInt32(truncatingIfNeeded: DigestRecord.size(bytes, at: offset))
            counts[partition + 1] += 1
        }
        for partition in 0..<Self.partitionCount { counts[partition + 1] += counts[partition] }
        var order = [UInt32](repeating: 0, count: liveCount)
        forEachWaiting { offset in
            let partition = partition(of: DigestRecord.key(bytes, at: offset))
            order[counts[partition]] = UInt32(truncatingIfNeeded: offset)
            counts[partition] += 1
        }
        if file == nil { file = try space.makeFile() }
        let start = file?.count ?? 0
        var chunk: [UInt8] = []
        chunk.reserveCapacity(Self.chunkSize + DigestRecord.headerSize + DigestRecord.maximumKeyLength)
        for offset in order {
            let offset = Int(offset)
            let size = DigestRecord.size(bytes, at: offset)
            chunk.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]))
            if chunk.count >= Self.chunkSize { try write(&chunk) }
        }
        try write(&chunk)
        spills.append((start, sizes))
        slots.update(repeating: 0)
        (used, liveBytes, liveCount) = (0, 0, 0)
    }

    private static let chunkSize = 1 << 18

    private mutating func write(_ chunk: inout [UInt8]) throws(TemporarySpace.Failure) {
        let result = chunk.withUnsafeBytes { raw in
            Result { () throws(TemporarySpace.Failure) in try file?.append(raw) }
        }
        try result.get()
        chunk.removeAll(keepingCapacity: true)
    }

    private func forEachWaiting(_ body: (Int) -> Void) {
        let bytes = UnsafeRawBufferPointer(arena)
        var offset = 0
        while offset < used {
            if !DigestRecord.sides(bytes, at: offset).isEmpty { body(offset) }
            offset += DigestRecord.size(bytes, at: offset)
        }
    }

    private func partition(of key: UInt128) -> Int {
        Int(truncatingIfNeeded: (key &<< UInt128(sharedBits)) &>> UInt128(128 - Self.partitionBits))
    }

    // MARK: The end

    /// Gives every item that found no equal counterpart, and empties the table.
    ///
    /// - Parameters:
    ///   - partCapacity: bytes for the comparison of one part.
    ///   - emit: gets each of them once; its key's text is valid only during the call.
    /// - Throws: ``TemporarySpace/Failure``; what `emit` throws.
    mutating func finish(partCapacity: Int, _ emit: (DigestRecord) throws -> Void) throws {
        let bytes = UnsafeRawBufferPointer(arena)
        if !hasSpilled {
            var offset = 0
            while offset < used {
                let record = DigestRecord(bytes, at: offset)
                if !record.sides.isEmpty { try emit(record) }
                offset += record.size
            }
            slots.update(repeating: 0)
            (used, liveBytes, liveCount) = (0, 0, 0)
            return
        }
        try spill()
        var chunk: [UInt8] = []
        for partition in 0..<Self.partitionCount {
            try Task.checkCancellation()
            var part = DigestTable(
                capacity: min(partCapacity, partSize(partition)),
                sharedBits: sharedBits + Self.partitionBits,
                space: space
            )
            for spill in spills {
                let size = Int(spill.sizes[partition])
                guard size > 0 else { continue }
                let offset = spill.offset + spill.sizes[..<partition].reduce(0) { $0 + Int($1) }
                try read(size, at: offset, into: &chunk)
                try chunk.withUnsafeBytes { raw in
                    var position = 0
                    while position < raw.count {
                        // What the disk gives back may be damaged, and must not be read beyond its end.
                        guard DigestRecord.isWhole(raw, at: position) else { throw space.failure("read", code: EIO) }
                        let record = DigestRecord(raw, at: position)
                        try part.insert(record)
                        position += record.size
                    }
                }
            }
            try part.finish(partCapacity: partCapacity, emit)
            matches += part.matches
            repeats += part.repeats
        }
        spills = []
        file = nil
    }

    private func partSize(_ partition: Int) -> Int {
        spills.reduce(0) { $0 + Int($1.sizes[partition]) }
    }

    private borrowing func read(_ size: Int, at offset: Int, into chunk: inout [UInt8]) throws(TemporarySpace.Failure) {
        if chunk.count > size {
            chunk.removeLast(chunk.count - size)
        } else {
            chunk.append(contentsOf: repeatElement(0, count: size - chunk.count))
        }
        let result = chunk.withUnsafeMutableBytes { raw in
            Result { () throws(TemporarySpace.Failure) in try file?.read(into: raw, at: offset) }
        }
        try result.get()
    }
}

/// Safe to send: nobody else has its memory, and it cannot be copied.
extension DigestTable: @unchecked Sendable {}
