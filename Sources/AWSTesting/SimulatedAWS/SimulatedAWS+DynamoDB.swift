import AWSCore
package import FoundationEssentials

extension SimulatedAWS {
    func answerJSON(_ call: Call) -> Answer {
        let input = call.input ?? .null
        switch call.operation {
        case "DescribeTable": return withTable(call.resource, missing: "ResourceNotFoundException") { describe($0) }
        case "DescribeContinuousBackups":
            return withTable(call.resource, missing: "TableNotFoundException") { table in
                let status: JSONValue = table.isRecoverable ? "ENABLED" : "DISABLED"
                return .json([
                    "ContinuousBackupsDescription": [
                        "ContinuousBackupsStatus": "ENABLED",
                        "PointInTimeRecoveryDescription": ["PointInTimeRecoveryStatus": status],
                    ]
                ])
            }
        case "DescribeTimeToLive": return .json(["TimeToLiveDescription": ["TimeToLiveStatus": "DISABLED"]])
        case "ListTagsOfResource": return .json(["Tags": []])
        case "GetResourcePolicy": return .dynamoDBError("PolicyNotFoundException")
        case "DescribeKinesisStreamingDestination": return .json(["KinesisDataStreamDestinations": []])
        case "DescribeContributorInsights": return .json(["ContributorInsightsStatus": "DISABLED"])
        case "DescribeScalableTargets": return .json(["ScalableTargets": []])
        case "DescribeScalingPolicies": return .json(["ScalingPolicies": []])
        case "ExportTableToPointInTime": return startExport(input)
        case "DescribeExport":
            guard let export = current.exports.first(where: { $0.arn == call.resource }) else {
                return .dynamoDBError("ExportNotFoundException")
            }
            return .json(["ExportDescription": description(export)])
        case "ListExports": return listExports(input)
        case "DescribeRule":
            return .json([
                "Name": input["Name"] ?? "", "State": "ENABLED", "ScheduleExpression": "cron(0 2 * * ? *)",
            ])
        default: return .dynamoDBError("UnknownOperationException", call.operation)
        }
    }

    private func withTable(_ name: String, missing code: String, _ body: (Table) -> Answer) -> Answer {
        current.tables[name].map(body) ?? .dynamoDBError(code, "Table not found: \(name)")
    }

    private func describe(_ table: Table) -> Answer {
        .json([
            "Table": [
                "TableName": .string(Self.name(table.arn)), "TableArn": .string(table.arn), "TableStatus": "ACTIVE",
                "TableId": "cf263806-0000-4000-8000-000000000000", "ItemCount": 3, "TableSizeBytes": 300,
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
                "BillingModeSummary": ["BillingMode": "PAY_PER_REQUEST"],
            ]
        ])
    }

    // MARK: Exports

    /// As DynamoDB does: recovery is checked before anything else, the bucket not at all, and a used token gives its
    /// export back.
    private func startExport(_ input: JSONValue) -> Answer {
        guard let tableARN = input["TableArn"]?.string, let token = input["ClientToken"]?.string,
            let bucket = input["S3Bucket"]?.string, let prefix = input["S3Prefix"]?.string
        else { return .dynamoDBError("ValidationException", "a member is missing") }
        let now = now()
        let result = state.update { state -> Result<Export, Refusal> in
            guard let table = state.tables[Self.name(tableARN)] else {
                return .failure(Refusal(code: "TableNotFoundException", message: "Table not found: \(tableARN)"))
            }
            if let used = state.exports.first(where: { $0.token == token }) {
                guard used.tableARN == tableARN, used.bucket == bucket, used.prefix == prefix else {
                    return .failure(Refusal(code: "ExportConflictException", message: "Export conflict"))
                }
                return .success(used)
            }
            guard table.isRecoverable else {
                return .failure(
                    Refusal(
                        code: "PointInTimeRecoveryUnavailableException",
                        message: "Point in time recovery is not enabled for table '\(Self.name(tableARN))'"
                    )
                )
            }
            let export = Self.export(
                of: tableARN,
                at: now,
                number: state.exports.count,
                bucket: bucket,
                prefix: prefix,
                token: token
            )
            state.exports.append(export)
            return .success(export)
        }
        switch result {
        case .success(let export): return .json(["ExportDescription": description(export)])
        case .failure(let refusal): return .dynamoDBError(refusal.code, refusal.message)
        }
    }

    private struct Refusal: Error {
        var code: String
        var message: String
    }

    private static func export(
        of tableARN: String,
        at start: Date,
        number: Int,
        bucket: String,
        prefix: String,
        token: String
    ) -> Export {
        let milliseconds = String(Int(start.timeIntervalSince1970 * 1_000))
        let id = String(repeating: "0", count: 14 - milliseconds.count) + milliseconds
        let suffix = String(number + 0x1000_0000, radix: 16)
        return Export(
            arn: "\(tableARN)/export/\(id)-\(suffix)",
            tableARN: tableARN,
            token: token,
            bucket: bucket,
            prefix: prefix,
            type: "FULL_EXPORT",
            start: start,
            status: "IN_PROGRESS",
            itemCount: 3
        )
    }

