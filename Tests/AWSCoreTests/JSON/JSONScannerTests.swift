import AWSTesting
import Testing

@testable import AWSCore

@Suite("Walking JSON text in place")
struct JSONScannerTests {
    /// What the scanner says of a whole text: `nil` when it is well formed.
    private static func failure(_ text: [UInt8]) -> JSONScanError? {
        text.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            do throws(JSONScanError) {
                try scanner.skipValue()
                try scanner.requireEnd()
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("What the parser takes the scanner takes, and what it refuses is refused", arguments: [1, 2, 3] as [UInt64])
    func agreesWithParser(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Pieces that often make valid JSON, and as often nearly so.
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "\"\\u00e4\\n\"", "\"\\x\"", "\"\\u12\"", "1", "-0.5e+7",
            "01",
            "true", "false", "null", "nul", " ", "\n", "{\"S\":\"b\"}", "{\"N\":\"1\"}", "{\"S\":\"b\",", "\"k\":",
            "\"0123456789abcdef\\\\\"", "\"a\u{1}\"", "\"", "\\",
        ]
        var valid = 0
        for _ in 0..<60_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...9, using: &random) {
                text += pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            let bytes = Array(text.utf8)
            let parsed = Result { () throws(JSONSyntaxError) in try JSONValue(parsing: bytes) }
            let failure = Self.failure(bytes)
            switch parsed {
            case .success:
                valid += 1
                #expect(failure == nil, "\(text) seed \(seed)")
            case .failure(let error):
                // The scanner leaves names that stand twice and surrogates to others.
                if error.message.contains("stands twice") || error.message.contains("surrogate") { continue }
                #expect(failure != nil, "\(text) seed \(seed)")
            }
        }
        #expect(valid > 1000)
    }

    @Test("Every text cut short is refused, and no byte behind the end is read")
    func cutShort() {
        let text = Array(
            #"{"pk":{"S":"a\"b\u00e4"},"m":{"M":{"x":{"L":[{"N":"1"},{"BOOL":true},{"NULL":true}]}}},"e":{}}"#.utf8
        )
        #expect(Self.failure(text) == nil)
        for length in 0..<text.count {
            #expect(Self.failure(Array(text.prefix(length))) != nil, "\(length)")
        }
    }

    @Test("A string ends at its quote wherever that lies within a word, whatever bytes stand before it")
    func stringEnds() throws {
        for length in 0...40 {
            for byte in [0x21, 0x20, 0x7F, 0x80, 0xA2, 0xDC, 0xFF] as [UInt8] {
                let text = [UInt8(ascii: "\"")] + Array(repeating: byte, count: length) + Array("\",\"".utf8)
                let place = try text.withUnsafeBytes { bytes in
                    var scanner = JSONScanner(bytes)
                    return try scanner.skipString()
                }
                #expect(place.content == 1..<length + 1 && !place.hasEscapes)
            }
            for control in 0..<0x20 as Range<UInt8> {
                let text = [UInt8(ascii: "\"")] + Array(repeating: 0xFF, count: length) + [control] + Array("\"".utf8)
                #expect(Self.failure(text)?.offset == length + 1)
            }
        }
    }

    @Test("Depth is limited, and an endless nesting costs no stack")
    func depth() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(Self.failure(nested(128)) == nil)
        #expect(Self.failure(nested(129))?.offset == 129)
        #expect(Self.failure(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) != nil)
    }

    @Test("Strings are unescaped as the parser does it; halves of surrogate pairs stay apart")
    func unescaping() throws {
        for text in [#""""#, #""plain""#, #""\"\\\/\b\f\n\r\t""#, #""\u0041\u00e4\u20ac\ud83d\ude00x""#] {
            let bytes = Array(text.utf8)
            let expected = try #require(JSONValue(parsing: bytes).string)
            let found = bytes.withUnsafeBytes { JSONStringBytes.unescaped($0, 1..<bytes.count - 1) }
            #expect(String(decoding: found, as: UTF8.self) == expected)
        }
        func unescaped(_ text: String) -> [UInt8] {
            Array(text.utf8).withUnsafeBytes { JSONStringBytes.unescaped($0, 0..<$0.count) }
        }
        #expect(unescaped("\\ud83d") == [0xED, 0xA0, 0xBD])
        #expect(unescaped("\\ud83d\\ud83d") != unescaped("\\ud83d\\ude00"))
        #expect(unescaped("\\ud83d\\u0041") == [0xED, 0xA0, 0xBD, 0x41])
    }
}
