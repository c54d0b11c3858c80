import Testing

@testable import AWSCore

@Suite("JSON values")
struct JSONValueTests {
    @Test("Members keep their order and numbers their text")
    func nothingIsLost() throws {
        let text = #"{"b":[1,-0,1.50,12345678901234567890123456789012345678,1E+2],"a":{"z":null,"y":true},"c":""}"#
        let value = try JSONValue(parsing: text)
        #expect(value.object?.keys == ["b", "a", "c"])
        #expect(
            value["b"]?.array?.map { $0.number?.text } == [
                "1", "-0", "1.50", "12345678901234567890123456789012345678", "1E+2",
            ]
        )
        #expect(value.text() == text)
    }

    @Test("Every escape is read, surrogate pairs too")
    func escapes() throws {
        let value = try JSONValue(parsing: #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00""#)
        #expect(value == .string("\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}"))
    }

    @Test("Names and strings that differ only in Unicode normalisation are different")
    func comparisonIsByteExact() throws {
        let value = try JSONValue(parsing: "{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{e9}"]?.integer == 1)
        #expect(value["e\u{301}"]?.integer == 2)
        #expect(JSONValue.string("\u{e9}") != JSONValue.string("e\u{301}"))
    }

    @Test("Pretty text is what people expect of a JSON file")
    func pretty() throws {
        let value: JSONValue = ["TableName": "T", "Empty": [], "None": [:], "Keys": [["A": 1], false]]
        #expect(
            value.text(.pretty) == """
                {
                  "TableName": "T",
                  "Empty": [],
                  "None": {},
                  "Keys": [
                    {
                      "A": 1
                    },
                    false
                  ]
                }
                """
        )
        #expect(
            value.text(.compact, keys: .sorted) == #"{"Empty":[],"Keys":[{"A":1},false],"None":{},"TableName":"T"}"#
        )
    }

    @Test(
        "Whole numbers are exact however they are written",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e999999999999999999999", 0), ("12", 12), ("12.0", 12), ("1.2E1", 12),
            ("1200e-2", 12), ("1.7E9", 1_700_000_000), ("9223372036854775807", Int.max),
            ("-9223372036854775808", Int.min), ("9.223372036854775807e18", Int.max), ("9223372036854775808", nil),
            ("1.5", nil), ("1e-1", nil), ("1e99", nil), ("1e999999999999999999999", nil), ("0.1", nil),
        ] as [(String, Int?)]
    )
    func integers(text: String, expected: Int?) throws {
        #expect(try JSONValue(parsing: text).integer == expected)
    }

    @Test(
        "Texts that are not JSON are refused at the right place",
        arguments: [
            ("", 1, 1, "empty"), ("  \n ", 2, 2, "empty"), ("{", 1, 2, "double quotes"),
            ("[1,]", 1, 4, "expected a value"),
            ("{\"a\":1,}", 1, 8, "double quotes"), ("{\"a\" 1}", 1, 6, "expected \":\""),
            ("[1 2]", 1, 4, "expected \",\" or \"]\""),
            ("{\n  \"a\": 1,\n  \"a\": 2\n}", 3, 3, "\"a\" stands twice"), ("01", 1, 2, "may not begin with 0"),
            ("1.", 1, 3, "malformed number"), ("-", 1, 2, "malformed number"), ("tru", 1, 1, "such as true"),
            ("nul", 1, 1, "such as null"),
            ("\"a", 1, 1, "no closing quote"), ("\"a\\", 1, 1, "no closing quote"), ("\"\\x\"", 1, 2, "unknown escape"),
            ("\"\\u12g4\"", 1, 2, "hexadecimal"), ("\"\\ud800\"", 1, 2, "surrogate"),
            ("\"\\ud800\\u0041\"", 1, 2, "surrogate"),
            ("\"\n\"", 1, 2, "control character"), ("\"\\n\n\"", 1, 4, "control character"),
            ("1 2", 1, 3, "after the end"),
            ("{'a':1}", 1, 2, "\"'\""), ("[é", 1, 2, "0xC3"), ("{\"é\":x", 1, 6, "\"x\""),
            ("\u{FEFF}{}", 1, 1, "byte order mark"), ("NaN", 1, 1, "\"N\""),
        ]
    )
    func syntaxErrors(text: String, line: Int, column: Int, fragment: String) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(fragment) == true, "\(error?.message ?? "no message")")
    }

    @Test("Bytes that are not UTF-8 are refused, with and without an escape before them")
    func invalidUTF8() {
        for bytes in [[0x22, 0xFF, 0x22], [0x22, 0x5C, 0x6E, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]] {
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes) }
            #expect(error?.message == "the string is not valid UTF-8")
        }
    }

    @Test("Depth is limited, and the limit itself is allowed")
    func depth() throws {
        let limit = JSONValue.maximumDepth
        let deepest = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(try JSONValue(parsing: deepest).text() == deepest)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "[" + deepest + "]") }
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 1_000_000)) }
    }

    @Test("Large objects still find a repeated name")
    func manyMembers() throws {
        let members = (0..<1_000).map { "\"k\($0)\":\($0)" }
        #expect(try JSONValue(parsing: "{" + members.joined(separator: ",") + "}").object?.count == 1_000)
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONValue(parsing: "{" + (members + ["\"k7\":0"]).joined(separator: ",") + "}")
        }
        #expect(error?.message == "the name \"k7\" stands twice in the same object")
    }

    @Test("Setting a member keeps its place, removing leaves the others")
    func setting() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object["b"] = "new"
        object["d"] = nil
        object["a"] = nil
        object["e"] = true
        #expect(object == ["b": "new", "c": 3, "e": true])
    }
}
