/// What an invocation did in one mapping, for metrics and logs.
package struct LiveBucketFigures: Sendable, Equatable {
    package var source: BucketPrefix
    package var target: BucketPrefix
    /// Events of the source's objects, several of one object included.
    package var events = 0
    package var copied = 0
    package var copiedBytes = 0
    /// Objects of which only the tags were written.
    package var tagged = 0
    package var deleted = 0
    /// Objects that were equal already: duplicates, and events whose change another one has brought along.
    package var unchanged = 0
    /// Objects that were not settled.
    package var failed = 0
    /// How long ago the oldest of the events was when all was settled; `nil` when no event says when it was.
    package var lagMilliseconds: Double?

    package init(source: BucketPrefix, target: BucketPrefix) {
        self.source = source
        self.target = target
    }
}
