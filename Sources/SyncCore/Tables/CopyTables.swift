package import AWSCore

/// The two tables of a copy as DescribeTable shows them, and what must be true of them before anything is written.
package struct CopyTables: Sendable {
    package let source: TableDescription
    package let target: TableDescription
    /// Names of the key attributes: the partition key, then the sort key if there is one.
    package let keyNames: [String]
    /// What identifies an item in both.
    let key: ItemKey

    /// Looks at both tables.
    ///
    /// - Throws: ``CopyError`` when they cannot be source and target of a copy; ``TableSideError``.
    package init(source: TableSide, target: TableSide) async throws {
        async let sourceDescription = Self.describeSource(source)
        async let targetDescription = Self.describeTarget(target)
        let sourceTable = try await sourceDescription
        guard let targetTable = try await targetDescription else {
            throw CopyError.targetMissing(table: target.name, region: target.region.name)
        }
        try self.init(source: sourceTable, target: targetTable)
    }

    /// - Throws: ``CopyError`` when they cannot be source and target of a copy.
    init(source: TableDescription, target: TableDescription) throws {
        self.source = source
        self.target = target
        keyNames = Self.keys(of: self.source).map(\.name)
        key = ItemKey(partitionKey: keyNames.first ?? "", sortKey: keyNames.count > 1 ? keyNames[1] : nil)
        try check()
    }

    static func describeSource(_ source: TableSide) async throws -> TableDescription {
        try await TableSideError.naming(.source) { try await source.dynamoDB.describeTable(source.table) }
    }

    /// `nil` when there is no such table.
    static func describeTarget(_ target: TableSide) async throws -> TableDescription? {
        try await TableSideError.naming(.target) {
            do {
                return try await target.dynamoDB.describeTable(target.table)
            } catch let error as AWSError where error.code == "ResourceNotFoundException" {
                return nil
            }
        }
    }

    private func check() throws {
        // The id alone tells: behind other endpoints there may be another table of the same ARN.
        if source.id.map({ $0 == target.id }) ?? (source.arn == target.arn) {
            throw CopyError.sameTable(arn: source.arn)
        }
        try Self.requireReadable(source)
        guard ["ACTIVE", "UPDATING"].contains(target.status) else {
            throw CopyError.targetNotWritable(table: target.name, status: target.status)
        }
        let keys = (Self.keys(of: source), Self.keys(of: target))
        guard keys.0 == keys.1 else {
            throw CopyError.keysDiffer(source: Self.text(keys.0), target: Self.text(keys.1))
        }
    }

    /// DynamoDB serves a table also while it is being changed.
    static func requireReadable(_ source: TableDescription) throws {
        guard ["ACTIVE", "UPDATING"].contains(source.status) else {
            throw CopyError.sourceNotReadable(table: source.name, status: source.status)
        }
    }

    /// A key that no item has, unless somebody wants to be in our way; for calls that shall find nothing.
    var unusedKey: [UInt8] {
        let values: [String: JSONValue] = [
            "S": ["S": "sync-table-probe-6f1c5d"], "N": ["N": "-6.0102030405060708e-119"],
            "B": ["B": "c3luYy10YWJsZS1wcm9iZQ=="],
        ]
        return JSONValue.object(
            JSONObject(Self.keys(of: target).map { ($0.name, values[$0.type] ?? ["S": "sync-table-probe"]) })
        ).serialized()
    }

    struct Key: Equatable {
        var name: String
        /// `S`, `N` or `B`.
        var type: String

        static func == (left: Key, right: Key) -> Bool {
            left.name.utf8.elementsEqual(right.name.utf8) && left.type == right.type
        }
    }

    static func keys(of table: TableDescription) -> [Key] {
        let types = (table.json["AttributeDefinitions"]?.array ?? []).map {
            ($0["AttributeName"]?.string ?? "", $0["AttributeType"]?.string ?? "?")
        }
        return (table.json["KeySchema"]?.array ?? []).map { element in
            let name = element["AttributeName"]?.string ?? ""
            return Key(name: name, type: types.first { $0.0.utf8.elementsEqual(name.utf8) }?.1 ?? "?")
        }
    }

    private static func text(_ keys: [Key]) -> String {
        keys.map { "\($0.name) (\($0.type))" }.joined(separator: ", ")
    }
}

extension TableSide {
    /// Whether the table holds no item; DescribeTable's number is hours old.
    package func isEmpty() async throws -> Bool {
        try await dynamoDB.scan(table: table, limit: 1, consistentRead: true).scannedCount == 0
    }
}
