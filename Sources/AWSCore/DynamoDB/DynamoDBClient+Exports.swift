package import struct FoundationEssentials.Date

/// Where an export or an import stands.
package enum ExportStatus: Sendable, Equatable {
    case inProgress
    case completed
    case failed
    /// A status newer than this program.
    case other(String)

    init(_ text: String) {
        switch text {
        case "IN_PROGRESS": self = .inProgress
        case "COMPLETED": self = .completed
        case "FAILED": self = .failed
        default: self = .other(text)
        }
    }

    /// AWS's own word.
    package var name: String {
        switch self {
        case .inProgress: "IN_PROGRESS"
        case .completed: "COMPLETED"
        case .failed: "FAILED"
        case .other(let text): text
        }
    }
}

/// What DescribeExport and ExportTableToPointInTime say of an export.
package struct ExportDescription: Sendable, Equatable {
    package var arn: String
    package var status: ExportStatus
    package var tableARN: String?
    package var tableID: String?
    package var startTime: Date?
    /// With the next four only once the export has ended.
    package var endTime: Date?
    /// Full key of manifest-summary.json.
    package var manifestKey: String?
    package var itemCount: Int?
    package var billedSizeBytes: Int?
    package var exportTime: Date?
    package var clientToken: String?
    package var bucket: String?
    package var prefix: String?
    package var failureCode: String?
    package var failureMessage: String?

    init(json: JSONValue) throws(ResponseShapeError) {
        self.arn = try json.requiredString("ExportArn")
        self.status = ExportStatus(try json.requiredString("ExportStatus"))
        self.tableARN = json["TableArn"]?.string
        self.tableID = json["TableId"]?.string
        self.startTime = json.date("StartTime")
        self.endTime = json.date("EndTime")
        self.manifestKey = json["ExportManifest"]?.string
        self.itemCount = json["ItemCount"]?.integer
        self.billedSizeBytes = json["BilledSizeBytes"]?.integer
        self.exportTime = json.date("ExportTime")
        self.clientToken = json["ClientToken"]?.string
        self.bucket = json["S3Bucket"]?.string
        self.prefix = json["S3Prefix"]?.string
        self.failureCode = json["FailureCode"]?.string
        self.failureMessage = json["FailureMessage"]?.string
    }
}

/// One line of ListExports.
package struct ExportSummary: Sendable, Equatable {
    package var arn: String
    package var status: ExportStatus
    /// `FULL_EXPORT` or `INCREMENTAL_EXPORT`.
    package var type: String?
}

/// What ExportTableToPointInTime is asked for: a full export in DynamoDB JSON, encrypted as the bucket has it.
package struct ExportTableRequest: Sendable, Equatable {
    /// The table's ARN; a bare name is refused by DynamoDB.
    package var tableARN: String
    package var bucket: String
    /// The twelve digits of the bucket's account; needed when it is another one.
    package var bucketOwner: String?
    /// DynamoDB adds `/AWSDynamoDB/<export id>/…`.
    package var prefix: String
    /// The same token and parameters within eight hours give the same export, also when that one has failed.
    package var clientToken: String

    package init(tableARN: String, bucket: String, bucketOwner: String? = nil, prefix: String, clientToken: String) {
        self.tableARN = tableARN
        self.bucket = bucket
        self.bucketOwner = bucketOwner
        self.prefix = prefix
        self.clientToken = clientToken
    }
}

extension DynamoDBClient {
    /// ExportTableToPointInTime, with the table as it is now.
    ///
    /// That it succeeds says only that the export has begun: whether the bucket exists and may be written to shows
    /// later, in the export's status.
    ///
    /// - Throws: ``AWSError``: `PointInTimeRecoveryUnavailableException`, `TableNotFoundException`,
    ///   `ExportConflictException`, `LimitExceededException`, …
    package func exportTableToPointInTime(_ request: ExportTableRequest) async throws -> ExportDescription {
        var input: JSONObject = [
            "TableArn": .string(request.tableARN),
            "S3Bucket": .string(request.bucket),
            "S3Prefix": .string(request.prefix),
            "ExportFormat": "DYNAMODB_JSON",
            "ClientToken": .string(request.clientToken),
        ]
        input["S3BucketOwner"] = request.bucketOwner.map { .string($0) }
        return try await call("ExportTableToPointInTime", input, resource: request.tableARN) {
            json throws(ResponseShapeError) in
            try ExportDescription(json: json.requiredObject("ExportDescription"))
        }
    }

    /// DescribeExport; works for 90 days, also when the table is gone.
    ///
    /// DynamoDB throttles bursts of more than a dozen of these calls.
    package func describeExport(_ arn: String) async throws -> ExportDescription {
        try await call("DescribeExport", ["ExportArn": .string(arn)], resource: arn) {
            json throws(ResponseShapeError) in
            try ExportDescription(json: json.requiredObject("ExportDescription"))
        }
    }

    /// ListExports of a table, every page, in no particular order.
    ///
    /// Empty once the table was deleted or made anew under its name, though the exports can still be described.
    package func listExports(tableARN: String) async throws -> [ExportSummary] {
        try await client.everyPage(
            .dynamoDB,
            "ListExports",
            region: region,
            input: ["TableArn": .string(tableARN), "MaxResults": 25],
            list: "ExportSummaries",
            resource: tableARN
        ) { element throws(ResponseShapeError) in
            ExportSummary(
                arn: try element.requiredString("ExportArn"),
                status: ExportStatus(try element.requiredString("ExportStatus")),
                type: element["ExportType"]?.string
            )
        }
    }
}
