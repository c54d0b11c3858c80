import Testing

@testable import AWSCore

@Suite("Ids of calls")
struct InvocationIDsTests {
    @Test("They have the form of random UUIDs, and no two are the same")
    func unique() throws {
        let clients = (0..<20).map { _ in InvocationIDs() }
        let ids = clients.flatMap { client in (0..<500).map { _ in client.make() } }
        #expect(Set(ids).count == ids.count)
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for id in ids { #expect(id.wholeMatch(of: form) != nil, "\(id)") }
    }
}
