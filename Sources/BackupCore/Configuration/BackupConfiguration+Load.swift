extension BackupConfiguration {
    /// What a program cannot do without.
    package enum Requirement: Sendable {
        /// Tables and bucket.
        case everything
        /// The bucket; the list of tables may be empty, as where backups are only listed and restored.
        case bucket
    }

    /// Reads the settings from a file and the environment.
    ///
    /// TABLE_ARNS (comma separated), S3_BUCKET, S3_REGION, S3_PREFIX and SCHEDULE take the place of what the file says;
    /// an empty variable counts as none. All that is needed may come from them.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - mayBeMissing: whether the environment alone will do, as when nobody asked for this file by name.
    package static func load(
        path: String,
        mayBeMissing: Bool,
        environment: [String: String],
        requiring requirement: Requirement = .everything
    ) throws(ConfigurationFieldError) -> BackupConfiguration {
        try BackupConfiguration(
            document: ConfigurationDocument(path: path, mayBeMissing: mayBeMissing),
            environment: environment,
            requiring: requirement
        )
    }

    /// Reads the settings from a file's contents, `nil` for no file, and the environment; see ``load``.
    package init(
        contents: [UInt8]?,
        file: String,
        environment: [String: String],
        requiring requirement: Requirement = .everything
    ) throws(ConfigurationFieldError) {
        try self.init(
            document: ConfigurationDocument(contents: contents, file: file),
            environment: environment,
            requiring: requirement
        )
    }

    private init(
        document: ConfigurationDocument,
        environment: [String: String],
        requiring requirement: Requirement
    ) throws(ConfigurationFieldError) {
        let reader = try ConfigurationReader(document, environment: environment)
        self.init(
            functionName: try reader.functionName(),
            tables: try reader.tables(requirement: requirement),
            bucket: Bucket(
                name: try reader.bucketName(),
                region: try reader.bucketRegion(),
                prefix: try reader.prefix()
            ),
            schedule: try reader.schedule(),
            maximumAgeHours: try reader.maximumAgeHours(),
            alarmEmail: try reader.alarmEmail()
        )
    }
}
