import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("Bytes of every length come back, and Foundation writes the same text")
    func roundTrip() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let text = Base64.string(bytes)
            #expect(text == Data(bytes).base64EncodedString(), "seed \(seed)")
            #expect(Base64.bytes(text) == bytes, "seed \(seed)")
        }
    }

    @Test(
        "What is no Base64 with its padding is refused",
        arguments: [
            "A", "AA", "AAA", "AA=", "====", "A===", "=AAA", "AA=A", " AAA", "AAA ", "AA\nA", "AA-A", "AAA\u{e9}",
        ]
    )
    func refused(text: String) {
        #expect(Base64.bytes(text) == nil)
    }
}
