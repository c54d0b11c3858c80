import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("Random UUIDs")
struct RandomUUIDTests {
    @Test("Foundation reads them; they are of version 4, variant 10, and differ")
    func form() throws {
        let texts = (0..<100).map { _ in RandomUUID.make() }
        #expect(Set(texts).count == texts.count)
        for text in texts {
            let uuid = try #require(UUID(uuidString: text))
            #expect(uuid.uuid.6 >> 4 == 4 && uuid.uuid.8 >> 6 == 0b10)
            #expect(text == text.lowercased())
        }
    }

    @Test("All other bits are those that were given")
    func bits() {
        #expect(RandomUUID.string(high: .max, low: .max) == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        #expect(
            RandomUUID.string(high: 0x0123_4567_89ab_cdef, low: 0x0123_4567_89ab_cdef)
                == "01234567-89ab-4def-8123-456789abcdef"
        )
    }
}
