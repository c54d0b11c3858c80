internal import AWSCore

internal import struct FoundationEssentials.Date

extension TableSettings {
    /// The contents of table_settings.json, pretty JSON with a newline at its end.
    package var fileContents: [UInt8] {
        var file: JSONObject = [
            "version": 1,
            "sourceTableArn": .string(sourceTableARN.description),
            "capturedAt": .string(capturedAt.iso8601),
        ]
        file["tableId"] = tableID.map { .string($0) }
        file["itemCount"] = itemCount.map { .number(JSONNumber($0)) }
        file["sizeBytes"] = sizeBytes.map { .number(JSONNumber($0)) }
        file["table"] = .object(table)
        var unreadable: [JSONValue] = []
        for part in Part.allCases {
            switch parts[part] {
            case .captured(let value): file[part.rawValue] = value
            case .unreadable(let code, let message):
                unreadable.append([
                    "part": .string(part.rawValue), "code": .string(code), "message": .string(message),
                ])
            case nil: break
            }
        }
        file["unreadable"] = .array(unreadable)
        return JSONValue.object(file).serialized(.pretty) + [UInt8(ascii: "\n")]
    }

    /// Reads table_settings.json; members it does not know are left alone, a part that is not there was not captured.
    ///
    /// - Throws: ``TableSchemaError``, naming the file and the member.
    package init(fileContents: [UInt8], source: String) throws(TableSchemaError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: fileContents)
        } catch {
            throw TableSchemaError(source: source, message: "not JSON: \(error)")
        }
        let file = TableSchemaField(source: source, value: value)
        let arn = try file.required("sourceTableArn", "a table's ARN")
        guard let sourceTableARN = arn.value.string.flatMap({ TableARN($0) }) else {
            throw arn.error("not a table's ARN")
        }
        let time = try file.required("capturedAt", "a time such as 2026-11-21T02:00:00Z")
        guard let capturedAt = time.value.string.flatMap({ Date(iso8601: $0) }) else {
            throw time.error("not a time such as 2026-11-21T02:00:00Z")
        }
        var parts: [Part: Captured] = [:]
        for part in Part.allCases {
            parts[part] = value[part.rawValue].map { .captured($0) }
        }
        for entry in value["unreadable"]?.array ?? [] {
            guard let part = entry["part"]?.string.flatMap({ Part(rawValue: $0) }), parts[part] == nil else { continue }
            parts[part] = .unreadable(
                code: entry["code"]?.string ?? "unknown",
                message: entry["message"]?.string ?? ""
            )
        }
        self.init(
            sourceTableARN: sourceTableARN,
            tableID: value["tableId"]?.string,
            capturedAt: capturedAt,
            itemCount: value["itemCount"]?.integer,
            sizeBytes: value["sizeBytes"]?.integer,
            table: try file.member("table")?.object() ?? JSONObject(),
            parts: parts
        )
    }
}
