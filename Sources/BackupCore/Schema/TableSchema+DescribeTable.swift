package import AWSCore

extension TableSchema {
    /// Makes the parameters out of DescribeTable's `Table`; members it does not know are left alone.
    ///
    /// Local secondary indexes are dropped, because ImportTable cannot make them, and with them the attributes that
    /// nothing else uses: AttributeDefinitions must name exactly the attributes of the keys. Warm throughput is not
    /// copied: it follows the highest load there ever was, and asking for it costs money at once.
    ///
    /// - Parameter awsManagedKeyARN: the ARN behind alias/aws/dynamodb, if known. DescribeTable shows it like any other
    ///   key, but a table can only ask for it by naming no key.
    /// - Throws: ``TableSchemaError`` naming the member that the answer should have.
    package init(describing table: JSONValue, awsManagedKeyARN: String? = nil) throws(TableSchemaError) {
        let source = TableSchemaField(source: "DescribeTable", value: table)
        let billingMode = try TableSchema.billingMode(of: source)
        let throughput = TableSchema.throughput(table["ProvisionedThroughput"])
        let indexes = try TableSchema.indexes(of: source, billingMode: billingMode, tableThroughput: throughput)
        let keySchema = TableSchema.keySchema(try source.required("KeySchema", "the table's key").value)

        var used: Set<String> = []
        for schema in [keySchema] + indexes.compactMap({ $0["KeySchema"] }) {
            used.formUnion((schema.array ?? []).compactMap { $0["AttributeName"]?.string })
        }
        let definitions = try source.required("AttributeDefinitions", "a list").elements("a list")
            .filter { used.contains($0.value["AttributeName"]?.string ?? "") }
            .map { TableSchema.members(["AttributeName", "AttributeType"], of: $0.value) }

        var parameters: JSONObject = [
            "TableName": try source.required("TableName", "the table's name").value,
            "AttributeDefinitions": .array(definitions),
            "KeySchema": keySchema,
            "BillingMode": .string(billingMode.rawValue),
        ]
        switch billingMode {
        case .provisioned: parameters["ProvisionedThroughput"] = throughput
        case .payPerRequest: parameters["OnDemandThroughput"] = TableSchema.onDemandThroughput(table)
        }
        parameters["SSESpecification"] = TableSchema.sseSpecification(
            table["SSEDescription"],
            awsManagedKeyARN: awsManagedKeyARN
        )
        if !indexes.isEmpty { parameters["GlobalSecondaryIndexes"] = .array(indexes) }
        self = try TableSchema.validated(.object(parameters), source: "DescribeTable")
    }

    private static func billingMode(of table: TableSchemaField) throws(TableSchemaError) -> BillingMode {
        if let mode = try table.member("BillingModeSummary")?.member("BillingMode") {
            return try mode.choice(BillingMode.self)
        }
        // AWS leaves the summary out for tables that were created as provisioned ones and never changed; only tables
        // without provisioned capacity read 0.
        let units = table.value["ProvisionedThroughput"]?["ReadCapacityUnits"]?.integer
        return units == 0 ? .payPerRequest : .provisioned
    }

    /// Both units; `nil` where they are missing or 0, as on-demand tables show them and no request may hold them.
    private static func throughput(_ description: JSONValue?) -> JSONValue? {
        guard let read = description?["ReadCapacityUnits"], let write = description?["WriteCapacityUnits"],
            read.integer != 0, write.integer != 0
        else { return nil }
        return ["ReadCapacityUnits": read, "WriteCapacityUnits": write]
    }

    /// The limits that are set: -1 is how DescribeTable shows one that was taken away, and an empty object is refused.
    private static func onDemandThroughput(_ description: JSONValue) -> JSONValue? {
        let limits = ["MaxReadRequestUnits", "MaxWriteRequestUnits"].compactMap { name -> (String, JSONValue)? in
            guard let value = description["OnDemandThroughput"]?[name], let units = value.integer, units > 0 else {
                return nil
            }
            return (name, value)
        }
        return limits.isEmpty ? nil : .object(JSONObject(limits))
    }

    private static func sseSpecification(_ description: JSONValue?, awsManagedKeyARN: String?) -> JSONValue? {
        guard let description, description["SSEType"]?.string == "KMS",
            !["DISABLED", "DISABLING"].contains(description["Status"]?.string)
        else { return nil }
        guard let key = description["KMSMasterKeyArn"]?.string, key != awsManagedKeyARN,
            !key.hasSuffix("alias/aws/dynamodb")
        else { return ["Enabled": true, "SSEType": "KMS"] }
        return ["Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": .string(key)]
    }

    private static func indexes(
        of table: TableSchemaField,
        billingMode: BillingMode,
        tableThroughput: JSONValue?
    ) throws(TableSchemaError) -> [JSONValue] {
        var indexes: [JSONValue] = []
        for index in try table.member("GlobalSecondaryIndexes")?.elements("a list") ?? []
        where index.value["IndexStatus"]?.string != "DELETING" {
            let projection = try index.required("Projection", "the index's projection")
            var parameters: JSONObject = [
                "IndexName": try index.required("IndexName", "the index's name").value,
                "KeySchema": keySchema(try index.required("KeySchema", "the index's key").value),
                "Projection": .object(try self.projection(projection)),
            ]
            switch billingMode {
            case .provisioned:
                // An index created while the table was on demand may not have its own units yet.
                parameters["ProvisionedThroughput"] =
                    throughput(index.value["ProvisionedThroughput"]) ?? tableThroughput
            case .payPerRequest: parameters["OnDemandThroughput"] = onDemandThroughput(index.value)
            }
            indexes.append(.object(parameters))
        }
        return indexes
    }

    private static func projection(_ description: TableSchemaField) throws(TableSchemaError) -> JSONObject {
        let type = try description.required("ProjectionType", "ALL, KEYS_ONLY or INCLUDE").value
        var projection: JSONObject = ["ProjectionType": type]
        // The list belongs to INCLUDE alone, and an empty list is refused.
        if type == "INCLUDE", let attributes = description.value["NonKeyAttributes"], attributes != [] {
            projection["NonKeyAttributes"] = attributes
        }
        return projection
    }

    private static func keySchema(_ description: JSONValue) -> JSONValue {
        .array((description.array ?? []).map { members(["AttributeName", "KeyType"], of: $0) })
    }

    private static func members(_ names: [String], of value: JSONValue) -> JSONValue {
        .object(JSONObject(names.compactMap { name in value[name].map { (name, $0) } }))
    }
}
