import AWSCore
import Testing

@testable import SyncCore

@Suite("Canaries")
struct CanaryItemTests {
    private static let id = "8c4c1f2e-1d0b-4a35-9f0e-3c1b1f0d6a77"

    private func canary(_ keys: [(String, String)], _ filter: String?) throws -> CanaryItem? {
        CanaryItem(
            keys: keys.map { CopyTables.Key(name: $0.0, type: $0.1) },
            filter: try filter.map { try ItemFilter(parsing: $0) },
            id: Self.id
        )
    }

    @Test("fit every type of key, and cannot be mistaken")
    func keys() throws {
        let item = try #require(try canary([("p", "S"), ("s", "N")], nil))
        let key = try JSONValue(parsing: item.key)
        #expect(key["p"]?["S"]?.string == "sync-canary-\(Self.id)")
        #expect(key["s"]?["N"]?.string?.hasPrefix("-9") == true && key["s"]?["N"]?.string?.utf8.count == 34)
        let binary = try #require(try canary([("p", "B")], nil))
        let bytes = try JSONValue(parsing: binary.key)["p"]?["B"]?.string.flatMap { Base64.bytes($0) }
        #expect(bytes == Array("sync-canary-\(Self.id)".utf8))
    }

    @Test(
        "meet conditions of every kind",
        arguments: [
            "kind = 'order'", "kind <> 'order'", "n > 5", "n >= 5 AND n < 7", "n BETWEEN 2 AND 3", "n IN (7, 8)",
            "NOT n > 5", "attribute_exists(a.b) AND a.c = 'x'", "attribute_not_exists(gone) AND state = 'open'",
            "attribute_type(a, 'NS')", "begins_with(name, 'A')", "contains(tags, 'x') AND contains(list, 3)",
            "size(name) = 5", "size(name) > 3", "(kind = 'a' OR kind = 'b') AND NOT (n = 1 OR n < 0)",
            "p > 'order#' AND active = true", "begins_with(p, 'order#')", "day < '2026-01-01'", "x = null", "5 < n",
            "n > 5 AND n < 6",
        ]
    )
    func conditions(condition: String) throws {
        let item = try canary([("p", "S")], condition)
        // Between 5 and 6 a number would have to be thought of that nobody wrote down.
        guard condition != "n > 5 AND n < 6" else { return #expect(item == nil) }
        let canary = try #require(item, "\(condition)")
        #expect(try ItemFilter(parsing: condition).matches(canary.item[...]))
        #expect(canary.name.contains("sync-canary-\(Self.id)"))
    }

    @Test("are not made where their key would be somebody else's")
    func mistakable() throws {
        #expect(try canary([("p", "S")], "p = 'x'") == nil)
        #expect(try canary([("p", "N")], "p = 7") == nil)
        #expect(try canary([("p", "S")], "p = 7") == nil)
        // With a sort key of its own it is.
        let item = try #require(try canary([("p", "S"), ("s", "S")], "p = 'x' AND n = 1"))
        let key = try JSONValue(parsing: item.key)
        #expect(key["p"]?["S"]?.string == "x" && key["s"]?["S"]?.string?.hasPrefix("sync-canary-") == true)
    }
}
