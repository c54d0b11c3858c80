package import AWSCore

import struct FoundationEssentials.Date
import typealias FoundationEssentials.TimeInterval

/// A part of a bucket's copy: a range of keys, from where the last invocation has stopped.
///
/// An invocation gets a part as JSON, copies as many of its objects as its time allows, and answers with the part as it
/// is then. So the same answer is the next invocation's event, and an invocation that was killed is simply made again
/// from its event: what it had copied is found equal.
package struct BucketCopyPart: Sendable, Equatable {
    /// An object that was listed, and that the next invocation has to copy.
    struct Unfinished: Sendable, Equatable {
        /// Without the sides' prefixes.
        var key: String
        /// What the target had when it was listed; `nil` for nothing.
        var targetETag: String?
        /// Whether its copy was begun and could not be ended in time.
        var wasBegun: Bool

        /// Bytes that all of a part have at most as JSON: an event of Step Functions has 256 KB at most.
        static let maximumBytes = 150_000
    }

    package let settings: BucketCopySettings
    package let range: KeyRange
    package internal(set) var result: BucketPartResult
    /// The last key with which the last invocation was done, but for what is ``unfinished``; `nil` before the first one.
    var key: [UInt8]?
    var unfinished: [Unfinished] = []
    /// Whether all of the range was listed.
    var isListed = false
    /// Merge: the notes of which ``unfinished`` is all that is left (``MergeNotes``); otherwise it was listed here.
    var notes: [String] = []
    /// What was written at the target later than this is of nobody whose ``notes`` these are.
    var notesUntil: Date?
    /// Merge: when the execution began, for its first part.
    var began: Date?
    package internal(set) var isDone = false
    /// Those that the part has taken.
    var invocations = 0

    init(_ settings: BucketCopySettings, range: KeyRange, number: Int) {
        self.settings = settings
        self.range = range
        result = BucketPartResult(segment: number)
    }

    /// - Throws: ``CopyPartError``.
    init(json: JSONValue) throws(CopyPartError) {
        guard try CopyKind(copy: json["copy"]) == .bucket, let copy = json["copy"] else {
            throw CopyPartError("\"copy\" is no bucket's")
        }
        guard let segment = json["segment"], let number = segment["number"]?.integer,
            (0..<CopyKind.maximumParts).contains(number)
        else { throw CopyPartError("\"segment.number\" is no number below \(CopyKind.maximumParts)") }
        self.init(try BucketCopySettings(json: copy), range: try KeyRange(json: segment), number: number)
        guard let result = json["result"] else { return }
        self.result = try BucketPartResult(json: result)
        guard self.result.segment == number else { throw CopyPartError("\"result\" is of another part") }
        isDone = json["done"]?.bool ?? false
        invocations = json["invocations"]?.integer ?? 0
        key = json["key"]?.string.map { Array($0.utf8) }
        for json in json["unfinished"]?.array ?? [] { unfinished.append(try Unfinished(json: json)) }
        isListed = json["listed"]?.bool ?? false
        notes = (json["notes"]?.array ?? []).compactMap(\.string)
        notesUntil = json["notesUntil"]?.integer.map { Date(timeIntervalSince1970: TimeInterval($0)) }
        began = json["began"]?.integer.map { Date(timeIntervalSince1970: TimeInterval($0)) }
        guard notes.isEmpty || notesUntil != nil else { throw CopyPartError("\"notesUntil\" is no time") }
        // Taken for the beginning, the part would be counted twice.
        guard isDone || isListed || key != nil else {
            throw CopyPartError("\"key\" does not say where the part goes on")
        }
        if let key, let after = range.after, !after.lexicographicallyPrecedes(key) {
            throw CopyPartError("\"key\" is not in the part")
        }
        if let key, let upTo = range.upTo, upTo.lexicographicallyPrecedes(key) {
            throw CopyPartError("\"key\" is not in the part")
        }
        guard !isDone || unfinished.isEmpty else { throw CopyPartError("a part that is done has unfinished objects") }
        guard self.result.counts.listed == self.result.counts.settled + (notes.isEmpty ? unfinished.count : 0) else {
            throw CopyPartError(
                "\"result\" does not balance: \(self.result.equation) and \(unfinished.count) unfinished"
            )
        }
    }

    package var json: JSONValue {
        var segment = range.json
        segment["number"] = .number(JSONNumber(result.segment))
        var json: JSONObject = [
            "copy": .object(settings.json),
            "segment": .object(segment),
            "key": key.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
            "unfinished": .array(unfinished.map(\.json)),
            "done": .bool(isDone),
            "invocations": .number(JSONNumber(invocations)),
            "result": result.json,
        ]
        if isListed { json["listed"] = true }
        if !notes.isEmpty { json["notes"] = .array(notes.map { .string($0) }) }
        json["notesUntil"] = notesUntil.map { .number(JSONNumber(Int($0.timeIntervalSince1970.rounded(.up)))) }
        json["began"] = began.map { .number(JSONNumber(Int($0.timeIntervalSince1970))) }
        return .object(json)
    }
}

extension BucketCopyPart.Unfinished {
    init(_ task: TransferTask, wasBegun: Bool) {
        self.init(key: task.key, targetETag: task.target?.etag, wasBegun: wasBegun)
    }

    init(json: JSONValue) throws(CopyPartError) {
        guard let key = json["key"]?.string else { throw CopyPartError("\"unfinished\" has something without a key") }
        self.init(key: key, targetETag: json["targetETag"]?.string, wasBegun: json["begun"]?.bool ?? false)
    }

    var json: JSONValue {
        var json: JSONObject = ["key": .string(key)]
        json["targetETag"] = targetETag.map { .string($0) }
        if wasBegun { json["begun"] = true }
        return .object(json)
    }

    /// Bytes as JSON, with what stands between two.
    var size: Int { json.serialized().count + 1 }

    /// Both sides are read before anything is done with it.
    ///
    /// - Parameter time: until when the target may have been written by whoever has left it; `nil` where it was listed for
    ///   this very part.
    func task(until time: Date?) -> TransferTask {
        var task = TransferTask(key: key, source: ObjectState(size: 0))
        task.target = targetETag.map { ObjectState(size: 0, etag: $0) }
        task.isResumed = true
        task.wasBegun = wasBegun
        task.mayBeOursUntil = time
        return task
    }
}
