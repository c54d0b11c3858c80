import AWSTesting
import Testing

@testable import AWSCore

@Suite("Pages of items, cut in place")
struct ItemPageTests {
    private static func items(_ page: ItemPage) -> [String] {
        page.items.indices.map { String(decoding: page[$0], as: UTF8.self) }
    }

    @Test("Items are cut out byte for byte, members in any order and layout")
    func cuts() throws {
        let first = #"{"pk":{"S":"a\"}],{"},"n":{"N":"1.0"}}"#
        let second =
            "{ \"pk\" : { \"S\" : \"b\" } ,\n\"m\":{\"M\":{\"x\":{\"L\":[{\"NULL\":true},{\"SS\":[\"a\",\"b\"]}]}}}}"
        let text = """
            { "LastEvaluatedKey" : {"pk":{"S":"ü"}}, "New":[{"a":1.5e3}], "Items":[ \(first) , \(second)],
            "\\u0043ount":2,"ScannedCount":7,"ConsumedCapacity":{"TableName":"t","CapacityUnits":128.5,"Table":{"CapacityUnits":1}}}
            """
        let page = try ItemPage(parsing: Array(text.utf8))
        #expect(Self.items(page) == [first, second])
        #expect(page.lastEvaluatedKey == Array("{\"pk\":{\"S\":\"ü\"}}".utf8))
        #expect(page.scannedCount == 7 && page.consumedCapacityUnits == 128.5)
    }

    @Test("The last page and the empty page have no key to go on from")
    func lastPage() throws {
        let page = try ItemPage(
            parsing: Array(#"{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":null}"#.utf8)
        )
        #expect(page.count == 0 && page.lastEvaluatedKey == nil && page.consumedCapacityUnits == nil)
    }

    @Test(
        "What is no page is refused, above all what could be taken for the end of the table",
        arguments: [
            "", "{}", "[]", "null", #"{"Count":0}"#, #"{"Items":null}"#, #"{"Items":{}}"#, #"{"Items":[{}]}x"#,
            #"{"Items":[{"pk":{"S":"a"}}],"Count":2}"#, #"{"Items":[{"pk":{"S":"a"}}],"Count":1.5}"#,
            #"{"Items":[{"pk":{"S":"a"}}],"ScannedCount":0}"#, #"{"Items":[],"LastEvaluatedKey":{}}"#,
            #"{"Items":[],"LastEvaluatedKey":"a"}"#, #"{"Items":[],"Items":[]}"#, #"{"Items":[{"pk":{"S":"a"}},]}"#,
            #"{"Items":[{"pk":{"S":"a"}} {"pk":{"S":"b"}}]}"#, #"{"Items":[{"pk":{"S":1}}]}"#,
            #"{"Items":[{"pk":{"S":"a","N":"1"}}]}"#, #"{"Items":[{"pk":"a"}]}"#, #"{"Items":[{"pk":{}}]}"#,
            #"{"Items":[{"pk":{"SS":"a"}}]}"#, #"{"Items":[{"pk":{"M":[]}}]}"#, #"{"Items":[{"pk":{"L":{}}}]}"#,
            #"{"Items":[{"pk":{"NULL":false}}]}"#, #"{"Items":[{"pk":{"BOOL":"true"}}]}"#, #"{"Items":["a"]}"#,
        ]
    )
    func refused(text: String) {
        #expect(throws: JSONScanError.self) { try ItemPage(parsing: Array(text.utf8)) }
    }

    @Test("What global tables of 2017 keep in an item stays behind, under whatever spelling; all else stays as it is")
    func replicationAttributes() throws {
        let plain = #"{"pk":{"S":"a"}, "m":{"M":{"aws:rep:x":{"S":"inside"}}}}"#
        let marked =
            #"{"aws:rep:deleting":{"BOOL":false},"pk":{"S":"b"} ,"aw\u0073:rep:updatetime":{"N":"1"},"z":{"N":"2"}}"#
        let page = try ItemPage(
            parsing: Array("{\"Items\":[\(plain),\(marked)],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"b\"}}}".utf8)
        )
        #expect(Self.items(page) == [plain.replacing(", ", with: ","), #"{"pk":{"S":"b"},"z":{"N":"2"}}"#])
        #expect(page.lastEvaluatedKey == Array(#"{"pk":{"S":"b"}}"#.utf8))
        #expect(Self.items(try ItemPage(parsing: Array("{\"Items\":[\(plain)]}".utf8))) == [plain])
    }

    @Test("A page cut short anywhere is refused")
    func cutShort() throws {
        let text = Array(#"{"Items":[{"pk":{"S":"a"},"l":{"L":[{"N":"1"}]}},{"pk":{"S":"b"}}],"Count":2}"#.utf8)
        _ = try ItemPage(parsing: text)
        for length in 0..<text.count {
            #expect(throws: JSONScanError.self) { try ItemPage(parsing: Array(text.prefix(length))) }
        }
    }

    @Test("Random pages are cut as the parser sees them", arguments: [11, 12] as [UInt64])
    func randomPages(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let items = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                JSONValue.object(JSONObject(randomItem: &random))
            }
            let page = try ItemPage(
                parsing: JSONValue.object(["Items": .array(items), "Count": .number(JSONNumber(items.count))])
                    .serialized(Bool.random(using: &random) ? .compact : .pretty)
            )
            let found = try page.items.indices.map { try JSONValue(parsing: page[$0]) }
            #expect(found == items, "seed \(seed)")
        }
    }

