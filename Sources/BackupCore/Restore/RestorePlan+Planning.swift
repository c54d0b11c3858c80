internal import AWSCore

extension RestorePlan {
    /// ImportTable's limits (Service quotas, 2026).
    private static let maximumFiles = 50_000
    private static let regionsOf15TB = ["us-east-1", "us-west-2", "eu-west-1"]

    /// Plans the restore of a backup, or says why there can be none.
    ///
    /// - Parameter bucket: the backup's bucket, for messages.
    /// - Throws: ``RestoreError``; ``TableSchemaError`` when the schema file is not one.
    package init(_ contents: BackupContents, request: RestoreRequest, bucket: String) throws {
        try RestorePlan.requireImportable(contents, region: request.region)
        try RestorePlan.requireReadable(contents, bucket: bucket)
        var (schema, source) = try RestorePlan.schema(of: contents, request: request, bucket: bucket)
        let target = request.target ?? RestorePlan.defaultTarget(table: contents.entry.table, date: contents.entry.date)
        guard TableARN.isTableName(target) else {
            throw RestoreError(
                .targetName,
                "\"\(target)\" is not a table name (expected 3 to 255 letters, digits, \"_\", \".\" and \"-\")"
            )
        }
        try RestorePlan.requireNoLocalIndexes(contents, request: request)
        schema = try RestorePlan.encrypted(schema, request: request).renamed(to: target)

        var notes: [String] = []
        if case .file(let path) = source {
            notes.append("the backup has no schema that fits: \(path) is used in its place")
        }
        if contents.settings == nil {
            notes.append(
                "the backup has no readable table_settings.json: it is not known which settings of the table will be"
                    + " missing (time to live, tags, streams, local secondary indexes…)"
            )
        }
        if let thawedUntil = contents.storage.thawedUntil {
            notes.append(
                "the thawed data files freeze again at \(thawedUntil.iso8601): the import must have ended by then"
            )
        }
        self.init(
            contents: contents,
            region: request.region,
            target: target,
            schema: schema,
            schemaSource: source,
            dropped: contents.settings?.droppedByImport(target: target, region: request.region) ?? [],
            notes: notes
        )
    }

    /// `TABLE-restored-YYYYMMDD`, with the table's name cut where the whole would be longer than 255.
    static func defaultTarget(table: String, date: BackupDate) -> String {
        let suffix = "-restored-\(date.compactDescription)"
        return String(table.prefix(255 - suffix.utf8.count)) + suffix
    }

    private static func requireImportable(_ contents: BackupContents, region: Region) throws(RestoreError) {
        let what = "the backup of \(contents.entry.table) of \(contents.entry.date)"
        guard contents.manifest.isFull else {
            throw RestoreError(.notImportable, "\(what) is an incremental export, which ImportTable cannot read")
        }
        guard contents.manifest.outputFormat == "DYNAMODB_JSON" else {
            throw RestoreError(
                .notImportable,
                "\(what) is in the format \(contents.manifest.outputFormat); only DYNAMODB_JSON can be restored"
            )
        }
        guard contents.fileCount <= maximumFiles else {
            throw RestoreError(
                .tooLarge,
                "\(what) has \(contents.fileCount) data files; ImportTable takes at most \(maximumFiles)"
            )
        }
        let terabytes = regionsOf15TB.contains(region.name) ? 15 : 1
        guard contents.storage.total.bytes <= terabytes << 40 else {
            throw RestoreError(
                .tooLarge,
                "\(what) has \(gigabytes(contents.storage.total.bytes)); ImportTable takes at most \(terabytes) TB in"
                    + " \(region)" + (terabytes < 15 ? " (15 TB in \(regionsOf15TB.joined(separator: ", ")))" : "")
            )
        }
    }

    private static func requireReadable(_ contents: BackupContents, bucket: String) throws(RestoreError) {
        guard !contents.storage.isReadable else { return }
        throw archived(contents.storage, bucket: bucket, prefix: contents.manifest.dataFolder)
    }

