import AWSCore
import AWSTesting

/// Random items of every type, and changes to them that DynamoDB does or does not take for changes.
struct PlantedItems {
    static let keys = [FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "N")]

    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// An item with every type in it, so that every change finds its place.
    mutating func item(_ number: Int, padding: Int = 0) -> JSONObject {
        [
            "pk": ["S": .string("p\(number / 3) ü\"\\/\u{7}")],
            "sk": ["N": .string("\(number)")],
            "text": ["S": .string(text())],
            "number": ["N": .string(self.number())],
            "binary": ["B": .string(binary())],
            "flag": ["BOOL": .bool(Bool.random(using: &random))],
            "nothing": ["NULL": true],
            "list": ["L": [["S": .string(text())], ["N": .string(self.number())], ["M": ["x": ["S": "y"]]]]],
            "map": ["M": ["deep": ["M": ["n": ["N": .string(self.number())], "t": ["S": .string(text())]]]]],
            "strings": ["SS": ["a", "b", .string("c" + text())]],
            "numbers": ["NS": ["1", "-2.5", .string(self.number())]],
            "binaries": ["BS": ["AQ==", "AgM=", .string(binary())]],
            "padding": ["S": .string(String(repeating: "x", count: padding))],
        ]
    }

    private mutating func text() -> String {
        let alphabet = Array("ab \"\\\n\u{1F600}é日\u{0}/<")
        return String(
            (0..<Int.random(in: 0...20, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? "a"
            }
        )
    }

    private mutating func number() -> String {
        let digits = Int.random(in: 1...37, using: &random)
        return (Bool.random(using: &random) ? "-" : "") + "\(Int.random(in: 1...9, using: &random))"
            + (1..<digits).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined() + "7"
    }

    private mutating func binary() -> String {
        let bytes = (0..<Int.random(in: 1...7, using: &random)).map { _ in UInt8.random(in: 0 ... .max, using: &random)
        }
        return Base64.string(bytes)
    }

    // MARK: Changes

    /// Changes that make another item of it, by name; each with the attributes that then differ.
    static let changes: [(name: String, attributes: [String], change: @Sendable (inout JSONObject) -> Void)] = [
        ("a letter", ["text"], { $0["text"] = ["S": .string(($0["text"]?["S"]?.string ?? "") + "x")] }),
        (
            "the last digit", ["number"],
            {
                let digits = $0["number"]?["N"]?.string ?? "17"
                $0["number"] = ["N": .string(digits.dropLast() + "6")]
            }
        ),
        (
            "the sign", ["number"],
            {
                let digits = $0["number"]?["N"]?.string ?? "17"
                $0["number"] = ["N": .string(digits.hasPrefix("-") ? String(digits.dropFirst()) : "-" + digits)]
            }
        ),
        ("the exponent", ["number"], { $0["number"] = ["N": .string(($0["number"]?["N"]?.string ?? "1") + "E1")] }),
        ("a byte", ["binary"], { $0["binary"] = ["B": $0["binary"] == ["B": "AQ=="] ? "AA==" : "AQ=="] }),
        ("the type, text for number", ["number"], { $0["number"] = ["S": $0["number"]?["N"] ?? ""] }),
        ("the type, binary for text", ["text"], { $0["text"] = ["B": "YQ=="] }),
        ("a boolean", ["flag"], { $0["flag"] = ["BOOL": .bool($0["flag"]?["BOOL"] == false)] }),
        ("NULL for false", ["nothing"], { $0["nothing"] = ["BOOL": false] }),
        ("an attribute less", ["nothing"], { $0["nothing"] = nil }),
        ("an attribute more", ["new"], { $0["new"] = ["NULL": true] }),
        ("an empty text more", ["new"], { $0["new"] = ["S": ""] }),
        ("the order of a list", ["list"], { $0["list"] = ["L": .array(($0["list"]?["L"]?.array ?? []).reversed())] }),
        ("the end of a list", ["list"], { $0["list"] = ["L": .array(($0["list"]?["L"]?.array ?? []).dropLast())] }),
        ("a deep member", ["map"], { $0["map"] = ["M": ["deep": ["M": ["n": ["N": "0"]]]]] }),
        ("an element of a set of strings", ["strings"], { $0["strings"] = ["SS": ["a", "b"]] }),
        ("an element of a set of numbers", ["numbers"], { $0["numbers"] = ["NS": ["1", "-2.5"]] }),
        ("an element of a set of binaries", ["binaries"], { $0["binaries"] = ["BS": ["AQ==", "AgM="]] }),
        (
            "list for set", ["strings"],
            {
                $0["strings"] = ["L": .array(($0["strings"]?["SS"]?.array ?? []).map { ["S": $0] })]
            }
        ),
        (
            "the name's case", ["Text", "text"],
            {
                $0["Text"] = $0["text"]
                $0["text"] = nil
            }
        ),
    ]

    /// Changes of the writing that leave the item what it is.
    static let rewritings: [(name: String, change: @Sendable (inout JSONObject) -> Void)] = [
        ("the order of attributes", { $0 = JSONObject($0.members.reversed().map { ($0.key, $0.value) }) }),
        (
            "a number with an exponent",
            {
                $0["number"] = ["N": .string(($0["number"]?["N"]?.string ?? "1") + "0E-1")]
            }
        ),
        (
            "a number with a fraction of zeros",
            {
                $0["number"] = ["N": .string(($0["number"]?["N"]?.string ?? "1") + ".00")]
            }
        ),
        (
            "the order of a set of strings",
            {
                $0["strings"] = ["SS": .array(($0["strings"]?["SS"]?.array ?? []).reversed())]
            }
        ),
        (
            "the order of a set of numbers, written otherwise",
            {
                $0["numbers"] = [
                    "NS": .array(
                        ($0["numbers"]?["NS"]?.array ?? []).reversed().map {
                            .string(($0.string ?? "") + "e0")
                        }
                    )
                ]
            }
        ),
        (
            "the order of a set of binaries",
            {
                $0["binaries"] = ["BS": .array(($0["binaries"]?["BS"]?.array ?? []).reversed())]
            }
        ),
        (
            "a binary without padding",
            {
                $0["binary"] = ["B": .string(($0["binary"]?["B"]?.string ?? "").filter { $0 != "=" })]
            }
        ),
        ("a record of replication", { $0["aws:rep:updatetime"] = ["N": "17.5"] }),
        ("the key's number", { $0["sk"] = ["N": .string(($0["sk"]?["N"]?.string ?? "") + ".0")] }),
    ]
}
