import AWSCore

/// Keys between two others, as bytes in the order in which S3 lists them, without a side's prefix.
package struct KeyRange: Sendable, Equatable {
    /// The range begins behind this key; `nil` for the first of all.
    package var after: [UInt8]?
    /// The last key that may be in the range; `nil` for no end.
    package var upTo: [UInt8]?

    package init(after: [UInt8]?, upTo: [UInt8]?) {
        self.after = after
        self.upTo = upTo
    }

    /// Ranges in which together every key lies exactly once.
    ///
    /// - Parameter cuts: in order, each once.
    package static func ranges(cutAt cuts: [[UInt8]]) -> [KeyRange] {
        zip([nil] + cuts.map { Optional($0) }, cuts.map { Optional($0) } + [nil]).map {
            KeyRange(after: $0, upTo: $1)
        }
    }

    /// Whether every key lies in exactly one of the ranges, which are in order.
    package static func coverEverything(_ ranges: [KeyRange]) -> Bool {
        guard ranges.first?.after == nil, let last = ranges.last, last.upTo == nil else { return false }
        return zip(ranges, ranges.dropFirst()).allSatisfy { $0.upTo != nil && $0.upTo == $1.after }
            && ranges.allSatisfy(\.isInOrder)
    }

    /// Whether it ends behind its beginning.
    private var isInOrder: Bool {
        guard let after, let upTo else { return true }
        return after.lexicographicallyPrecedes(upTo)
    }

    /// Without members for what is `nil`.
    var json: JSONObject {
        var json: JSONObject = [:]
        json["after"] = after.map { .string(String(decoding: $0, as: UTF8.self)) }
        json["upTo"] = upTo.map { .string(String(decoding: $0, as: UTF8.self)) }
        return json
    }

    /// - Throws: ``CopyPartError`` for what no ``json`` is.
    init(json: JSONValue) throws(CopyPartError) {
        after = try Self.key(json, "after")
        upTo = try Self.key(json, "upTo")
        guard isInOrder else { throw CopyPartError("\"segment.upTo\" is not behind \"segment.after\"") }
    }

    /// A member that was lost would make the range another one.
    private static func key(_ json: JSONValue, _ name: String) throws(CopyPartError) -> [UInt8]? {
        guard let value = json[name] else { return nil }
        guard let key = value.string, !key.isEmpty else { throw CopyPartError("\"segment.\(name)\" is no key") }
        return Array(key.utf8)
    }
}