    /// The refusal of a backup whose files must be thawed first, with the commands, their hours and cost.
    ///
    /// - Parameter prefix: below which every file is to be thawed.
    static func archived(_ storage: DataStorage, bucket: String, prefix: String) -> RestoreError {
        let archived = storage.archived.sorted { $0.key.name < $1.key.name }
        let amounts = archived.map { storageClass, amount in
            "\(amount.files) files (\(gigabytes(amount.bytes))) in \(storageClass)"
        }
        var message = "the data must be thawed before it can be imported: \(amounts.joined(separator: ", "))"
        if storage.thawing.files == archived.reduce(0, { $0 + $1.value.files }) {
            return RestoreError(.archived, message + "; the thaw was asked for and still runs: try again later")
        }
        for (storageClass, amount) in archived {
            for estimate in ThawEstimate.estimates(storageClass, amount) {
                let command = ThawEstimate.command(
                    bucket: bucket,
                    prefix: prefix,
                    storageClass: storageClass,
                    tier: estimate.tier
                )
                message +=
                    "\n  \(storageClass), \(estimate.tier.rawValue): \(estimate.duration),"
                    + " \(cost(estimate.cost)):\n    \(command)"
            }
        }
        return RestoreError(.archived, message + "\nthen run the same restore again within 7 days")
    }

    private static func schema(
        of contents: BackupContents,
        request: RestoreRequest,
        bucket: String
    ) throws -> (TableSchema, SchemaSource) {
        let table = contents.entry.table
        let backup = "the backup of \(table) of \(contents.entry.date)"
        // A day's folder has one schema and may hold several exports: one made before the table was deleted and made
        // anew has the keys of the table that was.
        let isOfAnotherTable =
            if let described = contents.settings?.tableID, let exported = contents.manifest.tableID {
                described != exported
            } else {
                false
            }
        if isOfAnotherTable, request.localSchema?.isNamed != true {
            throw RestoreError(
                .schemaMissing,
                "\(backup) was made before the table was deleted and made anew: the schema beside it is that of the later"
                    + " table. Give the right one with --schema FILE; in a bucket with versions, aws s3api"
                    + " list-object-versions --bucket \(bucket) shows earlier ones of table_schema.json"
            )
        }
        if let file = contents.schemaFile, !isOfAnotherTable {
            return (try TableSchema(fileContents: file, source: "table_schema.json of \(backup)"), .backup)
        }
        guard let local = request.localSchema else {
            throw RestoreError(
                .schemaMissing,
                "\(backup) has no table_schema.json: give one with --schema FILE (export-table-schema writes it from a"
                    + " table that exists, restore list shows backups that have one)"
            )
        }
        let schema = try TableSchema(fileContents: local.contents, source: local.path)
        guard schema.tableName == table else {
            throw RestoreError(
                .schemaMissing,
                "\(backup) has no table_schema.json that fits, and \(local.path) is that of the table"
                    + " \(schema.tableName)"
            )
        }
        return (schema, .file(local.path))
    }

    private static func requireNoLocalIndexes(
        _ contents: BackupContents,
        request: RestoreRequest
    ) throws(RestoreError) {
        let names = (contents.settings?.localSecondaryIndexes ?? []).compactMap { $0["IndexName"]?.string }
        guard !names.isEmpty, !request.allowsLosingLocalIndexes else { return }
        throw RestoreError(
            .localIndexes,
            "\(contents.entry.table) has local secondary indexes (\(names.joined(separator: ", "))), which ImportTable"
                + " cannot make and nobody can add later; --without-local-indexes restores the table without them"
        )
    }

    private static func encrypted(_ schema: TableSchema, request: RestoreRequest) throws(RestoreError) -> TableSchema {
        switch request.encryption {
        case .dynamoDBDefault: return schema.removingSSE()
        case .kmsKey(let key):
            if let region = ARN(key)?.region, !region.isEmpty, region != request.region.name {
                throw RestoreError(
                    .kmsKey,
                    "the key \(key) is one of \(region), but the table will be in \(request.region)"
                )
            }
            return schema.replacingKMSKey(key)
        case .asBackedUp:
            guard let key = schema.kmsKeyID, let arn = ARN(key), arn.region != request.region.name else {
                return schema
            }
            throw RestoreError(
                .kmsKey,
                "the table is encrypted with the KMS key \(key), which is one of \(arn.region) and cannot be used in"
                    + " \(request.region): give one with --kms-key, or --default-encryption for DynamoDB's own"
            )
        }
    }

    private static func gigabytes(_ bytes: Int) -> String {
        bytes >= 1 << 30
            ? "\(tenths(Double(bytes) / 1_073_741_824)) GB" : "\(tenths(Double(bytes) / 1_048_576)) MB"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func cost(_ value: Double) -> String {
        if value == 0 { return "free" }
        return value < 0.01 ? "less than $0.01" : "about $\(dollars(value))"
    }

    private static func dollars(_ value: Double) -> String {
        let cents = Int((value * 100).rounded())
        return "\(cents / 100).\((cents % 100).padded(to: 2))"
    }
}
