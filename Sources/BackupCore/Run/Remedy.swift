internal import AWSCore

/// What to do about the failures that a backup meets, as a command where there is one.
enum Remedy {
    /// - Parameter code: AWS's error code, or an export's FailureCode.
    static func text(code: String, table: TableARN, bucket: BackupConfiguration.Bucket) -> String? {
        let name = table.tableName
        let region = table.region.name
        switch code {
        case "PointInTimeRecoveryUnavailableException":
            return "aws dynamodb update-continuous-backups --table-name \(name) --region \(region)"
                + " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        case "TableNotFoundException", "ResourceNotFoundException":
            return "check that \(table) exists (aws dynamodb list-tables --region \(region)), or take it out of"
                + " config.json and run ./deploy.sh"
        case "NoSuchBucket", "S3NoSuchBucket":
            return "the backup bucket \(bucket.name) is missing: run ./deploy.sh, which creates it"
        case "AccessDenied", "S3AccessDenied", "Forbidden":
            return "the function's role or the bucket's policy refuses s3://\(bucket.name)/\(bucket.prefix)/:"
                + " run ./deploy.sh --check"
        case "AccessDeniedException":
            return "the function's role may not export \(name): run ./deploy.sh, which grants it for the tables of"
                + " config.json (tables of other accounts cannot be exported)"
        case "KmsNotFoundException", "S3KMSAccessDenied", "KMSAccessDenied":
            return "the bucket's KMS key must exist in \(bucket.region) and allow the function's role to use it"
        case "LimitExceededException":
            return "too many exports run at once in \(region) (300, or 100 TB); the next retry takes it up"
        case "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId":
            return
                "the credentials are not valid any more: renew them (aws sts get-caller-identity shows whose they are)"
        case "InvalidExportTimeException":
            return "point-in-time recovery was turned on only a moment ago: try again in a few minutes"
        default:
            return nil
        }
    }
}
