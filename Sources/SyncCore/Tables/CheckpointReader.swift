internal import AWSCore

/// What a checkpoint's lines say.
struct CheckpointReader {
    /// `nil` for a file that holds nothing yet.
    private(set) var identity: CopyIdentity?
    private(set) var positions: [CopyCheckpoint.Position] = []
    /// Those whose page is not finished.
    private(set) var intents: [CopyCheckpoint.Intent] = []
    /// How much of the file of failures is of finished pages.
    private(set) var failuresEnd = 0

    /// - Throws: ``CheckpointError/notACheckpoint(path:)`` for a file that begins with something else.
    init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
        guard !bytes.isEmpty else { return }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        // What does not end with a newline has broken off; so has what follows a line that cannot be read.
        let tail = lines.popLast() ?? []
        guard let first = lines.popFirst() else {
            // Not even the first line was written, or it is somebody else's file.
            let beginning = Array(CopyCheckpoint.header.utf8)
            guard tail.prefix(beginning.count).elementsEqual(beginning.prefix(tail.count)) else {
                throw .notACheckpoint(path: path)
            }
            return
        }
        guard let header = try? JSONValue(parsing: Array(first)), header["format"]?.string == CopyCheckpoint.format,
            header["version"]?.integer == 1, let segments = header["segments"]?.integer, segments > 0,
            let identity = header["copy"].flatMap({ CopyIdentity(json: $0) })
        else { throw .notACheckpoint(path: path) }
        self.identity = identity
        failuresEnd = header["failuresEnd"]?.integer ?? 0
        positions = Array(repeating: CopyCheckpoint.Position(), count: segments)
        for line in lines {
            guard let value = try? JSONValue(parsing: Array(line)), take(value) else { break }
        }
        intents.removeAll { $0.page < positions[$0.segment].counts.pages }
    }

    private mutating func take(_ line: JSONValue) -> Bool {
        guard let segment = line["segment"]?.integer, positions.indices.contains(segment) else { return false }
        if let keys = line["keys"]?.array, let page = line["page"]?.integer {
            intents.append(CopyCheckpoint.Intent(segment: segment, page: page, keys: keys.map { $0.serialized() }))
            return true
        }
        var counts = CopyCounts()
        for (name, path) in CopyCounts.members { counts[keyPath: path] = line[name]?.integer ?? 0 }
        guard let key = line["key"], counts.pages > 0 || key.isNull else { return false }
        failuresEnd = max(failuresEnd, line["failuresEnd"]?.integer ?? 0)
        positions[segment] = CopyCheckpoint.Position(
            key: key.isNull ? nil : key.serialized(),
            isDone: key.isNull,
            counts: counts
        )
        return true
    }
}
