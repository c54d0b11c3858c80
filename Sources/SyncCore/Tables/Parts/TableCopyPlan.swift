package import AWSCore

/// A copy of a table that is done part by part; a part is a segment.
package struct TableCopyPlan: CopyPlan {
    package typealias Result = TablePartResult

    package var identity: CopyIdentity
    /// Into how many segments the source is divided; one part each.
    package var segments: Int
    /// The role that the function assumes for a side; `nil` for its own.
    package var sourceRole: String?
    package var targetRole: String?
    /// The source's attribute for time to live, where expired items are left out.
    package var expiryAttribute: String?
    package var consistentRead: Bool

    /// Writes that one part has in flight at most.
    static let writesInFlight = 16

    /// Into how many segments a table has to be divided so that none takes more invocations than it may
    /// (``CopyKind/maximumInvocations``).
    ///
    /// Only a merge's are that small: each writes no more than the keys and pages that the one before could note.
    ///
    /// - Parameters: what DescribeTable tells of the table, hours old.
    package static func minimumSegments(_ mode: TableCopy.Mode, items: Int?, bytes: Int?) -> Int {
        guard mode == .merge else { return 1 }
        let byItems = (items ?? 0) / (CopyKind.maximumInvocations * notedItems)
        let byBytes = (bytes ?? 0) / (CopyKind.maximumInvocations * notedBytes)
        return min(CopyKind.maximumParts, 1 + max(byItems, byBytes))
    }

    /// Items that an invocation of a merge writes at least, with keys of 200 bytes; most have shorter ones.
    private static let notedItems = NotedPage.maximumKeyBytes / 200
    /// Bytes of items that it writes at least: half of what its pages could hold.
    private static let notedBytes = NotedPage.maximumPages << 19

    package init(
        identity: CopyIdentity,
        segments: Int,
        sourceRole: String?,
        targetRole: String?,
        expiryAttribute: String?,
        consistentRead: Bool
    ) {
        self.identity = identity
        self.segments = segments
        self.sourceRole = sourceRole
        self.targetRole = targetRole
        self.expiryAttribute = expiryAttribute
        self.consistentRead = consistentRead
    }

    package static var kind: CopyKind { .table }
    package var partCount: Int { segments }

    package var executionInput: JSONValue {
        ["copy": json, "segments": .array((0..<segments).map { .number(JSONNumber($0)) })]
    }

    /// What every part gets.
    var json: JSONValue {
        var object = identity.json.object ?? [:]
        object["segments"] = .number(JSONNumber(segments))
        object["sourceRole"] = sourceRole.map { .string($0) }
        object["targetRole"] = targetRole.map { .string($0) }
        object["expiryAttribute"] = expiryAttribute.map { .string($0) }
        object["consistentRead"] = .bool(consistentRead)
        return .object(object)
    }

    package init(executionInput: JSONValue) throws(CopyPartError) {
        guard try CopyKind(copy: executionInput["copy"]) == .table, let copy = executionInput["copy"] else {
            throw CopyPartError("it copies no table")
        }
        try self.init(json: copy)
    }

    /// - Throws: ``CopyPartError`` for what no ``json`` is.
    init(json: JSONValue) throws(CopyPartError) {
        guard let identity = CopyIdentity(json: json) else {
            throw CopyPartError("\"copy\" does not say what is to be copied")
        }
        guard let segments = json["segments"]?.integer, (1...CopyKind.maximumParts).contains(segments) else {
            throw CopyPartError("\"copy.segments\" is no number from 1 to \(CopyKind.maximumParts)")
        }
        guard identity.skipsExpired == (json["expiryAttribute"]?.string != nil) else {
            throw CopyPartError("\"copy.expiryAttribute\" is there exactly when expired items are left out")
        }
        self.init(
            identity: identity,
            segments: segments,
            sourceRole: json["sourceRole"]?.string,
            targetRole: json["targetRole"]?.string,
            expiryAttribute: json["expiryAttribute"]?.string,
            consistentRead: json["consistentRead"]?.bool ?? false
        )
    }

    var options: TableCopy.Options {
        var options = TableCopy.Options()
        options.mode = identity.mode
        options.filter = identity.filter
        options.expiryAttribute = expiryAttribute
        options.consistentRead = consistentRead
        options.maximumInFlight = Self.writesInFlight
        options.limitsPages = true
        return options
    }
}
