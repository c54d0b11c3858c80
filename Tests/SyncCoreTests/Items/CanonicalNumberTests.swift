import AWSTesting
import FoundationEssentials
import Testing

@testable import SyncCore

@Suite("Numbers by value")
struct CanonicalNumberTests {
    private static func number(_ text: String) -> CanonicalNumber? {
        Array(text.utf8).withUnsafeBytes { CanonicalNumber($0) }
    }

    @Test("Numbers order as Foundation's Decimal orders them", arguments: [7, 8] as [UInt64])
    func order(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func text() -> String {
            let digits = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                "\(Int.random(in: 0...9, using: &random))"
            }
            let sign = Bool.random(using: &random) ? "-" : ""
            return
                "\(sign)\(digits.joined()).\(Int.random(in: 0...99, using: &random))e\(Int.random(in: -4...4, using: &random))"
        }
        for _ in 0..<5_000 {
            let (a, b) = (text(), text())
            let (left, right) = (try #require(Self.number(a)), try #require(Self.number(b)))
            let (x, y) = (try #require(Decimal(string: a)), try #require(Decimal(string: b)))
            #expect((left < right) == (x < y) && (left == right) == (x == y), "\(a) \(b) seed \(seed)")
        }
    }

    @Test("Order holds at the ends of what DynamoDB keeps")
    func ends() throws {
        let ordered = [
            "-9.9999999999999999999999999999999999999E+125", "-1e125", "-1", "-1e-130", "0", "1E-130", "2e-130",
            "1e-129",
            "0.99999999999999999999999999999999999999", "1", "1.0000000000000000000000000000000000001", "2", "10",
            "99999999999999999999999999999999999998", "99999999999999999999999999999999999999", "1e38", "1e125",
        ]
        for (index, left) in ordered.enumerated() {
            for (other, right) in ordered.enumerated() {
                let (a, b) = (try #require(Self.number(left)), try #require(Self.number(right)))
                #expect((a < b) == (index < other) && (a == b) == (index == other), "\(left) \(right)")
            }
        }
    }

    @Test(
        "What is no number is none",
        arguments: ["", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "0x1", " 1", "1 ", "NaN", "1e1.5"]
    )
    func malformed(text: String) {
        #expect(Self.number(text) == nil)
    }
}
