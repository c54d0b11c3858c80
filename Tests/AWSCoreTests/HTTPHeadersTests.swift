import AWSCore
import Testing

@Suite("HTTP headers")
struct HTTPHeadersTests {
    @Test("Names compare without regard to case and keep their order")
    func namesIgnoreCase() {
        var headers: HTTPHeaders = ["Content-Type": "text/plain", "X-A": "1"]
        headers.add("x-a", "2")
        #expect(headers["content-type"] == "text/plain")
        #expect(headers["X-a"] == "1")
        headers["x-A"] = "3"
        #expect(headers.fields.map(\.value) == ["text/plain", "3"])
        headers["x-a"] = nil
        #expect(headers.fields.count == 1)
    }
}
