import AWSCore
import AWSTesting
import Testing

@Suite("Searching a text for another")
struct SubstringSearchTests {
    @Test("The standard library finds the same")
    func oracle() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        func text(upTo count: Int) -> String {
            String(
                (0..<Int.random(in: 1...count, using: &generator)).map { _ in
                    "aab:".randomElement(using: &generator) ?? "a"
                }
            )
        }
        for _ in 0..<2_000 {
            let (whole, part) = (text(upTo: 12), text(upTo: 4))
            #expect(whole.firstOccurrence(of: part) == whole.firstRange(of: part), "seed \(seed): \(part) in \(whole)")
            #expect(
                whole.dropFirst(2).firstOccurrence(of: part) == whole.dropFirst(2).firstRange(of: part),
                "seed \(seed)"
            )
            #expect(whole.replacing(each: part, by: "xyz") == whole.replacing(part, with: "xyz"), "seed \(seed)")
        }
    }

    @Test("Texts outside ASCII are searched by their bytes; an empty part is nowhere")
    func edges() {
        #expect("grün".firstOccurrence(of: "ü").map { "grün"[$0] } == "ü")
        #expect("grün".firstOccurrence(of: "") == nil)
        #expect("".firstOccurrence(of: "a") == nil)
    }
}
