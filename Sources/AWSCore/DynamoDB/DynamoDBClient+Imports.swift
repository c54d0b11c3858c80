package import struct FoundationEssentials.Date

/// What DescribeImport and ImportTable say of an import.
package struct ImportDescription: Sendable, Equatable {
    package var arn: String
    /// `IN_PROGRESS`, `COMPLETED`, `CANCELLING`, `CANCELLED` or `FAILED`.
    package var status: String
    package var tableARN: String?
    package var startTime: Date?
    package var endTime: Date?
    package var processedSizeBytes: Int
    package var processedItemCount: Int
    package var importedItemCount: Int
    package var errorCount: Int
    /// Where DynamoDB writes what it could not import.
    package var logGroupARN: String?
    package var failureCode: String?
    package var failureMessage: String?

    package var hasEnded: Bool { !["IN_PROGRESS", "CANCELLING"].contains(status) }

    init(json: JSONValue) throws(ResponseShapeError) {
        self.arn = try json.requiredString("ImportArn")
        self.status = try json.requiredString("ImportStatus")
        self.tableARN = json["TableArn"]?.string
        self.startTime = json.date("StartTime")
        self.endTime = json.date("EndTime")
        self.processedSizeBytes = json["ProcessedSizeBytes"]?.integer ?? 0
        self.processedItemCount = json["ProcessedItemCount"]?.integer ?? 0
        self.importedItemCount = json["ImportedItemCount"]?.integer ?? 0
        self.errorCount = json["ErrorCount"]?.integer ?? 0
        self.logGroupARN = json["CloudWatchLogGroupArn"]?.string
        self.failureCode = json["FailureCode"]?.string
        self.failureMessage = json["FailureMessage"]?.string
    }
}

/// What ImportTable is asked for: gzipped DynamoDB JSON under a prefix, into a new table.
package struct ImportTableRequest: Sendable, Equatable {
    package var bucket: String
    package var bucketOwner: String?
    /// A raw key prefix: `…/data` would also match `…/data2`; end it with `/`.
    package var keyPrefix: String
    /// AWS's TableCreationParameters.
    package var tableCreationParameters: JSONObject
    /// A new one for each attempt: a used token gives back its old import and makes nothing.
    package var clientToken: String

    package init(
        bucket: String,
        bucketOwner: String? = nil,
        keyPrefix: String,
        tableCreationParameters: JSONObject,
        clientToken: String
    ) {
        self.bucket = bucket
        self.bucketOwner = bucketOwner
        self.keyPrefix = keyPrefix
        self.tableCreationParameters = tableCreationParameters
        self.clientToken = clientToken
    }
}

extension DynamoDBClient {
    /// ImportTable.
    ///
    /// - Throws: ``AWSError``: `ResourceInUseException` when the table exists, `LimitExceededException`,
    ///   `ValidationException`, …
    package func importTable(_ request: ImportTableRequest) async throws -> ImportDescription {
        var source: JSONObject = ["S3Bucket": .string(request.bucket), "S3KeyPrefix": .string(request.keyPrefix)]
        source["S3BucketOwner"] = request.bucketOwner.map { .string($0) }
        let input: JSONObject = [
            "ClientToken": .string(request.clientToken),
            "S3BucketSource": .object(source),
            "InputFormat": "DYNAMODB_JSON",
            // Not found out by DynamoDB itself: without it every line counts as broken.
            "InputCompressionType": "GZIP",
            "TableCreationParameters": .object(request.tableCreationParameters),
        ]
        let name = request.tableCreationParameters["TableName"]?.string
        return try await call("ImportTable", input, resource: name) { json throws(ResponseShapeError) in
            try ImportDescription(json: json.requiredObject("ImportTableDescription"))
        }
    }

    /// DescribeImport.
    ///
    /// The table is `ACTIVE` some seconds before the import is `COMPLETED`: wait for this, not for the table.
    package func describeImport(_ arn: String) async throws -> ImportDescription {
        try await call("DescribeImport", ["ImportArn": .string(arn)], resource: arn) {
            json throws(ResponseShapeError) in
            try ImportDescription(json: json.requiredObject("ImportTableDescription"))
        }
    }
}
