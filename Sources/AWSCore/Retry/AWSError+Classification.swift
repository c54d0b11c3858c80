extension AWSError.Kind {
    /// What an answer that is an error means for a retry.
    ///
    /// Lists as in botocore's `retries/standard.py` and the AWS SDKs' service-error-classification. A control plane's
    /// `LimitExceededException` may be for good, but botocore counts it as throttling too, and attempts are few.
    package init(code: String, status: Int) {
        if Self.clockSkewCodes.contains(code) {
            self = .clockSkew
        } else if Self.throttlingCodes.contains(code) || status == 429 {
            self = .throttling
        } else if Self.transientCodes.contains(code) || Self.transientStatuses.contains(status) {
            self = .transient
        } else {
            self = .client
        }
    }

    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]

    private static let transientCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError", "InternalFailure",
        "ServiceUnavailable", "IDPCommunicationError", "ConditionalRequestConflict",
        "ContinuousBackupsUnavailableException",
        // Writes of one item that met a transaction, or a write in another Region of a global table.
        "TransactionConflictException", "ReplicatedWriteConflictException",
    ]

    private static let transientStatuses: Set<Int> = [500, 502, 503, 504]

    private static let clockSkewCodes: Set<String> = [
        "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed",
    ]

    /// Codes that a wrong clock can cause, but a wrong secret too: skew only when the clocks really differ.
    static let possibleClockSkewCodes: Set<String> = [
        "AuthFailure", "InvalidSignatureException", "SignatureDoesNotMatch",
    ]
}
