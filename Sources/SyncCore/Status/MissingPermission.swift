import AWSCore

/// What a caller lacks when AWS refuses a call of status, replay or cut-over.
package struct MissingPermission: Sendable, Equatable, CustomStringConvertible {
    /// As policies call it: `sqs:GetQueueAttributes`.
    package let action: String
    /// What AWS was asked about, where the error names it.
    package let resource: String?

    /// - Returns: `nil` for an error that is no matter of permissions.
    package init?(_ error: any Error) {
        guard let error = error as? AWSError, Self.codes.contains(error.code),
            let prefix = Self.prefixes[error.service]
        else { return nil }
        action = "\(prefix):\(Self.names[error.operation] ?? error.operation)"
        resource = error.resource
    }

    /// What to do.
    package var description: String {
        "allow \(action)\(resource.map { " on \($0)" } ?? "") in the caller's IAM policy (infrastructure/policies has ready ones"
            + " for sync)"
    }

    /// The error, with what to do about it where that is to allow something.
    static func text(_ error: any Error) -> String {
        MissingPermission(error).map { "\(error); \($0)" } ?? "\(error)"
    }

    private static let codes: Set<String> = [
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
    ]

    private static let prefixes = [
        AWSService.dynamoDB.name: "dynamodb", AWSService.dynamoDBStreams.name: "dynamodb",
        AWSService.lambda.name: "lambda",
        AWSService.sqs.name: "sqs", AWSService.cloudWatch.name: "cloudwatch", AWSService.s3.name: "s3",
    ]

    /// Operations that IAM calls by another name (Service Authorization Reference, "Actions defined by Amazon S3").
    private static let names = [
        "GetBucketNotificationConfiguration": "GetBucketNotification", "HeadObject": "GetObject",
        "HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket",
    ]
}
