import Terminal
import Testing

@Suite("Exit codes")
struct ExitStatusTests {
    @Test("Codes are the documented ones")
    func codes() {
        #expect(ExitStatus.usage.rawValue == 64)
        #expect(ExitStatus.interrupted.rawValue == 130)
    }
}
