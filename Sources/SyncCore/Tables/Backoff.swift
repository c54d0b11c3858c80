/// Waits between attempts at what is refused for now: longer each time, and never the same for two who wait.
enum Backoff {
    /// What the first wait stays under.
    static let base = Duration.milliseconds(50)
    /// What no wait exceeds.
    static let maximum = Duration.seconds(5)

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - random: from 0 up to 1.
    static func delay(afterFailures failures: Int, random: Double) -> Duration {
        min(base * (1 << min(max(0, failures - 1), 10)), maximum) * (0.25 + 0.75 * random)
    }
}
