package import AWSCore

/// A table of ``FakeDynamoDB``: its items in the order in which Scan gives them, and its stream.
package struct FakeDynamoDBTable: Sendable {
    /// Where an item stands: by the hash of its partition key, then by its sort key.
    struct Position: Sendable, Hashable {
        var hash: UInt64
        var partition: String
        /// Type and value.
        var sort: String
        var isNumber: Bool

        static func < (left: Position, right: Position) -> Bool {
            if left.hash != right.hash { return left.hash < right.hash }
            guard left.partition.utf8.elementsEqual(right.partition.utf8) else {
                return left.partition.utf8.lexicographicallyPrecedes(right.partition.utf8)
            }
            return left.isNumber
                ? FakeDynamoDBValue.numberIsLess(left.sort, right.sort)
                : left.sort.utf8.lexicographicallyPrecedes(right.sort.utf8)
        }
    }

    struct Stored: Sendable {
        var position: Position
        var item: JSONObject
        var text: [UInt8]
        var size: Int
    }

    /// One record of the table's stream.
    package struct Change: Sendable {
        package var key: JSONObject
        package var old: JSONObject?
        package var new: JSONObject?
    }

    package struct Key: Sendable {
        package var name: String
        /// `S`, `N` or `B`.
        package var type: String

        package init(_ name: String, _ type: String) {
            self.name = name
            self.type = type
        }
    }

    package let name: String
    package let keys: [Key]
    /// Types that attributes must have because they are keys of an index.
    package var indexKeys: [Key] = []
    /// Secondary indexes into which every item goes; each costs as much as the table.
    package var secondaryIndexes = 0
    /// Decides the order of hashes: tables of different seeds give the same items in different orders.
    ///
    /// To be set while the table is empty.
    package var hashSeed: UInt64 = 0
    package var status = "ACTIVE"
    package var id: String
    /// The rest of what CreateTable got, for DescribeTable.
    package var settings: JSONObject = [:]
    package var timeToLive: JSONObject?
    package var tags: [JSONValue] = []
    /// Everything that was changed, in order.
    package private(set) var changes: [Change] = []
    private(set) var items: [Stored] = []

    package init(_ name: String, keys: [Key], id: String) {
        self.name = name
        self.keys = keys
        self.id = id
    }

    package var count: Int { items.count }

    /// Every item, in the order of Scan.
    package var allItems: [JSONObject] { items.map(\.item) }

    /// - Returns: `nil` when a key attribute is missing or of another type.
    func position(of item: JSONObject) -> Position? {
        var values: [String] = []
        for key in keys {
            guard let value = item[key.name]?[key.type]?.string, item[key.name]?.object?.count == 1, !value.isEmpty
            else { return nil }
            values.append(key.type == "N" ? FakeDynamoDBValue.number(value) : value)
        }
        // FNV-1a with a mix: the same in every process.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ hashSeed
        for byte in values[0].utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 29) &* 0xBF58_476D_1CE4_E5B9
        return Position(
            hash: hash ^ hash >> 32,
            partition: values[0],
            sort: values.count > 1 ? values[1] : "",
            isNumber: keys.count > 1 && keys[1].type == "N"
        )
    }

    func keyOnly(_ item: JSONObject) -> JSONObject {
        JSONObject(keys.compactMap { key in item[key.name].map { (key.name, $0) } })
    }

    /// The first place whose position is not before.
    func lowerBound(_ position: Position) -> Int {
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if items[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func place(of position: Position) -> Int? {
        let place = lowerBound(position)
        return place < items.count && !(position < items[place].position) ? place : nil
    }

    package subscript(key: JSONObject) -> JSONObject? {
        position(of: key).flatMap { place(of: $0) }.map { items[$0].item }
    }

    /// Stores an item as it is; for tests that set a table up, and for PutItem.
    ///
    /// - Returns: what was there before.
    @discardableResult
    package mutating func put(_ item: JSONObject) -> JSONObject? {
        guard let position = position(of: item) else { return nil }
        let stored = Stored(
            position: position,
            item: item,
            text: JSONValue.object(item).serialized(),
            size: FakeDynamoDBValue.size(ofItem: item)
        )
        let place = lowerBound(position)
        guard place < items.count, !(position < items[place].position) else {
            items.insert(stored, at: place)
            changes.append(Change(key: keyOnly(item), old: nil, new: item))
            return nil
        }
        let old = items[place].item
        items[place] = stored
        changes.append(Change(key: keyOnly(item), old: old, new: item))
        return old
    }

    @discardableResult
    package mutating func remove(_ key: JSONObject) -> JSONObject? {
        guard let position = position(of: key), let place = place(of: position) else { return nil }
        let old = items.remove(at: place).item
        changes.append(Change(key: keyOnly(old), old: old, new: nil))
        return old
    }

    /// In how far this table's items are not those of another: a line for each key that differs.
    package func differences(from other: FakeDynamoDBTable) -> [String] {
        var lines: [String] = []
        var (left, right) = (items[...], other.items[...])
        while left.first != nil || right.first != nil {
            switch (left.first, right.first) {
            case (let mine?, let theirs?) where !(mine.position < theirs.position || theirs.position < mine.position):
                if !FakeDynamoDBValue.equalItems(.object(mine.item), .object(theirs.item)) {
                    lines.append("changed: \(Self.text(mine.item)) is \(Self.text(theirs.item))")
                }
                left.removeFirst()
                right.removeFirst()
            case (let mine?, let theirs) where theirs.map({ mine.position < $0.position }) ?? true:
                lines.append("missing: \(Self.text(mine.item))")
                left.removeFirst()
            default:
                lines.append("extra: \(right.first.map { Self.text($0.item) } ?? "")")
                right.removeFirst()
            }
        }
        return lines
    }

    private static func text(_ item: JSONObject) -> String {
        String(String(decoding: JSONValue.object(item).serialized(), as: UTF8.self).prefix(200))
    }
}
