internal import AWSCore
import BackupCore

package import struct FoundationEssentials.Date

/// How a copy of everything that was there (`sync table`, `sync bucket`) went, for `sync status`.
///
/// A JSON object; members are added, never renamed.
package struct HistoryRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Under way when this was written; whether it still is, only its process knows.
        case running
        /// Everything was read, and is at the target but for what has failed.
        case finished
    }

    package var pair: SyncPair
    package var state: State
    /// `replace` or `merge`.
    package var mode: String
    /// `--where`, or patterns for keys; `nil` for a copy of everything.
    package var filter: String?
    package var startDate: Date
    /// When this was written; the end of a copy that is finished.
    package var date: Date
    /// Items or objects that are dealt with.
    package var done: Int
    /// Of how many, as far as that was known.
    package var total: Int?
    /// What DynamoDB refused, or what could not be transferred.
    package var failed: Int

    static let format = "sync history"

    package init(
        _ pair: SyncPair,
        state: State,
        mode: String,
        filter: String?,
        startDate: Date,
        date: Date,
        done: Int,
        total: Int?,
        failed: Int
    ) {
        self.pair = pair
        self.state = state
        self.mode = mode
        self.filter = filter
        self.startDate = startDate
        self.date = date
        self.done = done
        self.total = total
        self.failed = failed
    }

    var json: JSONValue {
        [
            "format": .string(Self.format), "version": 1, "kind": .string(pair.kind.rawValue),
            "source": .string(pair.source), "target": .string(pair.target), "state": .string(state.rawValue),
            "mode": .string(mode), "where": filter.map { .string($0) } ?? .null,
            "startedAt": .string(startDate.iso8601), "updatedAt": .string(date.iso8601),
            "done": .number(JSONNumber(done)), "total": total.map { .number(JSONNumber($0)) } ?? .null,
            "failed": .number(JSONNumber(failed)),
        ]
    }

    /// - Returns: `nil` for anything that is not a record of this pair.
    init?(json: JSONValue, pair: SyncPair) {
        guard json["format"]?.string == Self.format, json["version"]?.integer == 1,
            json["source"]?.string == pair.source, json["target"]?.string == pair.target,
            let state = json["state"]?.string.flatMap({ State(rawValue: $0) }),
            let startDate = json["startedAt"]?.string.flatMap({ Date(iso8601: $0) }),
            let date = json["updatedAt"]?.string.flatMap({ Date(iso8601: $0) }), let done = json["done"]?.integer
        else { return nil }
        self.init(
            pair,
            state: state,
            mode: json["mode"]?.string ?? "",
            filter: json["where"]?.string,
            startDate: startDate,
            date: date,
            done: done,
            total: json["total"]?.integer,
            failed: json["failed"]?.integer ?? 0
        )
    }
}
