/// What `deploy.sh sync` calls what it makes, in each Region that holds a source.
package struct LiveNames: Sendable, Equatable {
    /// ``SyncConfiguration/functionName``.
    package let name: String

    package init(_ configuration: SyncConfiguration) {
        name = configuration.functionName
    }

    /// The function that follows streams.
    package var tableFunction: String { "\(name)-tables" }
    /// Changes that targets refuse, and batches of streams that Lambda has given up.
    package var tableFailures: String { "\(name)-table-failures" }
    /// The function that follows buckets.
    package var bucketFunction: String { "\(name)-buckets" }
    /// The source buckets' notifications.
    package var bucketEvents: String { "\(name)-bucket-events" }
    /// Events that could not be applied, however often they were tried.
    package var bucketFailures: String { "\(name)-bucket-failures" }
    /// The id of our entry in a source bucket's notification configuration.
    package var notification: String { name }
}
