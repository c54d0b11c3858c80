package import AWSCore
internal import BackupCore

/// The target as it is made like the source: CreateTable with all indexes, which ImportTable could not make.
package struct TargetTable: Sendable, Equatable {
    /// How the target is to be encrypted.
    package enum Encryption: Sendable, Equatable {
        /// As the source; its KMS key must be one of the target's Region and account.
        case likeSource
        case kmsKey(String)
        case dynamoDBOwned
    }

    /// The request for CreateTable.
    package let parameters: JSONObject
    /// The source's attribute for time to live.
    ///
    /// Not enabled at the target, or DynamoDB would delete items there on its
    /// own while they are still copied and kept in sync (H19).
    package let timeToLiveAttribute: String?

    /// Reads how the source is set up.
    ///
    /// - Throws: ``CopyError/foreignKey(_:)``; ``TableSchemaError``; ``AWSError``.
    package init(
        named name: String,
        in region: Region,
        like source: TableDescription,
        _ side: TableSide,
        encryption: Encryption
    ) async throws {
        async let timeToLive = side.dynamoDB.describeTimeToLive(side.table)
        async let tags = side.dynamoDB.listTags(ofTableARN: source.arn)
        var schema = try await TableSchema.read(source, client: side.dynamoDB.client, region: side.region)
            .renamed(to: name)
        switch encryption {
        case .kmsKey(let key): schema = schema.replacingKMSKey(key)
        case .dynamoDBOwned: schema = schema.removingSSE()
        case .likeSource:
            if let key = schema.kmsKeyID, region != side.region { throw CopyError.foreignKey(key: key) }
        }
        parameters = Self.parameters(schema, source.json, tags: try await tags.array ?? [])
        timeToLiveAttribute = Self.timeToLiveAttribute(try await timeToLive)
    }

    /// The attribute of a time to live that is on, or about to be.
    package static func timeToLiveAttribute(_ description: JSONValue) -> String? {
        guard ["ENABLED", "ENABLING"].contains(description["TimeToLiveStatus"]?.string) else { return nil }
        return description["AttributeName"]?.string
    }

    /// What ImportTable's parameters lack and CreateTable has.
    static func parameters(_ schema: TableSchema, _ source: JSONValue, tags: [JSONValue]) -> JSONObject {
        var parameters = schema.parameters
        let indexes = (source["LocalSecondaryIndexes"]?.array ?? []).map { index -> JSONValue in
            var projection: JSONObject = ["ProjectionType": index["Projection"]?["ProjectionType"] ?? "ALL"]
            if projection["ProjectionType"] == "INCLUDE" {
                projection["NonKeyAttributes"] = index["Projection"]?["NonKeyAttributes"]
            }
            return [
                "IndexName": index["IndexName"] ?? .null, "KeySchema": index["KeySchema"] ?? .null,
                "Projection": .object(projection),
            ]
        }
        if !indexes.isEmpty {
            parameters["LocalSecondaryIndexes"] = .array(indexes)
            // The schema has dropped the attributes that are keys of these indexes alone.
            parameters["AttributeDefinitions"] = source["AttributeDefinitions"]
        }
        if source["StreamSpecification"]?["StreamEnabled"]?.bool == true {
            parameters["StreamSpecification"] = source["StreamSpecification"]
        }
        if let tableClass = source["TableClassSummary"]?["TableClass"], tableClass != "STANDARD" {
            parameters["TableClass"] = tableClass
        }
        if source["DeletionProtectionEnabled"]?.bool == true { parameters["DeletionProtectionEnabled"] = true }
        // Those that AWS has set itself cannot be set by others.
        let own = tags.filter { $0["Key"]?.string?.hasPrefix("aws:") == false }
        if !own.isEmpty { parameters["Tags"] = .array(own) }
        return parameters
    }

    /// Makes the table and waits until it can be written to.
    ///
    /// - Throws: ``CopyError/targetExists(table:region:)``; ``AWSError``; `CancellationError`.
    package func create(at target: TableSide, clock: SyncClock = SyncClock()) async throws {
        do {
            _ = try await target.dynamoDB.createTable(parameters)
        } catch let error as AWSError where error.code == "ResourceInUseException" {
            throw CopyError.targetExists(table: target.name, region: target.region.name)
        }
        while true {
            // Right after CreateTable there may be no such table yet.
            if let table = try await CopyTables.describeTarget(target), table.status == "ACTIVE",
                (table.json["GlobalSecondaryIndexes"]?.array ?? []).allSatisfy({
                    [nil, "ACTIVE"].contains($0["IndexStatus"]?.string)
                })
            {
                return
            }
            try await clock.sleep(.seconds(1))
        }
    }
}
