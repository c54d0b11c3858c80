import AWSCore
import FoundationEssentials
import Testing

@Suite("The process's environment")
struct ProcessEnvironmentTests {
    @Test("Foundation reads the same variables")
    func oracle() {
        let variables = ProcessEnvironment.variables()
        #expect(variables["PATH"] != nil)
        #expect(variables == ProcessInfo.processInfo.environment)
    }
}
