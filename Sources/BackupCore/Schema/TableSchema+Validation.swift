internal import AWSCore

extension TableSchema {
    /// Reads a schema file that somebody hands us, and refuses what ImportTable would refuse or silently ignore.
    ///
    /// - Parameter source: the file's name or key, for errors.
    package init(fileContents: [UInt8], source: String) throws(TableSchemaError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: fileContents)
        } catch {
            throw TableSchemaError(source: source, message: "not JSON: \(error)")
        }
        if value["Table"] != nil || value["TableDescription"] != nil || value["TableStatus"] != nil {
            throw TableSchemaError(
                source: source,
                message: "this is the answer of describe-table, not a schema file; write one with export-table-schema"
            )
        }
        self = try TableSchema.validated(value, source: source)
    }

    /// Checks parameters against ImportTable's rules (API reference, TableCreationParameters).
    static func validated(_ value: JSONValue, source: String) throws(TableSchemaError) -> TableSchema {
        let root = TableSchemaField(source: source, value: value)
        let parameters = try root.object()
        try refuseOthersParameters(parameters, source: source)
        try root.refuseUnknown(memberOrder)

        let name = try root.required("TableName", "the table's name")
        guard let tableName = name.value.string, TableARN.isTableName(tableName) else {
            throw name.error("not a table name (expected 3 to 255 letters, digits, \"_\", \".\" and \"-\")")
        }
        let billingMode = try root.member("BillingMode")?.choice(BillingMode.self) ?? .provisioned
        let keySchema = try self.keySchema(try root.required("KeySchema", "the table's key"), perKind: 1)
        let indexes = try globalSecondaryIndexes(of: root, billingMode: billingMode)
        let definitions = try attributeDefinitions(of: root)
        try requireMatch(definitions, keySchema, indexes, in: root)
        try validateThroughput(of: root, billingMode: billingMode)
        try validateSSE(of: root)
        return TableSchema(
            parameters: JSONObject(
                memberOrder.compactMap { name in
                    parameters[name].flatMap { $0.isNull ? nil : (name, $0) }
                }
            ),
            tableName: tableName,
            keySchema: keySchema,
            attributeDefinitions: definitions,
            globalSecondaryIndexes: indexes,
            billingMode: billingMode
        )
    }

    /// Members that CreateTable has: DynamoDB would take them here without a word and ignore them.
    private static func refuseOthersParameters(
        _ parameters: JSONObject,
        source: String
    ) throws(TableSchemaError) {
        let others = [
            "LocalSecondaryIndexes", "TableClass", "Tags", "StreamSpecification", "DeletionProtectionEnabled",
            "WarmThroughput", "ResourcePolicy",
        ]
        for name in others where parameters[name] != nil {
            throw TableSchemaError(
                source: source,
                field: name,
                message: "ImportTable has no such parameter; take it out of the file"
            )
        }
    }

    private static func keySchema(_ field: TableSchemaField, perKind limit: Int) throws(TableSchemaError)
        -> [KeyElement]
    {
        var elements: [KeyElement] = []
        for element in try field.elements("a list of one partition key and at most one sort key") {
            try element.refuseUnknown(["AttributeName", "KeyType"])
            elements.append(
                KeyElement(
                    attributeName: try element.required("AttributeName", "a name").string("a name"),
                    keyType: try element.required("KeyType", "HASH or RANGE").choice(KeyType.self)
                )
            )
        }
        let ranges = elements.drop { $0.keyType == .hash }
        let hashCount = elements.count - ranges.count
        guard (1...limit).contains(hashCount), ranges.count <= limit, ranges.allSatisfy({ $0.keyType == .range }) else {
            let expected =
                limit == 1
                ? "one HASH element, then at most one RANGE element"
                : "one to \(limit) HASH elements, then at most \(limit) RANGE elements"
            throw field.error("expected \(expected)")
        }
        return elements
    }

    private static func attributeDefinitions(
        of root: TableSchemaField
    ) throws(TableSchemaError) -> [AttributeDefinition] {
        let field = try root.required("AttributeDefinitions", "a list of the key attributes")
        var definitions: [AttributeDefinition] = []
        for element in try field.elements("a list of the key attributes") {
            try element.refuseUnknown(["AttributeName", "AttributeType"])
            let definition = AttributeDefinition(
                name: try element.required("AttributeName", "a name").string("a name"),
                type: try element.required("AttributeType", "S, N or B").choice(AttributeType.self)
            )
            guard !definitions.contains(where: { $0.name == definition.name }) else {
                throw element.error("the attribute \"\(definition.name)\" is defined twice")
            }
            definitions.append(definition)
        }
        return definitions
    }

    /// DynamoDB refuses a definition too many as well as one too few.
    private static func requireMatch(
        _ definitions: [AttributeDefinition],
        _ keySchema: [KeyElement],
        _ indexes: [GlobalSecondaryIndex],
        in root: TableSchemaField
    ) throws(TableSchemaError) {
        let field = try root.required("AttributeDefinitions", "a list")
        let used = (keySchema + indexes.flatMap(\.keySchema)).map(\.attributeName)
        if let missing = used.first(where: { name in !definitions.contains { $0.name == name } }) {
            throw field.error("the key attribute \"\(missing)\" is not defined")
        }
        if let unused = definitions.first(where: { !used.contains($0.name) }) {
            throw field.error("\"\(unused.name)\" is in no key; only key attributes may be defined")
        }
    }

    private static func globalSecondaryIndexes(
        of root: TableSchemaField,
        billingMode: BillingMode
    ) throws(TableSchemaError) -> [GlobalSecondaryIndex] {
        guard let field = try root.member("GlobalSecondaryIndexes") else { return [] }
        let elements = try field.elements("a list of indexes")
        guard !elements.isEmpty else { throw field.error("the list is empty; leave it out instead") }
        var indexes: [GlobalSecondaryIndex] = []
        for element in elements {
            try element.refuseUnknown([
                "IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput",
            ])
            let name = try element.required("IndexName", "a name").string("a name")
            guard !indexes.contains(where: { $0.name == name }) else {
                throw element.error("the index \"\(name)\" stands here twice")
            }
            try validateProjection(try element.required("Projection", #"{"ProjectionType": …}"#))
            try validateThroughput(of: element, billingMode: billingMode)
            // Indexes may have keys of up to four attributes of each kind.
            let key = try keySchema(try element.required("KeySchema", "the index's key"), perKind: 4)
            indexes.append(GlobalSecondaryIndex(name: name, keySchema: key))
        }
        return indexes
    }

    private enum ProjectionType: String, CaseIterable {
        case all = "ALL"
        case keysOnly = "KEYS_ONLY"
        case include = "INCLUDE"
    }

    private static func validateProjection(_ projection: TableSchemaField) throws(TableSchemaError) {
        try projection.refuseUnknown(["ProjectionType", "NonKeyAttributes"])
        let type = try projection.required("ProjectionType", "ALL, KEYS_ONLY or INCLUDE").choice(ProjectionType.self)
        let attributes = try projection.member("NonKeyAttributes")
        guard type == .include else {
            if let attributes { throw attributes.error("only a projection of type INCLUDE has this list") }
            return
        }
        let list = try attributes?.elements("a list of names") ?? []
        guard (1...20).contains(list.count) else {
            throw projection.error("NonKeyAttributes must list 1 to 20 names for a projection of type INCLUDE")
        }
        for attribute in list { _ = try attribute.string("a name") }
    }

    private static func validateThroughput(
        of field: TableSchemaField,
        billingMode: BillingMode
    ) throws(TableSchemaError) {
        let provisioned = try field.member("ProvisionedThroughput")
        let onDemand = try field.member("OnDemandThroughput")
        switch billingMode {
        case .provisioned:
            if let onDemand { throw onDemand.error("not allowed with BillingMode PROVISIONED") }
            let throughput = try field.required(
                "ProvisionedThroughput",
                "an object with ReadCapacityUnits and WriteCapacityUnits"
            )
            try throughput.refuseUnknown(["ReadCapacityUnits", "WriteCapacityUnits"])
            for name in ["ReadCapacityUnits", "WriteCapacityUnits"] {
                _ = try throughput.required(name, "a whole number of at least 1").integer(minimum: 1)
            }
        case .payPerRequest:
            if let provisioned { throw provisioned.error("not allowed with BillingMode PAY_PER_REQUEST") }
            guard let onDemand else { return }
            try onDemand.refuseUnknown(["MaxReadRequestUnits", "MaxWriteRequestUnits"])
            guard try !onDemand.object().isEmpty else { throw onDemand.error("empty; leave it out instead") }
            for name in try onDemand.object().keys { _ = try onDemand.member(name)?.integer(minimum: -1) }
        }
    }

    private enum SSEType: String, CaseIterable {
        case kms = "KMS"
    }

    private static func validateSSE(of root: TableSchemaField) throws(TableSchemaError) {
        guard let specification = try root.member("SSESpecification") else { return }
        try specification.refuseUnknown(["Enabled", "SSEType", "KMSMasterKeyId"])
        if let enabled = try specification.member("Enabled"), enabled.value.bool == nil {
            throw enabled.error("\(enabled.value.kindName) where true or false is expected")
        }
        _ = try specification.member("SSEType")?.choice(SSEType.self)
        _ = try specification.member("KMSMasterKeyId")?.string("a key's ARN, id or alias")
    }
}
