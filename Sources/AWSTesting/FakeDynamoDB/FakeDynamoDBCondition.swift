import AWSCore

/// Condition expressions as far as this project sends them: terms joined by AND, each `attribute_exists(#a)`,
/// `attribute_not_exists(#a)` or `#a = :a`.
struct FakeDynamoDBCondition {
    let input: JSONValue

    /// - Returns: `nil` for an expression that this fake does not understand.
    func isMet(by item: JSONObject?) -> Bool? {
        guard let expression = input["ConditionExpression"]?.string else { return true }
        var result = true
        for term in terms(expression) {
            guard let isTrue = evaluate(term, item) else { return nil }
            result = result && isTrue
        }
        return result
    }

    private func terms(_ expression: String) -> [String] {
        var terms: [String] = []
        var words: [Substring] = []
        for word in expression.split(separator: " ") {
            if word.utf8.elementsEqual("AND".utf8) {
                terms.append(words.joined())
                words = []
            } else {
                words.append(word)
            }
        }
        return terms + [words.joined()]
    }

    private func evaluate(_ term: String, _ item: JSONObject?) -> Bool? {
        for (function, wanted) in [("attribute_not_exists(", false), ("attribute_exists(", true)] {
            guard term.hasPrefix(function), term.hasSuffix(")") else { continue }
            guard let name = name(String(term.dropFirst(function.utf8.count).dropLast())) else { return nil }
            return (item?[name] != nil) == wanted
        }
        let sides = term.split(separator: "=", maxSplits: 1).map(String.init)
        guard sides.count == 2, let name = name(sides[0]),
            let value = input["ExpressionAttributeValues"]?[sides[1]]
        else { return nil }
        return item?[name].map { FakeDynamoDBValue.equal($0, value) } ?? false
    }

    private func name(_ reference: String) -> String? {
        reference.hasPrefix("#") ? input["ExpressionAttributeNames"]?[reference]?.string : reference
    }
}
