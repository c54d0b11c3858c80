import AWSCore
import BackupCore

/// An item that nobody else has, made to be seen at a target and deleted again.
struct CanaryItem: Sendable, Equatable {
    /// JSON texts.
    var key: [UInt8]
    var item: [UInt8]
    /// The key for people.
    var name: String { String(decoding: key, as: UTF8.self) }

    /// The attribute that tells what the item is.
    static let attribute = "sync-canary"
    /// What its own keys begin with.
    static let prefix = "sync-canary-"

    /// - Parameters:
    ///   - keys: of the table, with their types.
    ///   - filter: what the target wants of an item.
    ///   - id: random, in the form of a UUID.
    /// - Returns: `nil` when no item could be thought of that belongs into the target and whose key is unmistakable.
    init?(keys: [CopyTables.Key], filter: ItemFilter?, id: String) {
        let text = Self.prefix + id
        let drafts = filter.map { FilterSample($0, suffix: text).drafts } ?? [[]]
        for draft in drafts {
            guard let found = Self.item(draft, keys, text, id) else { continue }
            let bytes = JSONValue.object(found.item).serialized()
            guard (try? filter?.matches(bytes[...])) ?? (filter == nil) else { continue }
            key = JSONValue.object(found.key).serialized()
            item = bytes
            return
        }
        return nil
    }

    private static func item(
        _ draft: FilterSample.Draft,
        _ keys: [CopyTables.Key],
        _ text: String,
        _ id: String
    ) -> (item: JSONObject, key: JSONObject)? {
        var item: JSONObject = [:]
        for (name, value) in draft {
            // Two conditions on members of one map.
            if let old = item[name]?["M"]?.object, let new = value["M"]?.object {
                item[name] = ["M": .object(JSONObject((old.members + new.members).map { ($0.key, $0.value) }))]
            } else {
                item[name] = value
            }
        }
        var key: JSONObject = [:]
        var isUnmistakable = false
        for element in keys {
            if let wanted = item[element.name] {
                guard let value = wanted[element.type]?.string, !value.isEmpty else { return nil }
                isUnmistakable = isUnmistakable || value.hasSuffix(text)
            } else {
                item[element.name] = [element.type: .string(own(element.type, text, id))]
                isUnmistakable = true
            }
            key[element.name] = item[element.name]
        }
        guard isUnmistakable else { return nil }
        if item[attribute] == nil {
            item[attribute] = ["S": "made by sync cutover to see it arrive; it may be deleted"]
        }
        return (item, key)
    }

    private static func own(_ type: String, _ text: String, _ id: String) -> String {
        switch type {
        // 33 digits; a number of DynamoDB holds 38.
        case "N": "-9" + id.utf8.filter { $0 != UInt8(ascii: "-") }.map { "\($0 % 10)" }.joined()
        case "B": Base64.string(text.utf8)
        default: text
        }
    }
}
