import AWSTesting
import Foundation
import Testing

@testable import AWSCore

/// Checks against random values; a failure names the seed, which repeats it.
@Suite("JSON properties")
struct JSONPropertyTests {
    private static let seeds = (0..<200).map { _ in UInt64.random(in: .min ... .max) }

    @Test("Text and back gives the same value in every layout", arguments: seeds)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = JSONValue.random(depth: 5, using: &generator)
        for layout in [JSONValue.Layout.compact, .pretty] {
            #expect(try JSONValue(parsing: value.serialized(layout)) == value, "seed \(seed)")
        }
        let sorted = value.serialized(.compact, keys: .sorted)
        #expect(try JSONValue(parsing: sorted).serialized(.compact, keys: .sorted) == sorted, "seed \(seed)")
    }

    @Test("Another parser reads the same out of our text", arguments: seeds)
    func oracle(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = JSONValue.random(depth: 4, using: &generator)
        let decoded = try JSONDecoder().decode(DecodedJSON.self, from: Data(value.serialized(.pretty)))
        #expect(decoded.matches(value), "seed \(seed)")
    }

    @Test("Damaged text is refused exactly where Python's parser refuses it", .enabled(if: PythonJSON.isAvailable))
    func damage() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let replacements = Array(#"{}[]:,"\0123456789.-+eEtrufalsn x"#.utf8)
        let texts = (0..<2_000).map { _ in
            var bytes = JSONValue.random(depth: 3, using: &generator).serialized(.compact)
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    replacements[Int.random(in: 0..<replacements.count, using: &generator)]
            }
            return bytes
        }
        let expected = try PythonJSON.accepts(texts)
        #expect(expected.count == texts.count)
        for (text, isAccepted) in zip(texts, expected) {
            let ours = (try? JSONValue(parsing: text)) != nil
            #expect(ours == isAccepted, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
        }
        #expect(
            expected.contains(true) && expected.contains(false),
            "the damage should be neither always fatal nor never"
        )
    }
}

/// Python's `json` as a second opinion: unlike Foundation's it refuses trailing commas and takes every exponent.
private enum PythonJSON {
    static let isAvailable = (try? accepts([Array("1".utf8)])) == [true]

    private static let script = """
        import json, sys
        def unique(pairs):
            if len({key for key, _ in pairs}) < len(pairs):
                raise ValueError("repeated name")
            return dict(pairs)
        def no_constant(name):
            raise ValueError(name)
        for line in open(sys.argv[1]):
            try:
                value = json.loads(bytes.fromhex(line).decode(), object_pairs_hook=unique, parse_constant=no_constant)
                json.dumps(value, ensure_ascii=False).encode()
                print("1", end="")
            except ValueError:
                print("0", end="")
        """

    /// Whether Python accepts each text.
    static func accepts(_ texts: [[UInt8]]) throws -> [Bool] {
        let file = FileManager.default.temporaryDirectory.appending(path: "json-\(UUID().uuidString).hex")
        let lines = texts.map { $0.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined() }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script, file.path]
        let output = Pipe()
        python.standardOutput = output
        try python.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        python.waitUntilExit()
        return answer.map { $0 == UInt8(ascii: "1") }
    }
}

extension JSONValue {
    fileprivate static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .number(JSONNumber(Int.random(in: -1_000_000...1_000_000, using: &generator)))
        case 3:
            let texts = ["0.5", "-1.25e3", "1E-7", "12345678901234567890123456789", "-0", "1e10", "0.000"]
            return .number(JSONNumber(texts[Int.random(in: 0..<texts.count, using: &generator)]) ?? JSONNumber(0))
        case 4: return .string(randomString(using: &generator))
        case 5:
            let count = Int.random(in: 0...5, using: &generator)
            return .array((0..<count).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            let count = Int.random(in: 0...5, using: &generator)
            return .object(
                JSONObject(
                    (0..<count).map { index in
                        ("\(index)" + randomString(using: &generator), random(depth: depth - 1, using: &generator))
                    }
                )
            )
        }
    }

    private static func randomString(using generator: inout SeededGenerator) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "Z", "0", "\"", "\\", "/", "\n", "\t", "\r", "\u{0}", "\u{1f}", "\u{7f}", "é", "中", "\u{301}",
            "\u{2028}", "😀", "{",
        ]
        var string = ""
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            string.unicodeScalars.append(scalars[Int.random(in: 0..<scalars.count, using: &generator)])
        }
        return string
    }
}

/// What Foundation's decoder makes of a text.
private enum DecodedJSON: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([DecodedJSON])
    case object([String: DecodedJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode([DecodedJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: DecodedJSON].self))
        }
    }

    func matches(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right.double
        case (.string(let left), .string(let right)): Array(left.utf8) == Array(right.utf8)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.matches($1) }
        case (.object(let left), .object(let right)):
            left.count == right.count && right.members.allSatisfy { left[$0.key]?.matches($0.value) == true }
        default: false
        }
    }
}
