internal import AWSCore

/// The keys of a page of the source that a merge is about to write: the next invocation's work.
///
/// Whoever puts an item has to look at the source once more afterwards (H16), and an invocation that is killed between the
/// two never does. The source will not say later what that was about: an item that was removed there is on no page any
/// more. So one invocation notes the keys and writes nothing, and its answer, which Step Functions keeps, is the event of
/// the next, which writes these items and no others. However often that one is killed and made again, it knows of every
/// key that may have been written.
struct NotedPage: Sendable, Equatable {
    /// The key after which the page begins; `nil` at the segment's beginning.
    var start: [UInt8]?
    /// Items that were read for it, the unwanted ones included.
    var scannedCount: Int
    /// The JSON texts of the keys, as ``text(ofKey:)`` gives them.
    var keys: [[UInt8]]

    /// Bytes of keys that one part carries at most: an event of Step Functions has 256 KB at most.
    static let maximumKeyBytes = 150_000
    static let maximumPages = 16

    init(start: [UInt8]?, scannedCount: Int, keys: [[UInt8]]) {
        self.start = start
        self.scannedCount = scannedCount
        self.keys = keys
    }

    /// - Throws: ``CopyPartError``.
    init(json: JSONValue) throws(CopyPartError) {
        guard let count = json["count"]?.integer, let keys = json["keys"]?.array, keys.allSatisfy({ $0.object != nil })
        else { throw CopyPartError("\"noted\" has a page without count and keys") }
        start = json["start"].flatMap { $0.isNull ? nil : $0.serialized() }
        scannedCount = count
        self.keys = keys.map { $0.serialized() }
    }

    var json: JSONValue {
        [
            "start": start.flatMap { try? JSONValue(parsing: $0) } ?? .null,
            "count": .number(JSONNumber(scannedCount)),
            "keys": .array(keys.compactMap { try? JSONValue(parsing: $0) }),
        ]
    }

    var keyBytes: Int { keys.reduce(0) { $0 + $1.count + 1 } }

    /// A key's text as it is when it comes back from an event.
    ///
    /// Characters may be escaped in several ways. A key that is not known again is merely looked up alone.
    static func text(ofKey key: [UInt8]) -> [UInt8] {
        guard key.contains(UInt8(ascii: "\\")), let json = try? JSONValue(parsing: key) else { return key }
        return json.serialized()
    }
}
