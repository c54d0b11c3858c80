/// How many writes may be in flight: more while the target takes what it is given, fewer when it refuses much of it.
///
/// Judged by the share of items refused in a round, which is as many calls as may be in flight. A small share is noise
/// and says nothing about the number in flight: a rule that goes down with each refusal would end at one call.
struct AdaptiveLimit: Sendable {
    /// Refusals up to this share do not keep the limit from growing.
    static let noise = 0.08
    /// Refusals from this share on shrink it.
    static let tooMuch = 0.15

    let maximum: Int
    private(set) var limit: Int
    /// Doubles with each round until something was refused for the first time.
    private var isStarting = true
    private var calls = 0
    private var sent = 0
    private var refused = 0

    /// - Parameter maximum: at least 1.
    init(maximum: Int, initial: Int = 8) {
        self.maximum = max(1, maximum)
        self.limit = max(1, min(initial, maximum))
    }

    /// Takes note of a call that has come back.
    mutating func record(sent items: Int, refused refusals: Int) {
        calls += 1
        sent += items
        refused += refusals
        guard calls >= limit, sent > 0 else { return }
        let share = Double(refused) / Double(sent)
        if share >= Self.tooMuch {
            isStarting = false
            limit = max(1, Int(Double(limit) * (1 - min(0.5, share / 2))))
        } else if share < Self.noise {
            limit = min(maximum, isStarting ? limit * 2 : limit + max(1, limit / 16))
        }
        calls = 0
        sent = 0
        refused = 0
    }
}
