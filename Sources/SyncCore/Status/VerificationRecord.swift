package import AWSCore
import BackupCore

package import struct FoundationEssentials.Date

/// What `sync verify` found, for `sync status`, `sync replay` and `sync cutover`.
///
/// A JSON object; members are added, never renamed.
package struct VerificationRecord: Sendable, Equatable {
    package var pair: SyncPair
    /// `EQUAL`, `DIFFERENT`, `UNDECIDED` or `EQUAL_IN_SAMPLE`.
    package var verdict: String
    /// `--where`, or patterns for keys; `nil` when everything was compared.
    package var filter: String?
    package var startDate: Date
    package var endDate: Date
    package var equal: Int
    package var missing: Int
    package var extra: Int
    package var different: Int
    /// Neither equal nor different: items that kept changing, objects that could not be compared.
    package var undecided: Int

    static let format = "sync verification"

    package init(
        _ pair: SyncPair,
        verdict: String,
        filter: String?,
        startDate: Date,
        endDate: Date,
        equal: Int,
        missing: Int,
        extra: Int,
        different: Int,
        undecided: Int
    ) {
        self.pair = pair
        self.verdict = verdict
        self.filter = filter
        self.startDate = startDate
        self.endDate = endDate
        self.equal = equal
        self.missing = missing
        self.extra = extra
        self.different = different
        self.undecided = undecided
    }

    package init(
        _ pair: SyncPair,
        _ result: TableVerificationResult,
        filter: String?,
        startDate: Date,
        endDate: Date
    ) {
        self.init(
            pair,
            verdict: result.verdict.rawValue,
            filter: filter,
            startDate: startDate,
            endDate: endDate,
            equal: result.equal + result.settled,
            missing: result.differences[.missing] ?? 0,
            extra: result.differences[.extra] ?? 0,
            different: result.differences[.different] ?? 0,
            undecided: result.changing
        )
    }

    package init(
        _ pair: SyncPair,
        _ result: BucketVerificationResult,
        filter: String?,
        startDate: Date,
        endDate: Date
    ) {
        self.init(
            pair,
            verdict: result.verdict.rawValue,
            filter: filter,
            startDate: startDate,
            endDate: endDate,
            equal: result.equal.values.reduce(0, +),
            missing: result.count(of: .missing),
            extra: result.count(of: .extra),
            different: result.count(of: .different),
            undecided: result.count(of: .changing) + result.count(of: .unverified)
        )
    }

    /// Whether both sides were found equal, all of them or what a mapping's `where` leaves of them.
    package func proves(_ filter: String?) -> Bool {
        verdict == TableVerificationResult.Verdict.equal.rawValue && (self.filter == filter || self.filter == nil)
    }

    package var json: JSONValue {
        func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
        return [
            "format": .string(Self.format), "version": 1, "kind": .string(pair.kind.rawValue),
            "source": .string(pair.source), "target": .string(pair.target), "verdict": .string(verdict),
            "where": filter.map { .string($0) } ?? .null, "startedAt": .string(startDate.iso8601),
            "endedAt": .string(endDate.iso8601), "equal": number(equal), "missing": number(missing),
            "extra": number(extra), "different": number(different), "undecided": number(undecided),
        ]
    }

    /// - Returns: `nil` for anything that is not a record of this pair.
    init?(json: JSONValue, pair: SyncPair) {
        guard json["format"]?.string == Self.format, json["version"]?.integer == 1,
            json["source"]?.string == pair.source, json["target"]?.string == pair.target,
            let verdict = json["verdict"]?.string,
            let startDate = json["startedAt"]?.string.flatMap({ Date(iso8601: $0) }),
            let endDate = json["endedAt"]?.string.flatMap({ Date(iso8601: $0) })
        else { return nil }
        func count(_ name: String) -> Int { json[name]?.integer ?? 0 }
        self.init(
            pair,
            verdict: verdict,
            filter: json["where"]?.string,
            startDate: startDate,
            endDate: endDate,
            equal: count("equal"),
            missing: count("missing"),
            extra: count("extra"),
            different: count("different"),
            undecided: count("undecided")
        )
    }
}
