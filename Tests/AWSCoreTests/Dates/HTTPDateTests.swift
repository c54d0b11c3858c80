import AWSCore
import FoundationEssentials
import Testing

@Suite("Dates of HTTP header fields")
struct HTTPDateTests {
    @Test("The form that AWS sends is read")
    func read() {
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == Date(timeIntervalSince1970: 784_111_777))
        #expect(HTTPDate.parse("Thu, 29 Feb 2024 00:00:00 GMT") == Date(timeIntervalSince1970: 1_709_164_800))
    }

    @Test(
        "Everything else is refused",
        arguments: [
            "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET",
            "Fri, 30 Feb 2024 00:00:00 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        ]
    )
    func refused(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }
}
