import AWSCore

/// One call of ``FakeDynamoDB``, carried out while its state is locked.
struct FakeDynamoDBAnswer {
    let call: FakeDynamoDB.Call
    let pageBytes: Int
    let region: String
    let isUnprocessed: @Sendable (Int) -> Bool
    /// What it has consumed.
    private(set) var readUnits = 0.0
    private(set) var writeUnits = 0.0

    init(call: FakeDynamoDB.Call, pageBytes: Int, region: String, isUnprocessed: @escaping @Sendable (Int) -> Bool) {
        self.call = call
        self.pageBytes = pageBytes
        self.region = region
        self.isUnprocessed = isUnprocessed
    }

    private var input: JSONValue { call.input }

    mutating func carryOut(on state: inout FakeDynamoDB.State) -> HTTPResponse {
        if call.operation == "CreateTable" { return createTable(&state) }
        // Taken out, so that a change does not copy the table.
        guard var table = state.tables.removeValue(forKey: call.table) else {
            return FakeDynamoDB.error("ResourceNotFoundException", "Requested resource not found: Table: \(call.table)")
        }
        defer { state.tables[call.table] = table }
        switch call.operation {
        case "DescribeTable": return json(["Table": .object(description(table))])
        case "DeleteTable":
            let described = description(table)
            table.status = "DELETING"
            return json(["TableDescription": .object(described)])
        case "DescribeTimeToLive":
            return json(["TimeToLiveDescription": .object(table.timeToLive ?? ["TimeToLiveStatus": "DISABLED"])])
        case "UpdateTimeToLive":
            guard let specification = input["TimeToLiveSpecification"] else {
                return invalid("TimeToLiveSpecification")
            }
            table.timeToLive = [
                "TimeToLiveStatus": specification["Enabled"]?.bool == true ? "ENABLED" : "DISABLED",
                "AttributeName": specification["AttributeName"] ?? .null,
            ]
            return json(["TimeToLiveSpecification": specification])
        case "ListTagsOfResource": return json(["Tags": .array(table.tags)])
        case "TagResource":
            table.tags += input["Tags"]?.array ?? []
            return FakeDynamoDB.response([])
        case "Scan": return scan(table)
        case "GetItem": return getItem(table)
        case "PutItem", "DeleteItem": return write(&table)
        case "BatchWriteItem": return batchWrite(&table)
        case "BatchGetItem": return batchGet(table)
        default: return FakeDynamoDB.error("UnknownOperationException", call.operation)
        }
    }

    // MARK: Tables

    private func createTable(_ state: inout FakeDynamoDB.State) -> HTTPResponse {
        guard state.tables[call.table] == nil else {
            return FakeDynamoDB.error("ResourceInUseException", "Table already exists: \(call.table)")
        }
        let types = (input["AttributeDefinitions"]?.array ?? []).map {
            FakeDynamoDBTable.Key($0["AttributeName"]?.string ?? "", $0["AttributeType"]?.string ?? "")
        }
        let names = (input["KeySchema"]?.array ?? []).compactMap { $0["AttributeName"]?.string }
        let keys = names.compactMap { name in types.first { $0.name == name } }
        guard !keys.isEmpty, keys.count == names.count else { return invalid("KeySchema") }
        state.callCount += 1
        var table = FakeDynamoDBTable(call.table, keys: keys, id: "id-\(call.table)-\(state.callCount)")
        table.indexKeys = types.filter { type in !names.contains(type.name) }
        table.tags = input["Tags"]?.array ?? []
        var settings = input.object ?? [:]
        for member in ["TableName", "KeySchema", "AttributeDefinitions", "Tags"] { settings[member] = nil }
        table.settings = settings
        state.tables[call.table] = table
        return json(["TableDescription": .object(description(table))])
    }

    private func description(_ table: FakeDynamoDBTable) -> JSONObject {
        var object = table.settings
        if let mode = object["BillingMode"] {
            object["BillingModeSummary"] = ["BillingMode": mode]
            object["BillingMode"] = nil
        } else {
            object["BillingModeSummary"] = ["BillingMode": "PAY_PER_REQUEST"]
        }
        object["TableName"] = .string(table.name)
        object["TableArn"] = .string("arn:aws:dynamodb:\(region):123456789012:table/\(table.name)")
        object["TableId"] = .string(table.id)
        object["TableStatus"] = .string(table.status)
        object["CreationDateTime"] = 1_795_226_400
        object["ItemCount"] = .number(JSONNumber(table.count))
        // A table may be said to be larger than it is.
        if object["TableSizeBytes"] == nil {
            object["TableSizeBytes"] = .number(JSONNumber(table.items.reduce(0) { $0 + $1.size }))
        }
        object["KeySchema"] = .array(
            table.keys.enumerated().map { place, key in
                ["AttributeName": .string(key.name), "KeyType": place == 0 ? "HASH" : "RANGE"]
            }
        )
        object["AttributeDefinitions"] = .array(
            (table.keys + table.indexKeys).map {
                ["AttributeName": .string($0.name), "AttributeType": .string($0.type)]
            }
        )
        return object
    }

