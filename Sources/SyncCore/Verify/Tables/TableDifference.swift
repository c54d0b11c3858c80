/// An item that both sides do not have in the same form.
package struct TableDifference: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The source has it, the target does not.
        case missing = "MISSING"
        /// The target has it, the source does not: it was never there, or it was deleted.
        case extra = "EXTRA"
        /// Both have it, with other attributes.
        case different = "DIFFERENT"
        /// It was never the same on both sides when it was read, but it changed from one reading to the next.
        case changing = "CHANGING"
    }

    /// What was done about it.
    package enum Repair: String, Sendable, CaseIterable {
        /// The target has the source's item now; it was read again.
        case written = "WRITTEN"
        /// The target's item was deleted; it was read again.
        case deleted = "DELETED"
        /// Both sides had become equal by themselves.
        case unneeded = "UNNEEDED"
        /// An extra item that was not to be deleted.
        case left = "LEFT"
        /// DynamoDB refused it, or the item changed each time.
        case failed = "FAILED"
    }

    package var kind: Kind
    /// The JSON text of the key: `{"pk":{"S":"a"}}`.
    package var key: [UInt8]
    /// Names of the attributes that differ, sorted; empty unless both sides have the item.
    package var attributes: [String]
    /// `nil` when nothing was to be repaired.
    package var repair: Repair?
    /// Why a repair failed.
    package var reason: String?

    package init(
        kind: Kind,
        key: [UInt8],
        attributes: [String] = [],
        repair: Repair? = nil,
        reason: String? = nil
    ) {
        self.kind = kind
        self.key = key
        self.attributes = attributes
        self.repair = repair
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
