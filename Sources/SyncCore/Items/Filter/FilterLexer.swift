/// The words of an expression.
struct FilterLexer {
    enum Token: Equatable {
        /// A bare word: a keyword, a function or an attribute.
        case word(String)
        /// An attribute's name in double quotes.
        case name(String)
        /// A text in single quotes.
        case text(String)
        case number(String)
        /// `=`, `<>`, `<`, `<=`, `>`, `>=`, `(`, `)`, `,`, `.`, `[`, `]`.
        case symbol(String)
        case end
    }

    struct Placed {
        var token: Token
        /// Index of its first character.
        var start: Int
    }

    private let expression: String
    private let scalars: [Unicode.Scalar]
    private var index = 0

    init(_ expression: String) {
        self.expression = expression
        scalars = Array(expression.unicodeScalars)
    }

    func error(_ message: String, at start: Int) -> ItemFilterError {
        ItemFilterError(message: message, column: start + 1, expression: expression)
    }

    /// Every token, and the end as the last.
    mutating func tokens() throws(ItemFilterError) -> [Placed] {
        var tokens: [Placed] = []
        while true {
            while index < scalars.count, [" ", "\t", "\n", "\r"].contains(scalars[index]) { index += 1 }
            let start = index
            tokens.append(Placed(token: try next(), start: start))
            if tokens.last?.token == .end { return tokens }
        }
    }

    private mutating func next() throws(ItemFilterError) -> Token {
        guard let first = peek(0) else { return .end }
        switch first {
        case "'": return .text(try quoted("'", "text"))
        case "\"": return .name(try quoted("\"", "name"))
        case "=", "(", ")", ",", ".", "[", "]":
            index += 1
            return .symbol(String(first))
        case "<", ">":
            index += 1
            if let second = peek(0), second == "=" || (first == "<" && second == ">") {
                index += 1
                return .symbol("\(first)\(second)")
            }
            return .symbol(String(first))
        case "-", "0"..."9": return try number()
        case _ where Self.isWordStart(first):
            let start = index
            while let scalar = peek(0), Self.isWordStart(scalar) || ("0"..."9").contains(scalar) { index += 1 }
            return .word(String(String.UnicodeScalarView(scalars[start..<index])))
        case ":", "#":
            throw error("values and names stand in the expression itself: 'text', 12, \"name\"", at: index)
        default:
            throw error(
                "unexpected character; put texts in single quotes and unusual names in double quotes",
                at: index
            )
        }
    }

    private static func isWordStart(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private func peek(_ offset: Int) -> Unicode.Scalar? {
        index + offset < scalars.count ? scalars[index + offset] : nil
    }

    /// A quote inside is written twice.
    private mutating func quoted(_ quote: Unicode.Scalar, _ what: String) throws(ItemFilterError) -> String {
        let start = index
        var content = String.UnicodeScalarView()
        index += 1
        while let scalar = peek(0) {
            index += 1
            if scalar != quote {
                content.append(scalar)
            } else if peek(0) == quote {
                content.append(scalar)
                index += 1
            } else {
                return String(content)
            }
        }
        throw error("the \(what) has no closing \(quote)", at: start)
    }

    private mutating func number() throws(ItemFilterError) -> Token {
        let start = index
        while let scalar = peek(0) {
            let isExponentSign =
                (scalar == "-" || scalar == "+") && index > start && ["e", "E"].contains(scalars[index - 1])
            guard
                ("0"..."9").contains(scalar) || scalar == "." || scalar == "e" || scalar == "E" || isExponentSign
                    || (scalar == "-" && index == start)
            else { break }
            index += 1
        }
        if let scalar = peek(0), Self.isWordStart(scalar) { throw error("malformed number", at: start) }
        return .number(String(String.UnicodeScalarView(scalars[start..<index])))
    }
}
