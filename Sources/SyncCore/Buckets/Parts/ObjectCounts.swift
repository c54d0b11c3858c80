package import AWSCore

/// What became of the objects of a part of a bucket's copy, or of all parts.
///
/// `listed` is counted where the source is listed, the others where objects are done with.
package struct ObjectCounts: Sendable, Equatable {
    /// Objects of the source.
    package var listed = 0
    package var bytes = 0
    /// Objects of the target.
    package var there = 0
    package var copied = 0
    package var copiedBytes = 0
    /// Objects that the target had already.
    package var equal = 0
    /// Objects of the source that the filters leave out.
    package var excluded = 0
    /// Objects that only the target has, and that no filter leaves out.
    package var extra = 0
    /// Gone from the source between listing and copy.
    package var vanished = 0
    /// What stands for the very folder that is copied.
    package var markers = 0
    /// In an archive class and not restored.
    package var archived = 0
    /// Merge: copied, and deleted again since the source had lost it meanwhile.
    package var takenBack = 0
    package var failed = 0
    /// How often somebody else had written between listing and copy.
    package var conflicts = 0
    /// How often S3 asked to slow down.
    package var slowDowns = 0

    package init() {}

    /// - Parameters:
    ///   - listed: as far as everything that was found is done with, or is told of in `pending`.
    ///   - report: what became of it.
    init(_ listed: ListedCounts, _ report: BucketSyncReport) {
        self.listed = listed.sourceObjects
        bytes = listed.sourceBytes
        there = listed.targetObjects
        copied = report.transferredObjects
        copiedBytes = report.transferredBytes
        equal = listed.unchanged + report.foundEqual
        excluded = listed.excluded - listed.excludedExtra
        extra = listed.extra
        vanished = report.vanished
        markers = report.folderMarkers
        archived = report.archived
        takenBack = report.takenBack
        failed = report.failed
        conflicts = report.conflicts
        slowDowns = report.slowDowns
    }

    /// The same for objects that an invocation has left behind, which were listed and counted before: only what is to be
    /// told of them.
    var ofLeftovers: ObjectCounts {
        var counts = ObjectCounts()
        (counts.takenBack, counts.archived, counts.failed, counts.conflicts) = (takenBack, archived, failed, conflicts)
        counts.listed = counts.settled
        return counts
    }

    /// Objects of the source of which is known what became of them.
    var settled: Int { copied + equal + excluded + vanished + markers + archived + takenBack + failed }

    /// The ledger as a sum: `listed 10 = copied 9 + failed 1`.
    package var equation: String {
        let parts = [
            ("copied", copied), ("equal", equal), ("left out", excluded), ("gone", vanished),
            ("folder markers", markers),
            ("archived", archived), ("taken back", takenBack), ("failed", failed),
        ]
        let shown = parts.filter { $0.1 > 0 || $0.0 == "copied" }.map { "\($0.0) \($0.1)" }
        return "listed \(listed) = \(shown.joined(separator: " + "))"
    }

    package static func += (left: inout ObjectCounts, right: ObjectCounts) {
        for member in members { left[keyPath: member.path] += right[keyPath: member.path] }
    }

    /// Every counter with its name in events and results: short, since a thousand results share 256 KB.
    static var members: [(name: String, path: WritableKeyPath<ObjectCounts, Int>)] {
        [
            ("listed", \.listed), ("bytes", \.bytes), ("there", \.there), ("copied", \.copied),
            ("copiedBytes", \.copiedBytes), ("equal", \.equal), ("excluded", \.excluded), ("extra", \.extra),
            ("vanished", \.vanished), ("markers", \.markers), ("archived", \.archived), ("takenBack", \.takenBack),
            ("failed", \.failed), ("conflicts", \.conflicts), ("slowDowns", \.slowDowns),
        ]
    }
}

/// What a part of a bucket's copy has come to.
package struct BucketPartResult: CopyPartResult {
    package var segment: Int
    package var counts = ObjectCounts()

    package init(segment: Int) {
        self.segment = segment
    }

    package init(json: JSONValue) throws(CopyPartError) {
        guard let segment = json["segment"]?.integer, let counts = json["counts"]?.object else {
            throw CopyPartError("a result has no segment and counts")
        }
        self.segment = segment
        for (name, path) in ObjectCounts.members { self.counts[keyPath: path] = counts[name]?.integer ?? 0 }
    }

    package var json: JSONValue {
        var members: JSONObject = [:]
        for (name, path) in ObjectCounts.members where counts[keyPath: path] != 0 {
            members[name] = .number(JSONNumber(counts[keyPath: path]))
        }
        return ["segment": .number(JSONNumber(segment)), "counts": .object(members)]
    }

    package var isBalanced: Bool { counts.listed == counts.settled }
    package var equation: String { counts.equation }

    package static func += (left: inout BucketPartResult, right: BucketPartResult) {
        left.counts += right.counts
    }
}
