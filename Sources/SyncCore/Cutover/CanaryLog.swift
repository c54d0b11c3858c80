import AWSCore
import BackupCore
import Synchronization

/// Which canaries were sent and not yet taken away, on disk: a run that is killed must not leave them for ever.
///
/// The file is locked, so that there is one cut-over at a time for a configuration.
final class CanaryLog: Sendable {
    enum Entry: Sendable, Equatable {
        case item(source: TableARN, item: [UInt8], key: [UInt8])
        /// - Parameter key: without the place's prefix.
        case object(source: BucketPrefix, region: Region, key: String)
    }

    private let state: Mutex<State>

    private struct State: ~Copyable {
        var file: JournalFile
        var entries: [Entry]
    }

    /// - Throws: ``CheckpointError``, also when another cut-over is at work with the file.
    init(path: String) throws(CheckpointError) {
        let file = try JournalFile(path: path)
        let lines = try file.contents().split(separator: UInt8(ascii: "\n"))
        let entries = lines.compactMap { line in (try? JSONValue(parsing: Array(line))).flatMap { Entry(json: $0) } }
        state = Mutex(State(file: file, entries: entries))
    }

    func entries() throws(CheckpointError) -> [Entry] { state.withLock { $0.entries } }

    func note(_ entry: Entry) throws(CheckpointError) {
        try state.withLock { state throws(CheckpointError) in
            state.entries.append(entry)
            try state.file.replaceContents(Self.bytes(state.entries))
        }
    }

    func forget(_ entry: Entry) throws(CheckpointError) {
        try state.withLock { state throws(CheckpointError) in
            state.entries.removeAll { $0 == entry }
            try state.file.replaceContents(Self.bytes(state.entries))
        }
    }

    private static func bytes(_ entries: [Entry]) -> [UInt8] {
        entries.reduce(into: []) { $0 += $1.json.serialized() + [UInt8(ascii: "\n")] }
    }
}

extension CanaryLog.Entry {
    fileprivate var json: JSONValue {
        switch self {
        case .item(let source, let item, let key):
            [
                "source": .string(source.description), "item": .string(String(decoding: item, as: UTF8.self)),
                "key": .string(String(decoding: key, as: UTF8.self)),
            ]
        case .object(let source, let region, let key):
            [
                "bucket": .string(source.bucket), "prefix": .string(source.prefix), "region": .string(region.name),
                "object": .string(key),
            ]
        }
    }

    fileprivate init?(json: JSONValue) {
        if let source = json["source"]?.string.flatMap({ TableARN($0) }), let item = json["item"]?.string,
            let key = json["key"]?.string
        {
            self = .item(source: source, item: Array(item.utf8), key: Array(key.utf8))
        } else if let bucket = json["bucket"]?.string, let prefix = json["prefix"]?.string,
            let region = json["region"]?.string.flatMap({ Region($0) }), let key = json["object"]?.string
        {
            self = .object(source: BucketPrefix(bucket: bucket, prefix: prefix), region: region, key: key)
        } else {
            return nil
        }
    }
}
