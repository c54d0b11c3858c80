/// What was listed.
package struct ListedCounts: Sendable, Equatable {
    package var sourceObjects = 0
    package var sourceBytes = 0
    package var targetObjects = 0
    /// Left out by the filters, on either side.
    package var excluded = 0
    /// Of these, at the target only.
    package var excludedExtra = 0
    package var unchanged = 0
    /// At the target only.
    package var extra = 0

    static func + (left: ListedCounts, right: ListedCounts) -> ListedCounts {
        left.adding(right, times: 1)
    }

    static func - (left: ListedCounts, right: ListedCounts) -> ListedCounts {
        left.adding(right, times: -1)
    }

    private func adding(_ other: ListedCounts, times factor: Int) -> ListedCounts {
        var sum = self
        sum.sourceObjects += factor * other.sourceObjects
        sum.sourceBytes += factor * other.sourceBytes
        sum.targetObjects += factor * other.targetObjects
        sum.excluded += factor * other.excluded
        sum.excludedExtra += factor * other.excludedExtra
        sum.unchanged += factor * other.unchanged
        sum.extra += factor * other.extra
        return sum
    }
}
