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

    /// Where the items of a list lie, as ``ItemReader`` alone sees it.
    private static func places(_ text: [UInt8]) throws -> [Range<Int>] {
        try text.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var places: [Range<Int>] = []
            try scanner.forEachMember { scanner, _ throws(JSONScanError) in
                try scanner.forEachElement { scanner throws(JSONScanError) in
                    let start = scanner.position
                    var reader = try ItemReader(bytes, at: start)
                    while try reader.next() != nil {}
                    scanner.position = reader.scanner.position
                    places.append(start..<scanner.position)
                }
            }
            try scanner.requireEnd()
            return places
        }
    }

    @Test("The short way over plain attributes sees what the reader sees, and refuses what it refuses")
    func plainAttributes() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let values = [
            #"{"S":"some text"}"#, #"{"S":""}"#, #"{"S":"a\"b"}"#, #"{"N":"-1.5e3"}"#, #"{"B":"AQ=="}"#,
            #"{"BOOL":true}"#, #"{"BOOL":false}"#, #"{"NULL":true}"#, #"{"SS":["a","b"]}"#, #"{"M":{"a":{"S":"b"}}}"#,
            #"{"L":[]}"#,
            #"{ "S":"a"}"#, #"{"S":"ü€"}"#,
        ]
        let bytes = Array(#"{}[]":,\ SNBtruefalsnx"#.utf8) + [0, 10]
        var refused = 0
        for round in 0..<3_000 {
            let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let attributes = (0..<Int.random(in: 1...5, using: &random)).map { index in
                    let name = String(repeating: "n", count: Int.random(in: 0...12, using: &random))
                    return "\"\(name)\(index)\":" + (values.randomElement(using: &random) ?? "")
                }
                return "{" + attributes.joined(separator: ",") + "}"
            }
            var text = Array("{\"Items\":[\(items.joined(separator: ","))]}".utf8)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                let byte = bytes.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text[place] = byte
                case 1: text.remove(at: place)
                default: text.insert(byte, at: place)
                }
            }
            // Whether the list is called Items is not what this is about.
            guard text.starts(with: "{\"Items\":[".utf8) else { continue }
            let expected = try? Self.places(text)
            let found = try? ItemPage(parsing: text).items
            #expect(found == expected, "seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
            if expected == nil { refused += 1 }
        }
        #expect(refused > 500)
    }

    /// A list of items, and one that has come of it: items more, less, changed, in another order, some with spaces.
    private static func relatedPages(_ random: inout SeededGenerator) -> (String, String) {
        func text(_ number: Int, _ version: Int) -> String {
            let replicated = version == 3 ? #","aws:rep:deleting":{"BOOL":false}"# : ""
            return #"{"pk":{"S":"\#(number)"},"v":{"L":[{"N":"\#(version)"},{"S":"],[}{\""}]}\#(replicated)}"#
        }
        let numbers = Array(0..<Int.random(in: 0...60, using: &random))
        var other = numbers.map { ($0, Int.random(in: 0...20, using: &random) == 0 ? Int.random(in: 1...3) : 0) }
        for _ in 0..<Int.random(in: 0...3, using: &random) where !other.isEmpty {
            let place = Int.random(in: 0..<other.count, using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0: other.removeSubrange(place..<min(other.count, place + Int.random(in: 1...5, using: &random)))
            case 1: other.insert((1_000 + place, 0), at: place)
            default: other.swapAt(place, Int.random(in: 0..<other.count, using: &random))
            }
        }
        if Int.random(in: 0...9, using: &random) == 0 { other.reverse() }
        let separator = Bool.random(using: &random) ? "," : " ,\n"
        func page(_ items: [(Int, Int)]) -> String {
            "{\"Items\":[" + items.map { text($0.0, $0.1) }.joined(separator: separator)
                + "],\"Count\":\(items.count),\"LastEvaluatedKey\":{\"pk\":{\"S\":\"x\"}}}"
        }
        return (page(numbers.map { ($0, 0) }), page(other))
    }

    @Test("A page is cut the same with the help of any other page, and refused where it would be refused")
    func likeAnother() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<400 {
            let (known, text) = Self.relatedPages(&random)
            let pattern = try ItemPage(parsing: Array((Bool.random(using: &random) ? known : text).utf8))
            let from = Int.random(in: 0...min(4, pattern.count), using: &random)
            let bytes = Array(text.utf8)
            let (plain, helped) = (try ItemPage(parsing: bytes), try ItemPage(parsing: bytes, like: (pattern, from)))
            #expect(helped.items == plain.items && helped.bytes == plain.bytes, "seed \(seed), round \(round)")
            #expect(helped.lastEvaluatedKey == plain.lastEvaluatedKey && helped.scannedCount == plain.scannedCount)
            // A byte that is another anywhere, or nothing from there on.
            var broken = bytes
            let place = Int.random(in: 0..<broken.count, using: &random)
            if Bool.random(using: &random) {
                broken[place] = UInt8(ascii: "}")
            } else {
                broken.removeSubrange(place...)
            }
            let expected = Result { try ItemPage(parsing: broken).items }
            let found = Result { try ItemPage(parsing: broken, like: (pattern, from)).items }
            #expect((try? expected.get()) == (try? found.get()), "seed \(seed), round \(round)")
        }
    }

    @Test("A page that was rewritten, whose items stand side by side, makes no list without commas acceptable")
    func likeRewritten() throws {
        let (first, second) = (#"{"pk":{"S":"a"}}"#, #"{"pk":{"S":"b"}}"#)
        let replicated = #"{"pk":{"S":"c"},"aws:rep:deleting":{"BOOL":false}}"#
        let pattern = try ItemPage(parsing: Array("{\"Items\":[\(replicated),\(first),\(second)]}".utf8))
        #expect(Self.items(pattern) == [#"{"pk":{"S":"c"}}"#, first, second])
        let text = Array("{\"Items\":[\(first)\(second)]}".utf8)
        #expect(throws: JSONScanError.self) { try ItemPage(parsing: text, like: (pattern, 0)) }
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
