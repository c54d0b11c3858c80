package import AWSCore

/// The two tables of a copy as DescribeTable shows them, and what must be true of them before anything is written.
package struct CopyTables: Sendable {
    package let source: TableDescription
    package let target: TableDescription
    /// Names of the key attributes: the partition key, then the sort key if there is one.
    package let keyNames: [String]

    /// Looks at both tables.
    ///
    /// - Throws: ``CopyError`` when they cannot be source and target of a copy; ``AWSError``.
    package init(source: TableSide, target: TableSide) async throws {
        async let sourceDescription = source.dynamoDB.describeTable(source.table)
        async let targetDescription = Self.describeTarget(target)
        self.source = try await sourceDescription
        guard let description = try await targetDescription else {
            throw CopyError.targetMissing(table: target.name, region: target.region.name)
        }
        self.target = description
        keyNames = Self.keys(of: self.source).map(\.name)
        try check()
    }

    /// `nil` when there is no such table.
    static func describeTarget(_ target: TableSide) async throws -> TableDescription? {
        do {
            return try await target.dynamoDB.describeTable(target.table)
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return nil
        }
    }

    private func check() throws {
        // The id alone tells: behind other endpoints there may be another table of the same ARN.
        if source.id.map({ $0 == target.id }) ?? (source.arn == target.arn) {
            throw CopyError.sameTable(arn: source.arn)
        }
        // DynamoDB serves a table while it is being changed.
        guard ["ACTIVE", "UPDATING"].contains(source.status) else {
            throw CopyError.sourceNotReadable(table: source.name, status: source.status)
        }
        guard ["ACTIVE", "UPDATING"].contains(target.status) else {
            throw CopyError.targetNotWritable(table: target.name, status: target.status)
        }
        let keys = (Self.keys(of: source), Self.keys(of: target))
        guard keys.0 == keys.1 else {
            throw CopyError.keysDiffer(source: Self.text(keys.0), target: Self.text(keys.1))
        }
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
