import AWSCore
import AWSTesting
import Synchronization

@testable import SyncCore

/// What must be true of the targets.
extension LiveTableSimulation {
    /// Where a target is not as it must be.
    ///
    /// - Parameter beforeReplay: whether messages may wait for a replay, or lie hidden since one was killed. What live sync
    ///   itself has brought must be there all the same, unless an item has come back to a state that it had before: a
    ///   replay that was killed just then cannot have seen that.
    func differences(beforeReplay: Bool) -> [String] {
        let source = dynamoDB.table("Orders")
        let histories = histories(of: source)
        return plan.targets.flatMap { target in
            let table = dynamoDB.table(target.name)
            return histories.compactMap { history -> String? in
                let wanted = wanted(history, target)
                let found = table[history.key].map(Self.text)
                guard !beforeReplay || isSettled(history, target) else { return nil }
                guard !wanted.contains(found) else { return nil }
                let state = source[history.key].map(Self.text) ?? "gone"
                return "\(target.name)\(beforeReplay ? " before the last replay" : ""): \(Self.text(history.key)) is"
                    + " \(found ?? "missing"), and at the source \(state)"
            }
        }
    }

    /// All that was done to an item.
    struct History {
        var key: JSONObject
        /// Places among the source's changes.
        var places: [Int]
        var changes: [FakeDynamoDBTable.Change]
    }

    private func histories(of source: FakeDynamoDBTable) -> [History] {
        (0..<plan.keys).map { number in
            let key = Self.key(number)
            let changes = source.changes.enumerated().filter { $0.element.key["pk"] == key["pk"] }
            return History(key: key, places: changes.map(\.offset), changes: changes.map(\.element))
        }
    }

    private func views(_ history: History, _ target: Target) -> [String?] {
        let first = plan.copiesHistory ? nil : initial(history.key, target)
        // The target may have begun with an item that the source did not have.
        let isExtra = first != nil && isBehind(history, target) && history.places.allSatisfy { $0 >= start }
        return [first] + (isExtra ? [nil] : []) + history.changes.map { target.view(of: $0.new).map(Self.text) }
    }

    /// What the target had of an item before the first step.
    private func initial(_ key: JSONObject, _ target: Target) -> String? {
        state.withLock { $0.initial[target.name] }?[key].map(Self.text)
    }

    private func isBehind(_ history: History, _ target: Target) -> Bool {
        state.withLock { $0.behind.contains(target.name + Self.text(history.key)) }
    }

    private var start: Int { state.withLock { $0.start } }

    /// What the target may have of an item.
    private func wanted(_ history: History, _ target: Target) -> [String?] {
        let views = views(history, target)
        let last = views.last ?? nil
        guard let place = history.places.last else { return plan.policy == .ignore ? views + [nil] : [nil] }
        guard plan.policy == .ignore, history.changes.last?.new == nil else { return [last] }
        // Who has deleted it is not known to a replay, nor to a copy.
        let others = history.places.dropLast()
        let (isExpired, isHandled) = state.withLock { state in
            (
                state.services[place] == "dynamodb.amazonaws.com",
                others.allSatisfy { $0 < state.start || state.handled.contains($0) }
            )
        }
        let isTaken = history.changes.allSatisfy { target.takes($0.new) }
        if isExpired {
            guard isHandled, isTaken, !plan.copiesHistory, !isBehind(history, target) else { return views + [nil] }
            return [views.dropLast().last ?? nil]
        }
        // Nor can a replay that has written it just then tell, and leaves it.
        let isKnown = state.withLock { $0.handled.contains(place) && !$0.hasReplayedBesideWrites }
        return isKnown ? [nil] : views + [nil]
    }

    /// Whether live sync has brought the item's last change, and the item never came back to an earlier state.
    private func isSettled(_ history: History, _ target: Target) -> Bool {
        guard let place = history.places.last, let change = history.changes.last, target.takes(change.new) else {
            return false
        }
        let isBrought =
            place < start
            ? plan.copiesHistory || !isBehind(history, target) : state.withLock { $0.handled.contains(place) }
        guard isBrought else { return false }
        var (seen, previous): (Set<String?>, String??) = ([], nil)
        for view in views(history, target) where previous != .some(view) {
            guard seen.insert(view).inserted else { return false }
            previous = view
        }
        return true
    }
}