    // MARK: Reading

    private mutating func scan(_ table: FakeDynamoDBTable) -> HTTPResponse {
        let segment = input["Segment"]?.integer ?? 0
        let segments = input["TotalSegments"]?.integer ?? 1
        guard segments > 0, (0..<segments).contains(segment) else { return invalid("Segment") }
        let width = UInt64.max / UInt64(segments)
        let low = width * UInt64(segment)
        let high = segment == segments - 1 ? UInt64.max : low + width - 1
        var place = table.lowerBound(FakeDynamoDBTable.Position(hash: low, partition: "", sort: "", isNumber: false))
        if let key = input["ExclusiveStartKey"]?.object {
            guard let position = table.position(of: key), (low...high).contains(position.hash),
                key.count == table.keys.count
            else { return invalid("The provided starting key is outside the scanned segment") }
            place = table.lowerBound(position)
            if place < table.items.count, !(position < table.items[place].position) { place += 1 }
        }
        let limit = input["Limit"]?.integer ?? .max
        var size = 0
        var found: [FakeDynamoDBTable.Stored] = []
        while place < table.items.count, table.items[place].position.hash <= high, found.count < limit, size < pageBytes
        {
            found.append(table.items[place])
            size += table.items[place].size
            place += 1
        }
        var object: JSONObject = [
            "Count": .number(JSONNumber(found.count)), "ScannedCount": .number(JSONNumber(found.count)),
        ]
        object["ConsumedCapacity"] = read(max(1, (size + 4_095) / 4_096), table)
        if found.count >= limit || size >= pageBytes, let last = found.last {
            object["LastEvaluatedKey"] = .object(table.keyOnly(last.item))
        }
        var body = Array("{\"Items\":[".utf8)
        let wanted = input["ProjectionExpression"]?.string?.split(separator: ",").map {
            input["ExpressionAttributeNames"]?[String($0)]?.string ?? String($0)
        }
        for (index, stored) in found.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += wanted.map { projected(stored.item, $0).serialized() } ?? stored.text
        }
        body += "],".utf8
        body += JSONValue.object(object).serialized().dropFirst()
        return FakeDynamoDB.response(body)
    }

    private func projected(_ item: JSONObject, _ names: [String]) -> JSONValue {
        .object(JSONObject(item.members.filter { names.contains($0.key) }.map { ($0.key, $0.value) }))
    }

    private mutating func getItem(_ table: FakeDynamoDBTable) -> HTTPResponse {
        guard let key = input["Key"]?.object, key.count == table.keys.count, table.position(of: key) != nil else {
            return invalid("The provided key element does not match the schema")
        }
        let item = table[key]
        var object: JSONObject = item.map { ["Item": .object($0)] } ?? [:]
        let size = item.map { FakeDynamoDBValue.size(ofItem: $0) } ?? 0
        object["ConsumedCapacity"] = read(max(1, (size + 4_095) / 4_096), table)
        return json(object)
    }

    private func batchGet(_ table: FakeDynamoDBTable) -> HTTPResponse {
        let request = input["RequestItems"]?.object?.members.first
        let keys = request?.value["Keys"]?.array ?? []
        guard (1...100).contains(keys.count) else {
            return invalid("Too many items requested for the BatchGetItem call")
        }
        var items: [JSONValue] = []
        var left: [JSONValue] = []
        for (place, key) in keys.enumerated() {
            guard let object = key.object, table.position(of: object) != nil else { return invalid("key") }
            if isUnprocessed(place) {
                left.append(.object(reordered(object)))
            } else if let item = table[object] {
                items.append(.object(item))
            }
        }
        let name = request?.key ?? ""
        return json([
            "Responses": .object(JSONObject([(name, .array(items.reversed()))])),
            "UnprocessedKeys": left.isEmpty
                ? [:] : .object(JSONObject([(name, JSONValue.object(["Keys": .array(left)]))])),
        ])
    }

    // MARK: Writing

    private mutating func write(_ table: inout FakeDynamoDBTable) -> HTTPResponse {
        let isPut = call.operation == "PutItem"
        guard let item = input[isPut ? "Item" : "Key"]?.object else { return invalid("Item") }
        if let reason = isPut ? refusal(of: item, table) : keyRefusal(of: item, table) { return invalid(reason) }
        let existing = table[item]
        guard let isMet = FakeDynamoDBCondition(input: input).isMet(by: existing) else {
            return invalid("Invalid ConditionExpression: this fake does not understand it")
        }
        let size = max(FakeDynamoDBValue.size(ofItem: item), existing.map { FakeDynamoDBValue.size(ofItem: $0) } ?? 0)
        guard isMet else {
            // The indexes have no part in it, and the answer says nothing of it.
            writeUnits += Double(max(1, (size + 1_023) / 1_024))
            return FakeDynamoDB.error(
                "ConditionalCheckFailedException",
                "The conditional request failed",
                item: input["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" ? existing : nil
            )
        }
        let old = isPut ? table.put(reordered(item)) : table.remove(item)
        var object: JSONObject = [:]
        if input["ReturnValues"] == "ALL_OLD", let old { object["Attributes"] = .object(old) }
        object["ConsumedCapacity"] = written(max(1, (size + 1_023) / 1_024), table)
        return json(object)
    }

    private mutating func batchWrite(_ table: inout FakeDynamoDBTable) -> HTTPResponse {
        let request = input["RequestItems"]?.object?.members.first
        let elements = request?.value.array ?? []
        guard input["RequestItems"]?.object?.count == 1, (1...25).contains(elements.count) else {
            return invalid("Too many items requested for the BatchWriteItem call")
        }
        var positions: Set<FakeDynamoDBTable.Position> = []
        for element in elements {
            guard let item = (element["PutRequest"]?["Item"] ?? element["DeleteRequest"]?["Key"])?.object else {
                return invalid("request")
            }
            let isPut = element["PutRequest"] != nil
            if let reason = isPut ? refusal(of: item, table) : keyRefusal(of: item, table) { return invalid(reason) }
            if let position = table.position(of: item), !positions.insert(position).inserted {
                return invalid("Provided list of item keys contains duplicates")
            }
        }
        var left: [JSONValue] = []
        var consumed = 0
        for (place, element) in elements.enumerated() {
            let item = (element["PutRequest"]?["Item"] ?? element["DeleteRequest"]?["Key"])?.object ?? [:]
            let isPut = element["PutRequest"] != nil
            if isUnprocessed(place) {
                let again = JSONValue.object(reordered(item))
                left.append(isPut ? ["PutRequest": ["Item": again]] : ["DeleteRequest": ["Key": again]])
                continue
            }
            if isPut { table.put(reordered(item)) } else { table.remove(item) }
            consumed += max(1, (FakeDynamoDBValue.size(ofItem: item) + 1_023) / 1_024)
        }
        var object: JSONObject = [
            "UnprocessedItems": left.isEmpty ? [:] : .object(JSONObject([(request?.key ?? "", .array(left))]))
        ]
        object["ConsumedCapacity"] = written(consumed, table).map { .array([$0]) }
        return json(object)
    }

    private func keyRefusal(of key: JSONObject, _ table: FakeDynamoDBTable) -> String? {
        key.count == table.keys.count && table.position(of: key) != nil
            ? nil : "The provided key element does not match the schema"
    }

    private func refusal(of item: JSONObject, _ table: FakeDynamoDBTable) -> String? {
        guard table.position(of: item) != nil else {
            return "One or more parameter values were invalid: Missing the key \(table.keys[0].name) in the item"
        }
        for key in table.indexKeys {
            guard let value = item[key.name], value[key.type] == nil else { continue }
            return "One or more parameter values were invalid: Type mismatch for Index Key \(key.name)"
        }
        return FakeDynamoDBValue.size(ofItem: item) > 400 << 10
            ? "Item size has exceeded the maximum allowed size" : nil
    }

    // MARK: Answers

    /// DynamoDB does not keep the order of attributes.
    private func reordered(_ item: JSONObject) -> JSONObject {
        guard item.count > 1 else { return item }
        let members = item.members
        let start = call.number % members.count
        return JSONObject((members[start...] + members[..<start]).map { ($0.key, $0.value) })
    }

    /// A read of so many units of 4 KB; gives its ConsumedCapacity where the call asks for it.
    private mutating func read(_ units: Int, _ table: FakeDynamoDBTable) -> JSONValue? {
        let consumed = input["ConsistentRead"]?.bool == true ? Double(units) : Double(units) / 2
        readUnits += consumed
        return consumedCapacity(consumed, table)
    }

    /// A write of so many units of 1 KB, into the table and each of its indexes.
    private mutating func written(_ units: Int, _ table: FakeDynamoDBTable) -> JSONValue? {
        let consumed = Double(units * (1 + table.secondaryIndexes))
        writeUnits += consumed
        return consumedCapacity(consumed, table)
    }

    private func consumedCapacity(_ units: Double, _ table: FakeDynamoDBTable) -> JSONValue? {
        guard let wanted = input["ReturnConsumedCapacity"]?.string, wanted != "NONE" else { return nil }
        return ["TableName": .string(table.name), "CapacityUnits": JSONNumber("\(units)").map { .number($0) } ?? .null]
    }

    private func json(_ object: JSONObject) -> HTTPResponse {
        FakeDynamoDB.response(JSONValue.object(object).serialized())
    }

    private func invalid(_ message: String) -> HTTPResponse {
        FakeDynamoDB.error("ValidationException", message)
    }
}
