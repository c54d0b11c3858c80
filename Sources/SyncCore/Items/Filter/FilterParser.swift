import AWSCore

/// Recursive descent over the grammar of DynamoDB's condition expressions (Developer Guide, "Condition and filter
/// expressions, operators, and functions"), with literals in place of references.
struct FilterParser {
    /// DynamoDB's limit for an expression.
    static let maximumBytes = 4096
    /// Parentheses and NOTs in each other.
    static let maximumDepth = 64
    /// Operands of IN, as DynamoDB documents.
    static let maximumOperands = 100

    private let lexer: FilterLexer
    private var tokens: [FilterLexer.Placed]
    private var index = 0
    private var depth = 0
    private(set) var paths: [FilterPath] = []
    private(set) var literals: [FilterLiteral] = []
    private(set) var pool: [UInt8] = []

    init(_ expression: String) throws(ItemFilterError) {
        var lexer = FilterLexer(expression)
        guard expression.utf8.count <= Self.maximumBytes else {
            throw lexer.error("the expression is longer than \(Self.maximumBytes) bytes", at: 0)
        }
        tokens = try lexer.tokens()
        self.lexer = lexer
    }

    mutating func parse() throws(ItemFilterError) -> FilterCondition {
        if current == .end { throw error("the expression is empty; expected a condition such as status = 'open'") }
        let condition = try parseAny()
        guard current == .end else { throw error("expected AND, OR or the end, found \(found)") }
        return condition
    }

    // MARK: Tokens

    private var current: FilterLexer.Token { tokens[index].token }

