/// How much time an invocation has.
package struct PartTime: Sendable {
    /// Whether nothing more is to be begun.
    package var isShort: @Sendable () -> Bool
    /// Returns when what is still under way has to be cut off, so that the invocation can answer.
    package var waitForEnd: @Sendable () async throws -> Void

    package init(
        isShort: @escaping @Sendable () -> Bool,
        waitForEnd: @escaping @Sendable () async throws -> Void
    ) {
        self.isShort = isShort
        self.waitForEnd = waitForEnd
    }
}