    /// Adds an export that somebody started earlier, completed with its manifest in the bucket unless told otherwise.
    ///
    /// - Parameter prefix: its `S3Prefix`.
    /// - Returns: its ARN.
    @discardableResult
    package func addExport(
        of tableARN: String,
        at start: Date,
        prefix: String,
        bucket otherBucket: String? = nil,
        type: String = "FULL_EXPORT",
        status: String = "COMPLETED",
        failureCode: String? = nil
    ) -> String {
        let bucket = otherBucket ?? bucket
        let mine = self.bucket
        return state.update { state in
            var export = Self.export(
                of: tableARN,
                at: start,
                number: state.exports.count,
                bucket: bucket,
                prefix: prefix,
                token: "earlier-\(state.exports.count)"
            )
            export.type = type
            export.status = status
            export.failureCode = failureCode
            if status != "IN_PROGRESS" { export.end = start.addingTimeInterval(600) }
            state.exports.append(export)
            if status == "COMPLETED", bucket == mine {
                state.objects[Self.manifestKey(export)] = Self.manifest(export)
            }
            return export.arn
        }
    }

    /// Ends a running export.
    package func endExport(_ arn: String, failureCode: String? = nil) {
        let end = now()
        state.update { state in
            guard let index = state.exports.firstIndex(where: { $0.arn == arn }) else { return }
            state.exports[index].end = end
            state.exports[index].failureCode = failureCode
            state.exports[index].status = failureCode == nil ? "COMPLETED" : "FAILED"
            let export = state.exports[index]
            if failureCode == nil { state.objects[Self.manifestKey(export)] = Self.manifest(export) }
        }
    }

    /// The key of an export's manifest-summary.json.
    package static func manifestKey(_ export: Export) -> String {
        "\(export.prefix)/AWSDynamoDB/\(name(export.arn))/manifest-summary.json"
    }

    private static func manifest(_ export: Export) -> [UInt8] {
        var object: JSONObject = [
            "version": "2020-06-30", "exportArn": .string(export.arn), "tableArn": .string(export.tableARN),
            "startTime": .string(time(export.start)), "endTime": .string(time(export.end ?? export.start)),
            "exportTime": .string(time(export.start)), "s3Bucket": .string(export.bucket),
            "s3Prefix": .string(export.prefix), "s3SseAlgorithm": "AES256",
            "manifestFilesS3Key": .string("\(export.prefix)/AWSDynamoDB/\(name(export.arn))/manifest-files.json"),
            "billedSizeBytes": 4_096, "itemCount": .number(JSONNumber(export.itemCount)),
            "outputFormat": "DYNAMODB_JSON",
        ]
        if export.type != "FULL_EXPORT" { object["exportType"] = .string(export.type) }
        return JSONValue.object(object).serialized()
    }

    /// `2026-11-21T02:00:00.000Z`.
    private static func time(_ date: Date) -> String {
        Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(date)
    }

    private func description(_ export: Export) -> JSONValue {
        var object: JSONObject = [
            "ExportArn": .string(export.arn), "ExportStatus": .string(export.status),
            "TableArn": .string(export.tableARN), "S3Bucket": .string(export.bucket),
            "S3Prefix": .string(export.prefix), "ClientToken": .string(export.token),
            "StartTime": Self.number(export.start),
        ]
        if let end = export.end {
            object["EndTime"] = Self.number(end)
            object["ItemCount"] = .number(JSONNumber(export.itemCount))
            object["BilledSizeBytes"] = 4_096
        }
        if let code = export.failureCode {
            object["FailureCode"] = .string(code)
            object["FailureMessage"] = .string("\(code): said DynamoDB")
        }
        return .object(object)
    }

    private static func number(_ date: Date) -> JSONValue {
        JSONNumber("\(date.timeIntervalSince1970)").map { .number($0) } ?? .null
    }

    private func listExports(_ input: JSONValue) -> Answer {
        let state = current
        var exports = state.exports.filter { $0.tableARN == input["TableArn"]?.string }
        // Seen on AWS: nothing is listed once the table is gone.
        if state.tables[input["TableArn"]?.string.map(Self.name) ?? ""] == nil { exports = [] }
        if state.listsNewestFirst { exports.reverse() }
        let start = input["NextToken"]?.string.flatMap { Int($0) } ?? 0
        let page = exports.dropFirst(start).prefix(state.exportsPerPage)
        var object: JSONObject = [
            "ExportSummaries": .array(
                page.map { export in
                    [
                        "ExportArn": .string(export.arn), "ExportStatus": .string(export.status),
                        "ExportType": .string(export.type),
                    ]
                }
            )
        ]
        if start + page.count < exports.count { object["NextToken"] = .string(String(start + page.count)) }
        return .json(.object(object))
    }
}