    @Test("An attribute's name, type and value are found where they stand")
    func reader() throws {
        let text = #"{"a":{"S":"x\n"},"b\"":{"BOOL": false },"c":{ "NS":["1"]},"d":{"X":"?"},"e":{"NULL":true}}"#
        let found = try Array(text.utf8).withUnsafeBytes { bytes in
            var reader = try ItemReader(bytes)
            var found: [String] = []
            while let attribute = try reader.next() {
                let name = String(decoding: bytes[attribute.name.content], as: UTF8.self)
                let value = String(decoding: bytes[attribute.value], as: UTF8.self)
                let typed = String(decoding: bytes[attribute.typedValue], as: UTF8.self)
                found.append("\(name) \(attribute.type.tag) \(value) \(typed) \(attribute.valueHasEscapes)")
            }
            try reader.scanner.requireEnd()
            return found
        }
        #expect(
            found == [
                #"a S "x\n" {"S":"x\n"} true"#, #"b\" BOOL false {"BOOL": false } false"#,
                #"c NS ["1"] { "NS":["1"]} false"#, #"d ? "?" {"X":"?"} false"#, #"e NULL true {"NULL":true} false"#,
            ]
        )
    }
}

extension JSONObject {
    /// An item with every type and strings that need escapes.
    init(randomItem random: inout SeededGenerator) {
        var object: JSONObject = ["pk": ["S": .string(String(UInt64.random(in: 0...UInt64.max, using: &random)))]]
        for index in 0..<Int.random(in: 0...8, using: &random) {
            object["a\(index)\"\\\u{7}"] = JSONValue(randomAttribute: &random, depth: 0)
        }
        self = object
    }
}

extension JSONValue {
    init(randomAttribute random: inout SeededGenerator, depth: Int) {
        func text(_ random: inout SeededGenerator) -> JSONValue {
            let pieces = ["a", "\"", "\\", "\n", "}", "]", "{\"S\":\"", "ü", "😀", "0123456789abcdef"]
            return .string(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                    .joined()
            )
        }
        switch Int.random(in: 0...(depth > 4 ? 5 : 8), using: &random) {
        case 0: self = ["S": text(&random)]
        case 1: self = ["N": .string(String(Int.random(in: -1000...1000, using: &random)))]
        case 2: self = ["B": "AAECAw=="]
        case 3: self = ["BOOL": .bool(Bool.random(using: &random))]
        case 4: self = ["NULL": true]
        case 5: self = ["SS": [text(&random), "x"]]
        case 6:
            self = ["L": .array((0..<3).map { _ in JSONValue(randomAttribute: &random, depth: depth + 1) })]
        case 7: self = ["L": []]
        default: self = ["M": ["x": JSONValue(randomAttribute: &random, depth: depth + 1), "": ["S": text(&random)]]]
        }
    }
}