    private mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
    }

    private func error(_ message: String, at token: Int? = nil) -> ItemFilterError {
        lexer.error(message, at: tokens[token ?? index].start)
    }

    private var found: String {
        switch current {
        case .word(let word): word
        case .name(let name): "\"\(name)\""
        case .text(let text): "'\(text)'"
        case .number(let text), .symbol(let text): text
        case .end: "the end"
        }
    }

    private mutating func take(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        advance()
        return true
    }

    private mutating func require(_ symbol: String, after what: String) throws(ItemFilterError) {
        guard take(symbol) else { throw error("expected \"\(symbol)\" after \(what), found \(found)") }
    }

    private func isKeyword(_ keyword: String) -> Bool {
        guard case .word(let word) = current else { return false }
        return word.equalsIgnoringASCIICase(keyword)
    }

    private mutating func takeKeyword(_ keyword: String) -> Bool {
        guard isKeyword(keyword) else { return false }
        advance()
        return true
    }

    private mutating func nested<Value>(
        _ body: (inout FilterParser) throws(ItemFilterError) -> Value
    ) throws(ItemFilterError) -> Value {
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw error("parentheses and NOT lie more than \(Self.maximumDepth) deep in each other")
        }
        let value = try body(&self)
        depth -= 1
        return value
    }

    // MARK: Conditions

    private mutating func parseAny() throws(ItemFilterError) -> FilterCondition {
        var conditions = [try parseAll()]
        while takeKeyword("OR") { conditions.append(try parseAll()) }
        return conditions.count == 1 ? conditions[0] : .any(conditions)
    }

    private mutating func parseAll() throws(ItemFilterError) -> FilterCondition {
        var conditions = [try parseNot()]
        while takeKeyword("AND") { conditions.append(try parseNot()) }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    private mutating func parseNot() throws(ItemFilterError) -> FilterCondition {
        if takeKeyword("NOT") {
            return .not(try nested { parser throws(ItemFilterError) in try parser.parseNot() })
        }
        if take("(") {
            let condition = try nested { parser throws(ItemFilterError) in try parser.parseAny() }
            try require(")", after: "the condition")
            return condition
        }
        if case .word(let function) = current, tokens[index + 1].token == .symbol("("), function != "size" {
            return try parseFunction(function)
        }
        return try parseComparison()
    }

    private mutating func parseFunction(_ function: String) throws(ItemFilterError) -> FilterCondition {
        let start = index
        advance()
        advance()
        let condition: FilterCondition
        switch function {
        case "attribute_exists": condition = .exists(path: try parsePath())
        case "attribute_not_exists": condition = .not(.exists(path: try parsePath()))
        case "attribute_type":
            let operand = try parseOperand()
            try require(",", after: "the attribute")
            guard case .text(let tag) = current, let type = AttributeType(tag: tag) else {
                throw error("expected one of 'S' 'N' 'B' 'SS' 'NS' 'BS' 'M' 'L' 'BOOL' 'NULL', found \(found)")
            }
            advance()
            condition = .hasType(operand, type)
        case "begins_with":
            let operand = try parseOperand()
            try require(",", after: "the attribute")
            let place = index
            let prefix = try parseOperand()
            try requireType(of: [prefix, operand], in: [.string], "begins_with compares texts", at: place)
            condition = .beginsWith(operand, prefix)
        case "contains":
            let operand = try parseOperand()
            try require(",", after: "the attribute")
            condition = .contains(operand, try parseOperand())
        default:
            throw error(
                "there is no function \(function); there are attribute_exists, attribute_not_exists, attribute_type, "
                    + "begins_with, contains and size (in lower case)",
                at: start
            )
        }
        try require(")", after: "the arguments of \(function)")
        return condition
    }

    private mutating func parseComparison() throws(ItemFilterError) -> FilterCondition {
        let start = index
        let left = try parseOperand()
        if takeKeyword("BETWEEN") {
            let place = index
            let lower = try parseOperand()
            guard takeKeyword("AND") else { throw error("expected AND of BETWEEN, found \(found)") }
            let upper = try parseOperand()
            try requireType(
                of: [left, lower, upper],
                in: [.string, .number],
                "BETWEEN orders texts and numbers",
                at: place
            )
            try requireOrder(lower, upper, at: place)
            return .between(left, lower, upper)
        }
        if takeKeyword("IN") {
            try require("(", after: "IN")
            var operands = [try parseOperand()]
            while take(",") { operands.append(try parseOperand()) }
            guard operands.count <= Self.maximumOperands else {
                throw error("IN takes at most \(Self.maximumOperands) values", at: start)
            }
            try require(")", after: "the values of IN")
            return .isIn(left, operands)
        }
        let comparators: [(String, FilterCondition.Comparator)] = [
            ("=", .equal), ("<>", .notEqual), ("<", .less), ("<=", .lessOrEqual), (">", .greater),
            (">=", .greaterOrEqual),
        ]
        guard let comparator = comparators.first(where: { current == .symbol($0.0) }) else {
            throw error("expected = <> < <= > >= BETWEEN or IN, found \(found)")
        }
        advance()
        let place = index
        let right = try parseOperand()
        if comparator.1 != .equal, comparator.1 != .notEqual {
            try requireType(
                of: [left, right],
                in: [.string, .number],
                "\(comparator.0) orders texts and numbers",
                at: place
            )
        }
        return .compare(comparator.1, left, right)
    }

    // MARK: Operands

    private mutating func parseOperand() throws(ItemFilterError) -> FilterOperand {
        if current == .word("size"), tokens[index + 1].token == .symbol("(") {
            advance()
            advance()
            let operand: FilterOperand
            switch try parseOperand() {
            case .path(let path): operand = .sizeOfPath(path)
            case .literal(let literal): operand = .sizeOfLiteral(literal)
            case .sizeOfPath, .sizeOfLiteral: throw error("size takes an attribute")
            }
            try require(")", after: "the argument of size")
            return operand
        }
        if let literal = try parseLiteral() {
            literals.append(literal)
            return .literal(literals.count - 1)
        }
        return .path(try parsePath())
    }

    private mutating func parseLiteral() throws(ItemFilterError) -> FilterLiteral? {
        let start = pool.count
        var literal: FilterLiteral
        switch current {
        case .text(let text):
            pool += text.utf8
            literal = FilterLiteral(type: .string, content: start..<pool.count)
        case .number(let text):
            guard let number = Array(text.utf8).withUnsafeBytes({ CanonicalNumber($0) }) else {
                throw error("\(text) is no number of up to 38 digits")
            }
            literal = FilterLiteral(type: .number, content: start..<start, number: number)
        case .word where isKeyword("true") || isKeyword("false"):
            literal = FilterLiteral(type: .bool, content: start..<start, bool: isKeyword("true"))
        case .word where isKeyword("null"): literal = FilterLiteral(type: .null, content: start..<start)
        default: return nil
        }
        advance()
        return literal
    }

    private static let keywords = ["AND", "OR", "NOT", "BETWEEN", "IN", "TRUE", "FALSE", "NULL"]

    private mutating func parsePath() throws(ItemFilterError) -> Int {
        var path = FilterPath(root: try parseName())
        while true {
            if take(".") {
                path.steps.append(.member(try parseName()))
            } else if take("[") {
                guard case .number(let text) = current, let element = Int(text), element >= 0 else {
                    throw error("expected the number of an element from 0, found \(found)")
                }
                advance()
                try require("]", after: "the element's number")
                path.steps.append(.element(element))
            } else {
                break
            }
        }
        if let known = paths.firstIndex(of: path) { return known }
        paths.append(path)
        return paths.count - 1
    }

    private mutating func parseName() throws(ItemFilterError) -> [UInt8] {
        switch current {
        case .name(let name):
            guard !name.isEmpty else { throw error("a name is empty") }
            advance()
            return Array(name.utf8)
        case .word(let word):
            guard !Self.keywords.contains(where: { isKeyword($0) }) else {
                throw error("expected an attribute, found \(found); an attribute of that name stands in double quotes")
            }
            advance()
            return Array(word.utf8)
        default: throw error("expected an attribute or a value, found \(found)")
        }
    }

    // MARK: What DynamoDB refuses beforehand

    /// Values in the expression that can never be compared are mistakes, those in items are not.
    private func requireType(
        of operands: [FilterOperand],
        in types: [AttributeType],
        _ message: String,
        at place: Int
    ) throws(ItemFilterError) {
        for case .literal(let literal) in operands where !types.contains(literals[literal].type) {
            throw error("\(message), not \(literals[literal].type.tag)", at: place)
        }
    }

    private func requireOrder(
        _ lower: FilterOperand,
        _ upper: FilterOperand,
        at place: Int
    ) throws(ItemFilterError) {
        guard case .literal(let first) = lower, case .literal(let second) = upper else { return }
        let (low, high) = (literals[first], literals[second])
        guard low.type == high.type else { throw error("the ends of BETWEEN are of different types", at: place) }
        let isReversed =
            low.type == .number
            ? high.number < low.number : pool[high.content].lexicographicallyPrecedes(pool[low.content])
        guard !isReversed else { throw error("the ends of BETWEEN stand in reverse order", at: place) }
    }
}

extension AttributeType {
    /// The type of a name that DynamoDB has, such as `SS`.
    init?(tag: String) {
        let known: [AttributeType] = [
            .string, .number, .binary, .bool, .null, .list, .map, .stringSet, .numberSet, .binarySet,
        ]
        guard let type = known.first(where: { $0.tag == tag }) else { return nil }
        self = type
    }
}
