/// An object that both sides do not have in the same form, or of which that cannot be told.
package struct ObjectDifference: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The source has it, the target does not.
        case missing = "MISSING"
        /// The target has it, the source does not.
        case extra = "EXTRA"
        /// Both have it, with other contents or properties.
        case different = "DIFFERENT"
        /// It was never the same on both sides when it was looked at, but it changed from one look to the next.
        case changing = "CHANGING"
        /// Of the same size, and nothing else could be compared; no more than that is known.
        case unverified = "UNVERIFIED"
    }

    package var kind: Kind
    /// Without the sides' prefixes.
    package var key: String
    /// What differs: `size`, `content`, `headers`, `metadata`, `tags`.
    package var aspects: [String] = []
    /// `nil` when nothing was to be repaired.
    package var repair: TableDifference.Repair?
    /// Why it could not be verified or repaired.
    package var reason: String?

    package init(kind: Kind, key: String, aspects: [String] = [], reason: String? = nil) {
        self.kind = kind
        self.key = key
        self.aspects = aspects
        self.reason = reason
    }

    /// Whether both sides are known to be equal now.
    package var isMended: Bool {
        switch repair {
        case .written, .deleted, .unneeded: true
        case .left, .failed, nil: false
        }
    }
}

/// What a comparison of two buckets or folders has shown.
package struct BucketVerificationResult: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        /// Every object of both sides was compared, and found equal.
        case equal = "EQUAL"
        case different = "DIFFERENT"
        /// No difference, but objects that kept changing, or that could not be compared.
        case undecided = "UNDECIDED"
    }

    /// By what objects were found equal.
    package enum Basis: String, Sendable, CaseIterable {
        case etag
        case checksum
        case content
    }

    package var sourceObjects = 0
    package var targetObjects = 0
    package var sourceBytes = 0
    /// Objects that patterns left out, on either side.
    package var excluded = 0
    /// Zero-byte objects that stand for the folder that is compared, whose key would be empty on the other side.
    package var folderMarkers = 0
    package var equal: [Basis: Int] = [:]
    /// Were gone on both sides when they were looked at again.
    package var vanished = 0
    package var differences: [ObjectDifference.Kind: Int] = [:]
    package var repairs: [TableDifference.Repair: Int] = [:]
    /// Missing, extra and different objects that are not mended.
    package var unmended = 0

    package init() {}

    package func count(of kind: ObjectDifference.Kind) -> Int { differences[kind] ?? 0 }

    package var verdict: Verdict {
        if unmended > 0 { return .different }
        return count(of: .changing) + count(of: .unverified) > 0 ? .undecided : .equal
    }

    mutating func count(_ difference: ObjectDifference) {
        differences[difference.kind, default: 0] += 1
        if let repair = difference.repair { repairs[repair, default: 0] += 1 }
        switch difference.kind {
        case .missing, .extra, .different: if !difference.isMended { unmended += 1 }
        case .changing, .unverified: break
        }
    }
}
