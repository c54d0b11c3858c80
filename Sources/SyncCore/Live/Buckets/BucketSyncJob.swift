import AWSCore
import Synchronization

import struct FoundationEssentials.Date

/// One object that is to be settled.
struct BucketSyncJob: Sendable {
    /// Of the configuration's, by its place.
    var mapping: Int
    /// Without the source's prefix.
    var key: String
    var comparesTags = false
    /// The events that name it, by their places.
    var changes: [Int] = []

    init(mapping: Int, key: String) {
        self.mapping = mapping
        self.key = key
    }

    enum Outcome: Sendable {
        case settled(ObjectSettlement.Outcome)
        /// One line.
        case failed(String)
        case outOfTime(hasBegun: Bool)
    }

    /// How often it is tried when the network or the service is to blame; each is several attempts of a call.
    private static let maximumAttempts = 8

    /// - Parameter end: when no new attempt is begun any more.
    func run(_ mapping: LiveBucketMapping, until end: Date, _ environment: AWSClient.Environment) async -> Outcome {
        var failures = 0
        while true {
            do {
                return .settled(try await mapping.settlement.settle(key: key, comparesTags: comparesTags))
            } catch {
                // Requests that were cut off by the deadline fail in many ways.
                if Task.isCancelled || error is CancellationError { return .outOfTime(hasBegun: true) }
                failures += 1
                guard Self.mayPass(error), failures < Self.maximumAttempts else {
                    return .failed(message(error, mapping))
                }
                let delay = Backoff.delay(afterFailures: failures, random: environment.random())
                guard environment.now().addingTimeInterval(delay / .seconds(1)) < end else {
                    return .outOfTime(hasBegun: true)
                }
                do { try await environment.sleep(delay) } catch { return .outOfTime(hasBegun: true) }
            }
        }
    }

    private func message(_ error: any Error, _ mapping: LiveBucketMapping) -> String {
        if let error = error as? ObjectSettlementError { return error.description }
        let source = OneLine.text("\(mapping.settlement.source.name)\(key)")
        return "\(source) was not brought to \(mapping.settlement.target.name): \(error)"
    }

    private static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case let error as AWSError: error.kind == .transient || error.kind == .throttling
        case is InterruptedStreamError, is DamagedCopyError: true
        default: false
        }
    }
}

/// Hands out jobs, and keeps what became of them.
final class BucketSyncQueue: Sendable {
    private struct State {
        var next = 0
        /// What was never begun has run out of time.
        var outcomes: [BucketSyncJob.Outcome]
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(outcomes: Array(repeating: .outOfTime(hasBegun: false), count: count)))
    }

    func next() -> Int? {
        state.withLock { state in
            guard state.next < state.outcomes.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func finish(_ place: Int, _ outcome: BucketSyncJob.Outcome) {
        state.withLock { $0.outcomes[place] = outcome }
    }

    var outcomes: [BucketSyncJob.Outcome] { state.withLock { $0.outcomes } }
}
