import AWSCore

import struct FoundationEssentials.Date
import typealias FoundationEssentials.TimeInterval

/// What the invocations of a merge's part are writing, in S3, so that all of it is settled in the end, whatever becomes of
/// the invocation, of its execution, and of those who retry and redrive them.
///
/// The event of an invocation names what it writes, and Step Functions hands it to the next attempt. That does not suffice:
/// an execution that has failed or was stopped is started anew by its user, and its events are history; what one failed in
/// is in no event; and S3 may be busy with a copy for a while whose caller is gone, or an invocation whose answer got lost
/// may still be at work, while the next attempt looks at the object and finds nothing to do. So an invocation notes what it
/// writes before it writes: one PUT of at most ``BucketCopyPart/Unfinished/maximumBytes``. It takes the note away only when
/// all of it is settled. What else is left is settled by the part before it is done, not before nobody can write it any
/// more; and what whole executions have left, by the first part of the next execution of the same pair.
///
/// An object's name alone tells what is to be done about it: `<pair>/<execution>/<part>/<invocation>-<chance>` for what
/// is being written, with `-cut` behind it for what was cut off and will be begun anew, and `<pair>/<execution>/failed/…`
/// for what the execution does not try again.
struct MergeNotes: Sendable {
    /// The function's own bucket, where only it writes.
    private let store: BucketSide
    private let pair: String
    private let execution: String
    private let part: Int

    /// Below which all notes are, as `infrastructure/sync-functions.yaml` has it in the function's permissions.
    static let prefix = "merge-notes/"

    /// How long an invocation may write after it has noted what: Lambda ends it after 15 minutes at most.
    static let longestInvocation: TimeInterval = 900
    /// How long S3 may be busy with what a caller wants who is gone.
    ///
    /// AWS gives no limit; it says of CompleteMultipartUpload that it may take several minutes, and CopyObject is used for
    /// less than 5 GB only.
    static let longestCall: TimeInterval = 300

    private static let failed = "failed"
    private static let cutOff = "-cut"
    /// Names that one event has at most.
    private static let maximumNotes = 100

    /// - Parameters:
    ///   - store: a bucket of the function's, without a prefix.
    ///   - part: the number of the part.
    init(_ store: BucketSide, _ settings: BucketCopySettings, part: Int) {
        self.store = store
        pair = Hexadecimal.string(MD5.digest(Array("\(settings.source.name)\n\(settings.target.name)".utf8)))
        execution = settings.id
        self.part = part
    }

    private var own: String { "\(Self.prefix)\(pair)/\(execution)/\(part)/" }
    private var all: String { "\(Self.prefix)\(pair)/" }

    // MARK: Whoever writes

    /// Notes what is about to be written.
    ///
    /// - Parameter chance: tells it from another attempt, which may still be at work.
    /// - Returns: the note's name.
    func begin(_ objects: [BucketCopyPart.Unfinished], invocation: Int, chance: Double) async throws -> String {
        let name = "\(own)\(invocation)-\(String(UInt64(chance * 0x1p53), radix: 36))"
        try await put(name, objects)
        return name
    }

    /// Takes a note away, after it has noted what is not settled.
    ///
    /// - Parameters:
    ///   - cutOff: S3 may still be busy with it.
    ///   - failed: what this execution does not try again.
    func end(
        _ name: String,
        cutOff: [BucketCopyPart.Unfinished],
        failed: [BucketCopyPart.Unfinished]
    ) async throws {
        if !cutOff.isEmpty { try await put(name + Self.cutOff, cutOff) }
        if !failed.isEmpty {
            let rest = name.dropFirst(own.utf8.count)
            try await put("\(all)\(execution)/\(Self.failed)/\(part)-\(rest)", failed)
        }
        try await delete(name)
    }

    private func put(_ name: String, _ objects: [BucketCopyPart.Unfinished]) async throws {
        let json = JSONValue.object(["objects": .array(objects.map(\.json))])
        _ = try await store.s3.putObject(
            PutObjectRequest(bucket: store.bucket, key: name, body: .bytes(json.serialized()))
        )
    }

    func delete(_ name: String) async throws {
        _ = try await store.s3.deleteObject(bucket: store.bucket, key: name)
    }

    // MARK: Whoever settles

    /// What is to be settled next.
    enum Left: Sendable {
        case nothing
        /// Not before this time, since somebody may still be writing it.
        case later(Date)
        case objects(Notes)
    }

    /// What some notes say.
    struct Notes: Sendable {
        var names: [String] = []
        var objects: [BucketCopyPart.Unfinished] = []
        /// What was written at the target later is of nobody whose notes these are.
        var until = Date(timeIntervalSince1970: 0)
    }

    /// Reads what this part has left behind; the first one, also what executions have that were there before.
    ///
    /// - Parameter began: when the execution began, for its first part; notes of later ones are left to those.
    func left(at now: Date, since began: Date?) async throws -> Left {
        var notes = Notes()
        var room = BucketCopyPart.Unfinished.maximumBytes
        var first: Date?
        for try await page in store.s3.listObjectsV2(
            ListObjectsV2Request(bucket: store.bucket, prefix: began == nil ? own : all)
        ) {
            for object in page.objects {
                let name = object.key
                guard concerns(name, object.lastModified, began), let written = object.lastModified else { continue }
                let end = written.addingTimeInterval(
                    isOfOrderlyEnd(name) ? Self.longestCall : Self.longestInvocation + Self.longestCall
                )
                guard end <= now else {
                    first = min(first ?? end, end)
                    continue
                }
                // Who has written it may have taken it away by now.
                guard let objects = try await read(name) else { continue }
                room -= objects.reduce(0) { $0 + $1.size }
                guard notes.names.isEmpty || room >= 0 && notes.names.count < Self.maximumNotes else {
                    return .objects(notes)
                }
                notes.names.append(name)
                notes.objects += objects
                notes.until = max(notes.until, end)
            }
        }
        if !notes.names.isEmpty { return .objects(notes) }
        return first.map { .later($0) } ?? .nothing
    }

    private func concerns(_ name: String, _ written: Date?, _ began: Date?) -> Bool {
        if name.hasPrefix(own) { return true }
        guard let began, let written, !name.hasPrefix("\(all)\(execution)/") else { return false }
        // What was stopped when this one began may go on for as long as an invocation.
        return written <= began.addingTimeInterval(Self.longestInvocation)
    }

    private func isOfOrderlyEnd(_ name: String) -> Bool {
        name.hasSuffix(Self.cutOff) || name.split(separator: "/").dropLast().last == Self.failed[...]
    }

    private func read(_ name: String) async throws -> [BucketCopyPart.Unfinished]? {
        guard let object = try await store.s3.getObjectIfPresent(GetObjectRequest(bucket: store.bucket, key: name))
        else { return nil }
        guard let list = try? JSONValue(parsing: object.bytes)["objects"]?.array else { throw unreadable(name) }
        do {
            return try list.map { json throws(CopyPartError) in
                var object = try BucketCopyPart.Unfinished(json: json)
                // By another invocation.
                object.wasBegun = false
                return object
            }
        } catch {
            throw unreadable(name)
        }
    }

    private func unreadable(_ name: String) -> CopyPartError {
        CopyPartError(
            "s3://\(store.bucket)/\(name) is no note of what a merge was writing: compare the buckets with sync verify bucket"
                + " --metadata --tags --repair --delete, delete it, and start the merge anew"
        )
    }
}
