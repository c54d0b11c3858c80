/// Any JSON text as a tree that loses nothing: members keep their order, numbers their digits.
///
/// Made for documents of a few kilobytes that someone looks into, such as a table's description, a configuration or a
/// manifest. Items by the million are cut at their boundaries instead and never become trees.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// Strings are compared byte for byte, as DynamoDB does, and not by Unicode's canonical equivalence; members count
    /// in their order.
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.isSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// The member of that name; `nil` also where this is not an object.
    package subscript(key: String) -> JSONValue? { object?[key] }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The value of a number that is whole and fits, however it is written: `3`, `3.0` and `30E-1` are all 3.
    package var integer: Int? { number?.integer }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    package var isNull: Bool { self == .null }

    /// What this is, with its article, for messages: `a string`, `an object`, `null`.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
    package init(nilLiteral: ()) { self = .null }
}

/// The members of a JSON object in the order of the text; each name once.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: JSONValue

        package static func == (left: Member, right: Member) -> Bool {
            left.key.isSameBytes(as: right.key) && left.value == right.value
        }
    }

    package private(set) var members: [Member]

    /// A later member takes the place of an earlier one of the same name.
    package init(_ members: [(String, JSONValue)] = []) {
        self.members = []
        self.members.reserveCapacity(members.count)
        for (key, value) in members { self[key] = value }
    }

    /// For the parser, which has made sure that no name stands twice.
    init(uniqueMembers: [Member]) {
        self.members = uniqueMembers
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }
    package var keys: [String] { members.map(\.key) }

    /// The member of that name; setting keeps an existing member's place and puts a new one last, `nil` removes it.
    ///
    /// Linear in the number of members: objects of AWS's APIs have a few dozen.
    package subscript(key: String) -> JSONValue? {
        get { members.first { $0.key.isSameBytes(as: key) }?.value }
        set {
            let index = members.firstIndex { $0.key.isSameBytes(as: key) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension String {
    /// Whether both are the same bytes; `==` also takes different bytes of the same characters for equal.
    func isSameBytes(as other: String) -> Bool {
        // Unequal by == means unequal bytes, and == is a memcmp for most strings.
        self == other && utf8.elementsEqual(other.utf8)
    }
}
