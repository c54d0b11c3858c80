package import AWSCore

/// What the user wants restored, and how.
package struct RestoreRequest: Sendable, Equatable {
    package enum Encryption: Sendable, Equatable {
        /// As the source table was.
        case asBackedUp
        /// With a KMS key of the target's Region: ARN, id or alias.
        case kmsKey(String)
        /// With DynamoDB's own key.
        case dynamoDBDefault
    }

    /// A schema file of the user's, for backups without one.
    package struct LocalSchema: Sendable, Equatable {
        package var path: String
        package var contents: [UInt8]
        /// Whether the user asked for this file; if not, it only lay there.
        package var isNamed: Bool

        package init(path: String, contents: [UInt8], isNamed: Bool = false) {
            self.path = path
            self.contents = contents
            self.isNamed = isNamed
        }
    }

    package var region: Region
    /// The name of the new table; `nil` for `TABLE-restored-YYYYMMDD`.
    package var target: String?
    /// Whether local secondary indexes may be lost.
    package var allowsLosingLocalIndexes: Bool
    package var encryption: Encryption
    package var localSchema: LocalSchema?

    package init(
        region: Region,
        target: String? = nil,
        allowsLosingLocalIndexes: Bool = false,
        encryption: Encryption = .asBackedUp,
        localSchema: LocalSchema? = nil
    ) {
        self.region = region
        self.target = target
        self.allowsLosingLocalIndexes = allowsLosingLocalIndexes
        self.encryption = encryption
        self.localSchema = localSchema
    }
}

/// What a restore will do, decided before anything is started.
package struct RestorePlan: Sendable, Equatable {
    package enum SchemaSource: Sendable, Equatable {
        case backup
        /// The user's file, because the backup has none that fits.
        case file(String)
    }

    package var contents: BackupContents
    package var region: Region
    /// The name of the new table.
    package var target: String
    /// Already with the target's name and encryption.
    package var schema: TableSchema
    package var schemaSource: SchemaSource
    /// What the new table will lack; empty also when the backup has no settings, see ``notes``.
    package var dropped: [DroppedSetting]
    /// What else to know, a line each.
    package var notes: [String]

    /// The prefix that ImportTable reads, with its slash: one export's data files and nothing else.
    package var keyPrefix: String { contents.manifest.dataFolder }

    /// The items that must be there in the end.
    package var itemCount: Int { contents.manifest.itemCount }

    /// About what the import costs in US dollars, by the table's uncompressed size; `nil` where that is not known.
    package var importCost: Double? {
        // $0.15 for each GB in us-east-1 in autumn 2026.
        contents.manifest.billedSizeBytes.map { Double($0) / 1_073_741_824 * 0.15 }
    }

    /// The call that carries the plan out.
    ///
    /// - Parameter clientToken: a new one for each attempt.
    package func importRequest(bucket: String, clientToken: String) -> ImportTableRequest {
        ImportTableRequest(
            bucket: bucket,
            keyPrefix: keyPrefix,
            tableCreationParameters: schema.parameters,
            clientToken: clientToken
        )
    }
}
