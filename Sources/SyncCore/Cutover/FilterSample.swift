import AWSCore

/// Finds attributes that make a condition true, as far as that is easy: for a canary, which must belong into the target.
///
/// What it proposes is a guess; whoever uses it asks the filter itself.
struct FilterSample {
    private let filter: ItemFilter

    /// What a condition wants of attributes, by their names.
    typealias Draft = [(name: String, value: JSONValue)]

    /// Proposals that are looked at, at most.
    private static let maximumDrafts = 64
    /// Text that may stand behind a beginning that is asked for, so that a key can be told apart.
    private let suffix: String

    init(_ filter: ItemFilter, suffix: String) {
        self.filter = filter
        self.suffix = suffix
    }

    var drafts: [Draft] { drafts(filter.condition, wanted: true) }

    private func drafts(_ condition: FilterCondition, wanted: Bool) -> [Draft] {
        switch condition {
        case .all(let parts): wanted ? every(parts, wanted) : any(parts, wanted)
        case .any(let parts): wanted ? any(parts, wanted) : every(parts, wanted)
        case .not(let part): drafts(part, wanted: !wanted)
        case .compare(let comparator, let left, let right): compare(comparator, left, right, wanted)
        case .between(let value, let low, let high):
            wanted ? assignments(value, literal(low)) : compare(.greater, value, high, true)
        case .isIn(let value, let list):
            wanted ? list.flatMap { assignments(value, literal($0)) } : [[]]
        case .exists(let path): wanted ? assignments(.path(path), ["S": .string(suffix)]) : [[]]
        case .hasType(let value, let type):
            wanted ? Self.example(type).map { assignments(value, $0) } ?? [] : [[]]
        case .beginsWith(let value, let prefix):
            wanted ? longer(literal(prefix)).flatMap { assignments(value, $0) } : [[]]
        case .contains(let value, let element):
            wanted
                ? (longer(literal(element)) + [["L": .array([literal(element) ?? .null])]])
                    .flatMap { assignments(value, $0) } : [[]]
        }
    }

    private func every(_ parts: [FilterCondition], _ wanted: Bool) -> [Draft] {
        parts.reduce([[]]) { found, part in
            let more = drafts(part, wanted: wanted)
            return Array(found.flatMap { draft in more.map { draft + $0 } }.prefix(Self.maximumDrafts))
        }
    }

    private func any(_ parts: [FilterCondition], _ wanted: Bool) -> [Draft] {
        Array(parts.flatMap { drafts($0, wanted: wanted) }.prefix(Self.maximumDrafts))
    }

    private func compare(
        _ comparator: FilterCondition.Comparator,
        _ left: FilterOperand,
        _ right: FilterOperand,
        _ wanted: Bool
    ) -> [Draft] {
        switch (comparator, wanted) {
        case (.equal, true), (.notEqual, false): return equal(left, right)
        case (.notEqual, true), (.equal, false): return [[]]
        case (.lessOrEqual, true), (.greaterOrEqual, true):
            let isLess = comparator == .lessOrEqual
            return equal(left, right) + ordered(left, right, isLess: isLess)
        case (.less, true): return ordered(left, right, isLess: true)
        case (.greater, true): return ordered(left, right, isLess: false)
        // Without the attribute every comparison is false.
        case (.less, false), (.lessOrEqual, false), (.greater, false), (.greaterOrEqual, false): return [[]]
        }
    }

    private func equal(_ left: FilterOperand, _ right: FilterOperand) -> [Draft] {
        assignments(left, literal(right)) + assignments(right, literal(left))
    }

    private func ordered(_ left: FilterOperand, _ right: FilterOperand, isLess: Bool) -> [Draft] {
        Self.neighbours(literal(right), isLess: isLess, suffix).flatMap { assignments(left, $0) }
            + Self.neighbours(literal(left), isLess: !isLess, suffix).flatMap { assignments(right, $0) }
    }

    /// Gives an attribute a value, or one of the size that is asked for.
    private func assignments(_ operand: FilterOperand, _ value: JSONValue?) -> [Draft] {
        guard let value else { return [] }
        switch operand {
        case .path(let index):
            let path = filter.paths[index]
            var nested = value
            for step in path.steps.reversed() {
                guard case .member(let name) = step else { return [] }
                nested = ["M": .object([String(decoding: name, as: UTF8.self): nested])]
            }
            return [[(String(decoding: path.root, as: UTF8.self), nested)]]
        case .sizeOfPath(let index):
            guard let size = value["N"]?.string.flatMap({ Int($0) }), (0...1_000).contains(size) else { return [] }
            return assignments(.path(index), ["S": .string(String(repeating: "s", count: size))])
        case .literal, .sizeOfLiteral: return []
        }
    }

    /// The value of a literal in DynamoDB's JSON; `nil` for anything else.
    private func literal(_ operand: FilterOperand) -> JSONValue? {
        guard case .literal(let index) = operand else { return nil }
        let literal = filter.literals[index]
        switch literal.type {
        case .string: return ["S": .string(String(decoding: filter.pool[literal.content], as: UTF8.self))]
        case .number: return ["N": .string(Self.text(literal.number))]
        case .bool: return ["BOOL": .bool(literal.bool)]
        case .null: return ["NULL": true]
        default: return nil
        }
    }

    /// A number's digits, without an exponent where that is short.
    private static func text(_ number: CanonicalNumber) -> String {
        let sign = number.isNegative ? "-" : ""
        guard (0...20).contains(number.exponent) else { return "\(sign)\(number.significand)E\(number.exponent)" }
        return sign + "\(number.significand)" + String(repeating: "0", count: number.exponent)
    }

    /// A text that begins like this one and can be told apart, and this one itself.
    private func longer(_ value: JSONValue?) -> [JSONValue] {
        guard let value else { return [] }
        guard let text = value["S"]?.string else { return [value] }
        return [["S": .string(text + suffix)], value]
    }

    /// Values before or behind another one, the nearest first.
    private static func neighbours(_ value: JSONValue?, isLess: Bool, _ suffix: String) -> [JSONValue] {
        if let text = value?["N"]?.string {
            let near = Int(text).map { ["\(isLess ? $0 &- 1 : $0 &+ 1)"] } ?? []
            return (near + [isLess ? "-9e99" : "9e99"]).map { ["N": .string($0)] }
        }
        guard let text = value?["S"]?.string else { return [] }
        guard isLess else { return [["S": .string(text + suffix)]] }
        // A text before another: one that it begins with, or one with an earlier first character.
        return [["S": .string(" " + suffix)], ["S": .string(String(text.dropLast()))]]
    }

    private static func example(_ type: AttributeType) -> JSONValue? {
        switch type {
        case .string: ["S": "s"]
        case .number: ["N": "1"]
        case .binary: ["B": "cw=="]
        case .bool: ["BOOL": true]
        case .null: ["NULL": true]
        case .list: ["L": []]
        case .map: ["M": [:]]
        case .stringSet: ["SS": ["s"]]
        case .numberSet: ["NS": ["1"]]
        case .binarySet: ["BS": ["cw=="]]
        case .unknown: nil
        }
    }
}
