package import AWSCore

/// What all parts of a copy have in common that is done part by part, each by an invocation of the function.
package struct CopyPlan: Sendable, Equatable {
    package var identity: CopyIdentity
    /// Into how many segments the source is divided; one part each.
    package var segments: Int
    /// The role that the function assumes for a side; `nil` for its own.
    package var sourceRole: String?
    package var targetRole: String?
    /// The source's attribute for time to live, where expired items are left out.
    package var expiryAttribute: String?
    package var consistentRead: Bool

    /// Segments at most: the results of all parts must fit into one answer of Step Functions, 256 KB.
    package static let maximumSegments = 1_000
    /// Writes that one part has in flight at most.
    static let writesInFlight = 16

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

    /// What an execution of the state machine starts with.
    package var executionInput: JSONValue {
        ["copy": json, "segments": .array((0..<segments).map { .number(JSONNumber($0)) })]
    }

    package var json: JSONValue {
        var object = identity.json.object ?? [:]
        object["segments"] = .number(JSONNumber(segments))
        object["sourceRole"] = sourceRole.map { .string($0) }
        object["targetRole"] = targetRole.map { .string($0) }
        object["expiryAttribute"] = expiryAttribute.map { .string($0) }
        object["consistentRead"] = .bool(consistentRead)
        return .object(object)
    }

    /// - Throws: ``CopyPartError`` for what no ``json`` is.
    package init(json: JSONValue) throws(CopyPartError) {
        guard let identity = CopyIdentity(json: json) else {
            throw CopyPartError("\"copy\" does not say what is to be copied")
        }
        guard let segments = json["segments"]?.integer, (1...Self.maximumSegments).contains(segments) else {
            throw CopyPartError("\"copy.segments\" is no number from 1 to \(Self.maximumSegments)")
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

/// An event or a result that is not one of a part of a copy.
package struct CopyPartError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
