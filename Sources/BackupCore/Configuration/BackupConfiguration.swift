package import AWSCore

/// The settings of a backup: config.json with the environment's overrides and the defaults.
package struct BackupConfiguration: Sendable, Equatable {
    package struct Bucket: Sendable, Equatable {
        package var name: String
        package var region: Region
        /// First part of every key, without a slash at either end.
        package var prefix: String

        package init(name: String, region: Region, prefix: String = "daily") {
            self.name = name
            self.region = region
            self.prefix = prefix
        }
    }

    package static let defaultFunctionName = "DynamoDBBackupFunction"
    package static let defaultSchedule = "cron(0 2 * * ? *)"
    package static let defaultMaximumAgeHours = 26

    package var functionName: String
    /// The tables to back up, each once; no two have the same name, because the name is the folder in the bucket.
    package var tables: [TableARN]
    package var bucket: Bucket
    /// EventBridge's `cron(…)` or `rate(…)`, in UTC.
    package var schedule: String
    /// A table without a completed backup that is younger than this many hours is unhealthy.
    package var maximumAgeHours: Int
    package var alarmEmail: String?

    package init(
        functionName: String = defaultFunctionName,
        tables: [TableARN],
        bucket: Bucket,
        schedule: String = defaultSchedule,
        maximumAgeHours: Int = defaultMaximumAgeHours,
        alarmEmail: String? = nil
    ) {
        self.functionName = functionName
        self.tables = tables
        self.bucket = bucket
        self.schedule = schedule
        self.maximumAgeHours = maximumAgeHours
        self.alarmEmail = alarmEmail
    }

    package var layout: BackupLayout { BackupLayout(prefix: bucket.prefix) }
}
