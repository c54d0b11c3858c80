package import AWSCore

/// What all parts of a copy have in common that is done part by part, each by an invocation of the function, told by the
/// state machine of `infrastructure/sync-copy-state-machine.json`.
package protocol CopyPlan: Sendable, Equatable {
    associatedtype Result: CopyPartResult

    static var kind: CopyKind { get }
    /// How many parts there are, which are numbered from 0.
    var partCount: Int { get }
    /// What an execution of the state machine starts with: `copy`, which every part gets, and `segments`, of which each
    /// part gets one.
    var executionInput: JSONValue { get }

    /// - Throws: ``CopyPartError`` for what no ``executionInput`` is.
    init(executionInput: JSONValue) throws(CopyPartError)
}

/// What is copied.
package enum CopyKind: String, Sendable {
    case table
    case bucket

    /// Parts at most: the results of all must fit into one answer of Step Functions, 256 KB.
    package static let maximumParts = 1_000

    /// Invocations that one part may take.
    ///
    /// An execution of Step Functions ends at 25,000 events (Step Functions Developer Guide, "Service quotas"), and cannot
    /// be gone on with then. An invocation makes 7 of them in the execution of its part, and one that fails 3 more.
    package static let maximumInvocations = 3_000

    /// - Parameter copy: what all parts of a copy get; without a kind it is a table's.
    /// - Throws: ``CopyPartError`` for kinds that nobody knows.
    init(copy: JSONValue?) throws(CopyPartError) {
        guard let copy else { throw CopyPartError("the event has no member \"copy\"") }
        guard let name = copy["kind"] else {
            self = .table
            return
        }
        guard let kind = name.string.flatMap({ CopyKind(rawValue: $0) }) else {
            throw CopyPartError("\"copy.kind\" is neither table nor bucket")
        }
        self = kind
    }

    /// - Parameters:
    ///   - count: how many parts there are; `nil` when that is not known, as to a part of a bucket.
    ///   - invocations: how many a part has taken by now.
    /// - Throws: ``CopyPartError`` when it must not take another one.
    func requireRoom(for part: Int, of count: Int?, after invocations: Int) throws(CopyPartError) {
        guard invocations >= Self.maximumInvocations else { return }
        let (option, otherwise) =
            switch self {
            case .table: ("--segments", "copy from a machine, without --engine step-functions")
            case .bucket:
                ("--parts", "copy one prefix after the other, or from a machine, without --engine step-functions")
            }
        let advice =
            count == Self.maximumParts
            ? "with all \(Self.maximumParts) \(option) that there can be, it is too large for that: \(otherwise)"
            : "start the copy anew with more \(option), \(Self.maximumParts) at most; should those not do, \(otherwise)"
        throw CopyPartError(
            "\(partName) \(part) has taken \(invocations) invocations and is not done, and Step Functions ends an execution"
                + " at 25,000 events: \(advice); what was copied by now is found there"
        )
    }

    /// What its parts are called.
    var partName: String {
        switch self {
        case .table: "segment"
        case .bucket: "part"
        }
    }
}

/// What a part has come to, for the ledger.
package protocol CopyPartResult: Sendable, Equatable {
    /// The part's number.
    var segment: Int { get }
    /// Whether everything that was read is accounted for.
    var isBalanced: Bool { get }
    /// The ledger as a sum.
    var equation: String { get }

    init(segment: Int)
    /// - Throws: ``CopyPartError``.
    init(json: JSONValue) throws(CopyPartError)
    var json: JSONValue { get }

    static func += (left: inout Self, right: Self)
}

/// An event or a result that is not one of a part of a copy.
package struct CopyPartError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// One invocation's work.
package enum CopyPart: Sendable {
    case table(TableCopyPart)
    case bucket(BucketCopyPart)

    /// - Throws: ``CopyPartError``.
    package init(parsing event: [UInt8]) throws(CopyPartError) {
        guard let json = try? JSONValue(parsing: event), json.object != nil else {
            throw CopyPartError("the event is no JSON object")
        }
        switch try CopyKind(copy: json["copy"]) {
        case .table: self = .table(try TableCopyPart(json: json))
        case .bucket: self = .bucket(try BucketCopyPart(json: json))
        }
    }
}
