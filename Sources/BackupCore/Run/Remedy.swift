package import AWSCore

/// What to do about an error of AWS, one line, with the exact command where one helps.
package enum Remedy {
    /// What the failed call was about, as far as it is known; placeholders in capitals stand for the rest.
    package struct Context: Sendable {
        package var table: TableARN?
        package var bucket: BackupConfiguration.Bucket?
        /// What an error itself says, where nothing better is known.
        private var named: (table: String?, region: String?, bucket: String?)

        package init(table: TableARN? = nil, bucket: BackupConfiguration.Bucket? = nil) {
            self.table = table
            self.bucket = bucket
        }

        /// What the error itself names.
        package init(_ error: AWSError) {
            let resource = error.resource ?? ""
            if error.service == "DynamoDB" {
                table = TableARN(resource) ?? TableARN(exportARN: resource)
                named.table = TableARN.isTableName(resource) ? resource : nil
                named.region = error.region
            } else if error.service == "S3", resource.hasPrefix("s3://") {
                named.bucket = String(resource.dropFirst("s3://".count).prefix { $0 != "/" })
            }
        }

        fileprivate var tableName: String { table?.tableName ?? named.table ?? "TABLE" }
        fileprivate var region: String { table?.region.name ?? named.region ?? "REGION" }
        fileprivate var bucketName: String { bucket?.name ?? named.bucket ?? "BUCKET" }
    }

    /// - Returns: `nil` where AWS's own message says all there is to say.
    package static func remedy(for error: AWSError, context: Context = Context()) -> String? {
        // A HEAD request has no body and so no code: its status must do.
        switch (error.service, error.status) {
        case ("S3", 403) where error.code.hasPrefix("HTTP"): return remedy(code: "AccessDenied", context: context)
        case ("S3", 404) where error.code.hasPrefix("HTTP"): return remedy(code: "NoSuchBucket", context: context)
        default: break
        }
        if error.service == "S3", error.code == "AccessDenied" || error.code == "Forbidden",
            let action = s3Actions[error.operation]
        {
            let resource = error.resource ?? "s3://\(context.bucketName)"
            return "allow \(action) on \(resource) in the caller's IAM policy (infrastructure/policies has ready ones);"
                + " a bucket of another account also needs a bucket policy that allows it"
        }
        if error.code == "AccessDeniedException" || error.code == "AccessDenied", error.service != "S3" {
            return accessDenied(error, context)
        }
        if error.code == "ResourceNotFoundException", error.service == "Lambda" {
            return "deploy the function with ./deploy.sh, or set functionName in config.json"
        }
        if error.code == "LimitExceededException", error.operation == "ImportTable" {
            return "50 imports may run at once: wait until others have ended, then run the same again"
        }
        return remedy(code: error.code, context: context)
    }

    /// The remedy for a code alone, as in an export's FailureCode.
    package static func remedy(code: String, context: Context = Context()) -> String? {
        switch code {
        case "PointInTimeRecoveryUnavailableException":
            ShellCommand([
                "aws", "dynamodb", "update-continuous-backups", "--table-name", context.tableName,
                "--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true", "--region", context.region,
            ]).description
        case "TableNotFoundException", "ResourceNotFoundException":
            "check the name and Region (aws dynamodb list-tables --region \(context.region)), and config.json"
        case "S3NoSuchBucket", "NoSuchBucket":
            "make the bucket \(context.bucketName)"
                + (context.bucket.map { " in \($0.region)" } ?? "") + " with ./deploy.sh, or correct bucket.name"
        case "S3AccessDenied", "AccessDenied", "Forbidden":
            "allow s3:PutObject, s3:AbortMultipartUpload, s3:GetObject and s3:ListBucket on bucket"
                + " \(context.bucketName) (./deploy.sh --check shows what is missing); a bucket of another account also"
                + " needs a bucket policy that allows them"
        case "AccessDeniedException":
            "allow the call on table \(context.tableName) in the caller's IAM policy; ./deploy.sh --check shows what is"
                + " missing"
        case "KmsNotFoundException", "KMS.NotFoundException", "KMSKeyNotAccessibleFault", "KMSAccessDeniedException",
            "KMSInvalidStateException", "KMS.DisabledException", "S3KMSAccessDenied", "KMSAccessDenied":
            "the KMS key must exist in the Region of what it encrypts, be enabled, and allow kms:Decrypt and"
                + " kms:GenerateDataKey to the caller"
        case "LimitExceededException":
            "300 exports may run at once, of at most 100 TB: the retry, or the next run, starts what is missing"
        case "ExportConflictException":
            "another export was started with the same token: run the backup again, which takes a new one"
        case "InvalidExportTimeException":
            "point-in-time recovery was turned on only now: try again in a few minutes"
        case "ContinuousBackupsUnavailableException":
            "the table was made or changed just now: try again in a minute"
        case "ResourceInUseException", "TableAlreadyExists":
            "a table of that name exists: give another name with --target-table"
        case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
            "the credentials have expired: get new ones, as with aws sso login, and run the same again"
        case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
            "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure":
            "AWS does not know these credentials: aws sts get-caller-identity shows which are in use"
        case "MissingAuthenticationToken", "MissingAuthenticationTokenException":
            "no credentials were sent: set AWS_PROFILE, or run aws configure"
        case "RequestTimeTooSkewed", "RequestInTheFuture":
            "set this machine's clock: it differs too much from AWS's"
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
            "bucket \(context.bucketName) is in another Region: correct bucket.region"
        case "InvalidObjectState":
            "the object is archived: thaw it with aws s3api restore-object, and try again when that is done"
        case "ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException":
            "AWS asks for fewer requests: wait a minute and run the same again"
        case "CouldNotResolveHost":
            "check the Region's name and this machine's network; --endpoint-url, AWS_ENDPOINT_URL and HTTPS_PROXY"
                + " lead elsewhere when they are set"
        case "CouldNotConnect", "TimedOut":
            "check this machine's network; --endpoint-url, AWS_ENDPOINT_URL and HTTPS_PROXY lead elsewhere when they"
                + " are set"
        case "ConnectionLost":
            "the connection was cut each time; nothing is lost: run the same again"
        case "TLSFailure":
            "check this machine's clock and CA certificates; behind a proxy that opens TLS, AWS_CA_BUNDLE must name"
                + " its certificate"
        case "CorruptResponse", "IncompleteResponse", "InternalServerError", "InternalError", "InternalFailure",
            "ServiceUnavailable", "HTTP 500", "HTTP 502", "HTTP 503", "HTTP 504":
            "AWS has trouble; nothing is lost: run the same again in a few minutes"
        case "ItemValidationError":
            "some lines could not be imported; the table holds all others. CloudWatch log group /aws-dynamodb/imports"
                + " names the lines"
        default: nil
        }
    }

    /// What reading backups needs, as IAM calls it; writing needs several actions together.
    private static let s3Actions = [
        "GetObject": "s3:GetObject", "HeadObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket",
        "RestoreObject": "s3:RestoreObject",
    ]

    private static func accessDenied(_ error: AWSError, _ context: Context) -> String {
        let prefixes = ["DynamoDB": "dynamodb", "EventBridge": "events", "Lambda": "lambda", "STS": "sts"]
        // The one operation that IAM calls by another name.
        let operation = error.service == "Lambda" && error.operation == "Invoke" ? "InvokeFunction" : error.operation
        let action = (prefixes[error.service] ?? "application-autoscaling") + ":" + operation
        let resource = error.resource ?? context.table?.description ?? "the table"
        return "allow \(action) on \(resource) in the caller's IAM policy; ./deploy.sh --check shows what is missing"
    }
}
