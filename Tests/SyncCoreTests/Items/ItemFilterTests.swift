import AWSCore
import Testing

@testable import SyncCore

@Suite("Filters: --where")
struct ItemFilterTests {
    private static let item = #"""
        {"pk":{"S":"a"},"s":{"S":"hello"},"quote":{"S":"it's"},"esc":{"S":"\u0068ello\n"},"n":{"N":"5"},"m1":{"N":"-1.50"},
        "big":{"N":"9007199254740993"},"b":{"B":"aGkgdGhlcmU="},"b2":{"B":"aGk="},"t":{"BOOL":true},"f":{"BOOL":false},
        "z":{"NULL":true},"l":{"L":[{"N":"2"},{"S":"dog"},{"N":"7.0"},{"L":[{"S":"x"}]},{"M":{"y":{"S":"deep"}}}]},
        "m":{"M":{"x":{"N":"1"},"y":{"L":[{"N":"-1"},{"N":"2"},{"N":"0"}]},"odd name":{"S":"o"}}},"ss":{"SS":["cat","dog"]},
        "ss2":{"SS":["dog","cat"]},"ns":{"NS":["2","4.0"]},"bs":{"BS":["aGk="]},"and":{"N":"1"},"e":{"S":""},"ä":{"S":"ü"},
        "w1":{"N":"5.0"},"ml":{"M":{"x":{"N":"1.0"},"odd name":{"S":"o"},"y":{"L":[{"N":"-1"},{"N":"2"},{"N":"0"}]}}}}
        """#

    private static func matches(_ expression: String, _ item: String = item) throws -> Bool {
        try ItemFilter(parsing: expression).matches(Array(item.utf8)[...])
    }

    @Test(
        "True for the item",
        arguments: [
            // Comparisons, each type.
            "s = 'hello'", "s <> 'Hello'", "s < 'hellp'", "s <= 'hello'", "s > 'hell'", "s >= 'hello'", "'hello' = s",
            "quote = 'it''s'", "n = 5", "n = 5.00", "n = 0.5E1", "n < 10", "n > -1", "m1 = -1.5", "m1 < 0",
            "big > 9007199254740992", "big <> 9007199254740992", "n = w1", "t = true", "t <> FALSE", "f = false",
            "z = null", "b > b2", "ss = ss2", "m = ml", "esc = 'hello\n'", "esc > s", "e = ''", #""ä" = 'ü'"#,
            // Other types: never equal, never in order.
            "n <> '5'", "NOT n < '6'", "NOT n > '4'", "NOT s < 1", "NOT l < 1", "l <> 1", "NOT ss = l",
            // What is not there.
            "q <> 1", "q <> r", "NOT q = r", "NOT q = 1", "NOT q < 1", "NOT q >= r", "NOT q BETWEEN 1 AND 2",
            "NOT q IN (1, 2)", "NOT begins_with(q, 'a')", "NOT contains(q, 'a')", "NOT attribute_type(q, 'S')",
            "NOT size(q) = 0", "size(q) <> 0",
            // BETWEEN and IN.
            "n BETWEEN 5 AND 5", "n between 1 and 10 and s = 'hello'", "s BETWEEN 'a' AND 'z'", "NOT n BETWEEN 6 AND 7",
            "n BETWEEN m1 AND big", "NOT n BETWEEN big AND m1", "NOT n BETWEEN '4' AND '6'", "4 BETWEEN m1 AND n",
            "n IN (1, 'x', 5.0)", "s IN ('hello')", "ss IN (ss2)", "NOT n IN ('5', 6)",
            // Functions.
            "attribute_exists(s)", "attribute_not_exists(q)", "attribute_exists (m.y[1])",
            "attribute_not_exists(m.y[3])",
            "attribute_not_exists(m.q.r)", "attribute_not_exists(s.x)", "attribute_not_exists(s[0])",
            "attribute_not_exists(m[0])", "attribute_not_exists(l.x)", "attribute_type(s, 'S')",
            "attribute_type(n, 'N')",
            "attribute_type(b, 'B')", "attribute_type(t, 'BOOL')", "attribute_type(z, 'NULL')",
            "attribute_type(l, 'L')",
            "attribute_type(m, 'M')", "attribute_type(ss, 'SS')", "attribute_type(ns, 'NS')",
            "attribute_type(bs, 'BS')",
            "NOT attribute_type(s, 'N')", "attribute_type('x', 'S')", "begins_with(s, 'hel')", "begins_with(s, '')",
            "begins_with(b, b2)", "NOT begins_with(b2, b)", "NOT begins_with(n, '5')", "begins_with('hello world', s)",
            "begins_with(esc, 'hello')", "contains(s, 'ell')", "contains(s, '')", "NOT contains(s, 'elo')",
            "contains(b, b2)",
            "contains(ss, 'cat')", "NOT contains(ss, 'ca')", "contains(ns, 4)", "NOT contains(ns, '4')",
            "contains(l, 'dog')",
            "contains(l, 7)", "NOT contains(l, 'do')", "contains(l[3], 'x')", "NOT contains(n, 5)",
            "NOT contains(m, 'x')",
            "contains(bs, b2)", "NOT contains(s, 5)", "size(s) = 5", "size(b) = 8", "size(ss) = 2", "size(ns) = 2",
            "size(l) = 5",
            "size(m) = 3", "size(e) = 0", "NOT size(n) = 1", "NOT size(t) = 1", "NOT size(z) = 1", "size(s) = n",
            "size(s) <> 4", "size(s) < 7", "size(s) BETWEEN 1 AND 5", "size(s) IN (4, 5)", "NOT size(s) = 'x'",
            "size(esc) = 6", #"size("ä") = 2"#,
            // Paths.
            "m.x = 1", "m.x < m.y[1]", "m.y[0] = -1", #"m."odd name" = 'o'"#, "l[4].y = 'deep'", "l[3][0] = 'x'",
            #""and" = 1"#, #""m".x = 1"#,
            // Precedence.
            "n = 5 OR n = 6 AND n = 7", "NOT n = 6 AND n = 5", "NOT (n = 6 OR n = 7)", "NOT NOT n = 5", "(n = 5)",
            "n = 5 aNd noT s = 'x' oR q = 1", "(n = 6 OR n = 5) AND (s = 'x' OR (s = 'hello'))",
            "m1 = -1.5 AND n=5 AND t=true",
        ]
    )
    func isTrue(expression: String) throws {
        #expect(try Self.matches(expression))
        #expect(try !Self.matches("NOT (\(expression))"))
    }

    @Test(
        "Mistakes are one line with the column",
        arguments: [
            ("", 1, "the expression is empty"), ("a", 2, "expected = <> <"),
            ("a =", 4, "expected an attribute or a value"),
            ("a = 'x", 5, "no closing '"), ("a = \"x", 5, "no closing \""),
            ("a = 1 b", 7, "expected AND, OR or the end, found b"),
            ("(a = 1", 7, "expected \")\""), ("a = 1)", 6, "expected AND, OR or the end"),
            ("a == 1", 4, "expected an attribute"),
            ("a != 1", 3, "unexpected character"), ("a = :v", 5, "values and names stand in the expression itself"),
            ("#a = 1", 1, "values and names stand"), ("a = 1.2.3", 5, "no number"), ("a = 12x", 5, "malformed number"),
            ("a = -", 5, "no number"), ("a BETWEEN 1", 12, "expected AND of BETWEEN"),
            ("a IN ()", 7, "expected an attribute or a value"),
            ("a IN 1", 6, "expected \"(\" after IN"), ("a BETWEEN 2 AND 1", 11, "reverse order"),
            ("a BETWEEN 1 AND 'x'", 11, "different types"), ("a < true", 5, "< orders texts and numbers, not BOOL"),
            ("a < null", 5, "not NULL"), ("size(a)", 8, "expected = <>"),
            ("attribute_exists(a) = 1", 21, "expected AND, OR"),
            ("attribute_exists('a')", 18, "expected an attribute"),
            ("attribute_type(a, 'X')", 19, "expected one of 'S'"),
            ("attribute_type(a, b)", 19, "expected one of 'S'"),
            ("begins_with(a, 1)", 16, "begins_with compares texts, not N"),
            ("Begins_With(a, 'x')", 1, "there is no function Begins_With"),
            ("if_not_exists(a, b) = 1", 1, "there is no function"),
            ("size(a, b) = 1", 7, "expected \")\""),
            ("and = 1", 1, "an attribute of that name stands in double quotes"),
            ("a[x] = 1", 3, "the number of an element"), ("a[-1] = 1", 3, "the number of an element"),
            ("a. = 1", 4, "expected an attribute"),
            ("\"\" = 1", 1, "a name is empty"), ("ä = 1", 1, "unusual names in double quotes"),
            ("a AND b", 3, "expected = <>"),
            ("NOT", 4, "expected an attribute"), ("a = 1 OR", 9, "expected an attribute"),
            ("a = 123456789012345678901234567890123456789", 5, "up to 38 digits"),
            ("😀", 1, "unexpected character"), ("'😀' = a = b", 9, "expected AND, OR"),
        ]
    )
    func mistakes(expression: String, column: Int, message: String) throws {
        let error = #expect(throws: ItemFilterError.self) { try ItemFilter(parsing: expression) }
        #expect(error?.column == column, "\(String(describing: error))")
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("column \(column): ") == true)
    }

    @Test("The caret stands before what is meant, also in a long expression")
    func caret() {
        let error = #expect(throws: ItemFilterError.self) { try ItemFilter(parsing: "a = )") }
        #expect(error?.description == "column 5: expected an attribute or a value, found ): a = ^)")
        let long =
            (0..<50).map { "a\($0) = 1 AND " }.joined() + ") AND b = 1" + String(repeating: " AND c = 1", count: 50)
        let other = #expect(throws: ItemFilterError.self) { try ItemFilter(parsing: long) }
        #expect(other?.description.contains("…") == true && other?.description.contains("AND ^) AND b = 1") == true)
        #expect((other?.description.count ?? 0) < 200)
    }

    @Test("Size and depth are limited")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "a = 1" + String(repeating: ")", count: depth)
        }
        _ = try ItemFilter(parsing: nested(64))
        #expect(throws: ItemFilterError.self) { try ItemFilter(parsing: nested(65)) }
        #expect(throws: ItemFilterError.self) {
            try ItemFilter(parsing: String(repeating: "NOT ", count: 65) + "a = 1")
        }
        #expect(throws: ItemFilterError.self) {
            try ItemFilter(parsing: "a = '" + String(repeating: "x", count: 4096) + "'")
        }
        let many = (0..<100).map { "\($0)" }.joined(separator: ",")
        #expect(try Self.matches("n IN (\(many))"))
        #expect(throws: ItemFilterError.self) { try ItemFilter(parsing: "n IN (\(many),100)") }
        // Siblings are not depth.
        #expect(try Self.matches(String(repeating: "(n = 5) AND ", count: 200) + "NOT n = 4"))
    }

    @Test(
        "A malformed item is an error where it was looked at",
        arguments: ["", "[]", #"{"a":1}"#, #"{"a":{"N":"x"}}"#]
    )
    func malformedItems(text: String) throws {
        #expect(throws: JSONScanError.self) { try Self.matches("a = 1", text) }
    }
}
