import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("Digests and comparisons of items")
struct ItemDigestTests {
    private static let digester = ItemDigester(key: ItemKey(partitionKey: "pk", sortKey: "sk"))

    private static func digest(_ text: String, by digester: ItemDigester = digester) throws -> ItemDigest {
        try Array(text.utf8).withUnsafeBytes { try digester.digest($0) }
    }

    private static func item(_ attribute: String) -> String {
        "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"},\(attribute)}"
    }

    @Test(
        "Equal items, however they are written, have equal digests and compare equal",
        arguments: [1, 2, 3] as [UInt64]
    )
    func rewritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            let item = TestValue.randomItem(&random)
            let (first, second) = (TestValue.text(item, &random), TestValue.text(item, &random))
            #expect(try Self.digest(first) == Self.digest(second), "seed \(seed)\n\(first)\n\(second)")
            let comparison = try ItemComparison(first.utf8, second.utf8)
            #expect(comparison.areEqual, "seed \(seed) \(comparison)\n\(first)\n\(second)")
        }
    }

    @Test("Every single change shows in digest and comparison", arguments: [4, 5, 6] as [UInt64])
    func mutated(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            var item = TestValue.randomItem(&random)
            let first = TestValue.text(item, &random)
            item = Array(item.prefix(2)) + TestValue.mutated(Array(item.dropFirst(2)), &random)
            let second = TestValue.text(item, &random)
            let (a, b) = (try Self.digest(first), try Self.digest(second))
            #expect(a.item != b.item && a.key == b.key, "seed \(seed)\n\(first)\n\(second)")
            #expect(try !ItemComparison(first.utf8, second.utf8).areEqual, "seed \(seed)\n\(first)\n\(second)")
        }
    }

    @Test("Every bit of both digests depends on the item")
    func bits() throws {
        var random = SeededGenerator(seed: 7)
        let digester = ItemDigester(
            key: ItemKey(partitionKey: "pk", sortKey: "sk"),
            seed: ItemDigester.Seed(using: &random)
        )
        let digests = try (0..<200).map { try Self.digest(#"{"pk":{"S":"\#($0)"},"sk":{"N":"1"}}"#, by: digester) }
        var (keyBits, itemBits): (UInt128, UInt128) = (0, 0)
        for digest in digests {
            keyBits |= digest.key ^ digests[0].key
            itemBits |= digest.item ^ digests[0].item
        }
        #expect(keyBits == .max && itemBits == .max)
    }

    @Test("A changed key changes both digests")
    func key() throws {
        let items = [
            #"{"pk":{"S":"a"},"sk":{"N":"1"}}"#, #"{"pk":{"S":"b"},"sk":{"N":"1"}}"#,
            #"{"pk":{"S":"a"},"sk":{"N":"2"}}"#,
            #"{"pk":{"S":"1"},"sk":{"S":"a"}}"#,
        ]
        let digests = try items.map { try Self.digest($0) }
        #expect(Set(digests.map(\.key)).count == items.count && Set(digests.map(\.item)).count == items.count)
        #expect(
            try Self.digest(#"{"sk":{"N":"1.0"},"p\u006B":{"S":"\u0061"},"x":{"NULL":true}}"#).key == digests[0].key
        )
    }

    @Test(
        "Values that look alike are told apart",
        arguments: [
            (#""a":{"S":"1"}"#, #""a":{"N":"1"}"#), (#""a":{"S":"AA"}"#, #""a":{"B":"AA"}"#),
            (#""a":{"S":""}"#, #""a":{"B":""}"#), (#""a":{"L":[]}"#, #""a":{"M":{}}"#),
            (#""a":{"SS":["a"]}"#, #""a":{"L":[{"S":"a"}]}"#), (#""a":{"SS":["1"]}"#, #""a":{"NS":["1"]}"#),
            (#""a":{"SS":["a","b"]}"#, #""a":{"SS":["ab"]}"#), (#""a":{"NULL":true}"#, #""a":{"BOOL":true}"#),
            (#""a":{"BOOL":false}"#, #""a":{"BOOL":true}"#), (#""a":{"S":"bc"}"#, #""ab":{"S":"c"}"#),
            (#""a":{"S":"x"},"b":{"S":"y"}"#, #""a":{"S":"y"},"b":{"S":"x"}"#),
            (#""a":{"L":[{"S":"x"},{"S":"y"}]}"#, #""a":{"L":[{"S":"y"},{"S":"x"}]}"#),
            (#""a":{"L":[{"L":[]},{"L":[]}]}"#, #""a":{"L":[{"L":[{"L":[]}]}]}"#),
            (#""a":{"M":{"b":{"S":"x"}}}"#, #""a":{"M":{}},"b":{"S":"x"}"#),
            (#""a":{"M":{"x":{"M":{"y":{"S":""}}}}}"#, #""a":{"M":{"y":{"M":{"x":{"S":""}}}}}"#),
            (#""a":{"S":"x\u0000"}"#, #""a":{"S":"x"}"#), (#""a":{"S":"\u00e9"}"#, #""a":{"S":"e\u0301"}"#),
            (#""a":{"S":"\ud83d"}"#, #""a":{"S":"\ude00"}"#), (#""a":{"N":"1"}"#, #""a":{"N":"-1"}"#),
            (#""a":{"N":"1"}"#, #""a":{"N":"10"}"#), (#""a":{"N":"1e-130"}"#, #""a":{"N":"0"}"#),
            (
                #""a":{"N":"99999999999999999999999999999999999999"}"#,
                #""a":{"N":"99999999999999999999999999999999999998"}"#
            ), (#""a":{"N":"9007199254740993"}"#, #""a":{"N":"9007199254740992"}"#),
            (#""a":{"X":"1"}"#, #""a":{"X":"2"}"#), (#""a":{"B":"QQ=="}"#, #""a":{"B":"QUE="}"#),
        ]
    )
    func toldApart(first: String, second: String) throws {
        let (first, second) = (Self.item(first), Self.item(second))
        #expect(try Self.digest(first).item != Self.digest(second).item)
        #expect(try !ItemComparison(first.utf8, second.utf8).areEqual)
    }

    @Test(
        "Values that look different are the same",
        arguments: [
            (#""a":{"N":"1"}"#, #""a":{"N":"0.10E+1"}"#), (#""a":{"N":"0"}"#, #""a":{"N":"-0.00e9"}"#),
            (#""a":{"N":"1e125"}"#, #""a":{"N":"1\#(String(repeating: "0", count: 125))"}"#),
            (#""a":{"B":"QQ=="}"#, #""a":{"B":"QR"}"#), (#""a":{"B":"//79"}"#, #""a":{"B":"\/\/79"}"#),
            (#""a":{"S":"\ud83d\ude00"}"#, #""a":{"S":"😀"}"#), (#""a":{"NS":["1","2.0"]}"#, #""a":{"NS":["2","1e0"]}"#),
            (#""a":{"NULL":true}"#, #""a":{"NULL":true},"aws:rep:updatetime":{"N":"1"}"#),
            (#""aws:rep:x":{"S":"1"}"#, #""aw\u0073:rep:y":{"S":"2"}"#), (#""a":{"X":"1"}"#, #""a":{"X":"1"}"#),
        ]
    )
    func same(first: String, second: String) throws {
        let (first, second) = (Self.item(first), Self.item(second))
        #expect(try Self.digest(first) == Self.digest(second))
        #expect(try ItemComparison(first.utf8, second.utf8).areEqual)
    }

    @Test("Attributes named aws:rep inside of maps count like any other")
    func nestedReplicationNames() throws {
        let first = Self.item(#""m":{"M":{"aws:rep:x":{"N":"1"}}}"#)
        let second = Self.item(#""m":{"M":{"aws:rep:x":{"N":"2"}}}"#)
        #expect(try Self.digest(first).item != Self.digest(second).item)
        #expect(try !ItemComparison(first.utf8, second.utf8).areEqual)
    }

    @Test("Seeds give digests that have nothing to do with each other")
    func seeds() throws {
        let text = Self.item(#""a":{"S":"x"}"#)
        let key = ItemKey(partitionKey: "pk", sortKey: "sk")
        let other = ItemDigester(key: key)
        #expect(try Self.digest(text) != Self.digest(text, by: other))
        let seed = ItemDigester.Seed()
        #expect(
            try Self.digest(text, by: ItemDigester(key: key, seed: seed))
                == Self.digest(text, by: ItemDigester(key: key, seed: seed))
        )
    }

    @Test(
        "What is no item, or lacks its key, is refused",
        arguments: [
            "", "{}", #"{"pk":{"S":"a"}}"#, #"{"pk":{"S":"a"},"sk":{"N":"1"}}}"#, #"{"pk":{"S":"a"},"sk":{"N":"x"}}"#,
            #"{"pk":{"S":"a"},"sk":{"N":""}}"#,
            #"{"pk":{"S":"a"},"sk":{"N":"123456789012345678901234567890123456789"}}"#,
            #"{"pk":{"S":"a"},"sk":{"N":"1"},"s":{"SS":[1]}}"#, #"{"pk":{"S":"a"},"sk":{"N":"1"},"s":{"L":["a"]}}"#,
            #"{"pk":{"S":"a"},"sk":{"N":"1"},"n":{"N":"1e999999999999999999999"}}"#,
        ]
    )
    func malformed(text: String) {
        #expect(throws: JSONScanError.self) { try Self.digest(text) }
    }

    @Test("Nesting that DynamoDB does not allow ends in an error, not in the stack's end")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            Self.item(
                "\"a\":" + String(repeating: "{\"L\":[", count: depth) + "{\"NULL\":true}"
                    + String(repeating: "]}", count: depth)
            )
        }
        _ = try Self.digest(nested(32))
        #expect(try ItemComparison(nested(32).utf8, nested(32).utf8).areEqual)
        #expect(throws: JSONScanError.self) { try Self.digest(nested(5_000)) }
        #expect(throws: JSONScanError.self) { try ItemComparison(nested(5_000).utf8, nested(5_000).utf8) }
    }

    @Test("SipHash-1-3 with 128 bits gives what OpenSSL gives", arguments: [7, 15, 39])
    func sipHash(length: Int) {
        // openssl mac -macopt hexkey:000102…0f -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:16 SIPHASH of 00 01 02 …
        let expected: [Int: UInt128] = [
            7: 0x77AB_4808_C82E_2FA6_C3E0_AAF2_23B9_8410, 15: 0x0901_7E1E_ECCD_2129_6C52_BDB2_0555_7EC1,
            39: 0x6CB4_BD2A_D80C_9DCA_46C6_DB83_3724_B881,
        ]
        let message = (0..<UInt8(length)).map { $0 }
        var hash = SipHash128(SipHash128.Key(low: 0x0706_0504_0302_0100, high: 0x0F0E_0D0C_0B0A_0908))
        message.withUnsafeBytes { hash.combine($0, 0..<length - 7) }
        let last = message.suffix(7).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        #expect(hash.digest(last: last) == expected[length])
    }

    @Test("Bytes are hashed the same wherever they lie in memory")
    func alignment() {
        let key = SipHash128.Key(low: 1, high: 2)
        let content: [UInt8] = (0..<37).map { $0 &* 7 }
        var digests: Set<UInt128> = []
        for offset in 0..<9 {
            for padding in 0..<9 {
                let bytes = [UInt8](repeating: 0xAA, count: offset) + content + [UInt8](repeating: 0xBB, count: padding)
                var hash = SipHash128(key)
                bytes.withUnsafeBytes { hash.combine($0, offset..<offset + content.count) }
                digests.insert(hash.digest(last: 0))
            }
        }
        #expect(digests.count == 1)
    }

    @Test("The comparison names the attributes that differ, on which side they stand, in order")
    func comparison() throws {
        let first = Self.item(#""z":{"S":"1"},"only":{"S":"1"},"ä":{"M":{"x":{"N":"1"}}},"same":{"N":"1.0"}"#)
        let second = Self.item(#""z":{"S":"2"},"same":{"N":"1"},"ä":{"M":{"x":{"N":"2"}}},"new":{"S":"1"}"#)
        let comparison = try ItemComparison(first.utf8, second.utf8)
        #expect(comparison.onlyInFirst == ["only"] && comparison.onlyInSecond == ["new"])
        #expect(comparison.different == ["z", "ä"] && !comparison.areEqual)
        #expect(throws: JSONScanError.self) { try ItemComparison(Self.item(#""pk":{"S":"b"}"#).utf8, first.utf8) }
    }

    @Test("An item's key is its key attributes, partition key first, values as they are written")
    func itemKey() throws {
        let text = #"{"sk": {"N":"1.0"},"x":{"S":"1"},"p\u006B\"":{"S":"\u0061"}}"#
        let key = ItemKey(partitionKey: "pk\"", sortKey: "sk")
        #expect(
            String(decoding: try key.key(of: text.utf8), as: UTF8.self) == #"{"pk\"":{"S":"\u0061"},"sk":{"N":"1.0"}}"#
        )
        var texts = Array("before".utf8)
        let digester = ItemDigester(key: key)
        _ = try Array(text.utf8).withUnsafeBytes { try digester.digest($0, appendingKeyTo: &texts) }
        #expect(String(decoding: texts, as: UTF8.self) == #"before{"pk\"":{"S":"\u0061"},"sk":{"N":"1.0"}}"#)
        #expect(throws: JSONScanError.self) { try ItemKey(partitionKey: "other").key(of: text.utf8) }
    }
}
