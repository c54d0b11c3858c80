/// What a comparison of two tables has shown.
package struct TableVerificationResult: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        /// Every item of both sides was read, and found equal.
        case equal = "EQUAL"
        case different = "DIFFERENT"
        /// No difference, but items that changed all the time and were never seen equal.
        case undecided = "UNDECIDED"
        /// No difference in what was looked at, which is not everything.
        case equalInSample = "EQUAL_IN_SAMPLE"
    }

    /// One side as it was read.
    package struct Side: Sendable, Equatable {
        /// Items that were compared.
        package var items = 0
        /// Items that `--where` leaves out.
        package var filtered = 0
        /// Bytes of the items read, as JSON.
        package var bytes = 0
        package var readUnits = 0.0
        /// Calls that were throttled.
        package var throttled = 0

        package init() {}

        static func += (left: inout Side, right: Side) {
            left.items += right.items
            left.filtered += right.filtered
            left.bytes += right.bytes
        }
    }

    /// What of the tables was looked at, when not everything was.
    package struct Sample: Sendable, Equatable {
        /// Segments that were read, of how many.
        package var segments: Int
        package var totalSegments: Int
    }

    package var source = Side()
    package var target = Side()
    /// Items that were found equal at once.
    package var equal = 0
    /// Items that did not look equal, and were when they were read again.
    package var settled = 0
    /// How many items differ in which way.
    package var differences: [TableDifference.Kind: Int] = [:]
    /// How many of them ended in which way, when they were to be repaired.
    package var repairs: [TableDifference.Repair: Int] = [:]
    /// Differences that are not mended.
    package var unmended = 0
    /// `nil` when everything was read.
    package var sample: Sample?
    /// Bytes that went to temporary files.
    package var temporaryBytes = 0

    package init() {}

    package var changing: Int { differences[.changing] ?? 0 }

    package var verdict: Verdict {
        if unmended > changing { return .different }
        if changing > 0 { return .undecided }
        return sample == nil ? .equal : .equalInSample
    }

    mutating func count(_ difference: TableDifference) {
        differences[difference.kind, default: 0] += 1
        if let repair = difference.repair { repairs[repair, default: 0] += 1 }
        if !difference.isMended { unmended += 1 }
    }
}
