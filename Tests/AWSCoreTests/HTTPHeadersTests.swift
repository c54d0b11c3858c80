import AWSTesting
import Testing

@testable import AWSCore

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

    @Test("An answer's lines give the same fields one by one as all together, whatever they hold")
    func lines() {
        var random = SeededGenerator(seed: freshSeed())
        let pieces = [
            "X-A", "x-ab", "X", "Content-Length", ":", ": ", " ", "\t", "\r\n", "\n", "12", "a:b", "é", "\u{0}",
        ]
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...14, using: &random) {
                text += pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            let headers = HTTPHeaders(lines: Array(text.utf8))
            let fields = headers.fields
            for name in ["X-A", "x-a", "X-AB", "x", "content-length", "é", "Missing"] {
                let first = fields.first { $0.name.equalsIgnoringASCIICase(name) }
                #expect(headers[name] == first?.value, "\(name) in \(text.debugDescription)")
                #expect(headers.contains(name) == (first != nil))
            }
            #expect(headers == HTTPHeaders(fields))
        }
        var changed = HTTPHeaders(lines: Array("X-A: 1\r\nX-B:2 \r\nno colon\r\nX-a:\r\n".utf8))
        #expect(changed.fields.map(\.value) == ["1", "2", ""])
        changed["x-a"] = "3"
        changed.add("X-C", "4")
        #expect(changed.fields.map(\.name) == ["X-B", "x-a", "X-C"])
    }
}
