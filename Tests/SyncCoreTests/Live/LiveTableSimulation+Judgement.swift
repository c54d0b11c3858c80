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

    // MARK: At every step

    /// What Lambda takes for done never comes again: by then it is at the targets, or something later is (H12).
    ///
    /// - Parameter places: of the records, among the source's changes.
    func checkDone(_ places: Set<Int>) {
        // What else writes at the targets keeps to the source as it is, and not to the records.
        guard plan.policy == .forward, !plan.copiesHistory, !state.withLock({ $0.hasReplayedBesideWrites }) else {
            return
        }
        for history in histories(of: dynamoDB.table("Orders")) {
            guard let last = history.places.last(where: places.contains) else { continue }
            for target in plan.targets where history.changes.allSatisfy({ target.takes($0.new) }) {
                let found = dynamoDB.table(target.name)[history.key].map(Self.text)
                let isThere = zip(history.places, history.changes).contains { place, change in
                    place >= last && target.view(of: change.new).map(Self.text) == found
                }
                if isThere { continue }
                violate(
                    "\(target.name): the record \(last) of \(Self.text(history.key)) was never applied, and counts as done"
                )
            }
        }
    }

    /// An item of a target that a copy is about to delete.
    struct Watched {
        var target: String
        var key: JSONObject
        var item: JSONObject
    }

    /// Sees what copies read and write, and what they are about to delete.
    func watched(_ name: String, _ body: [UInt8]) -> Watched? {
        guard case .copy? = state.withLock({ $0.roles[SteppedTasks.process] }),
            ["GetItem", "PutItem", "DeleteItem"].contains(name), let input = try? JSONValue(parsing: body),
            let table = input["TableName"]?.string?.split(separator: "/").last.map(String.init)
        else { return nil }
        guard
            let key = (input["Key"] ?? input["Item"])?.object.map({
                JSONObject($0.members.filter { Self.keyNames.contains($0.key) }.map { ($0.key, $0.value) })
            })
        else { return nil }
        let there = dynamoDB.table(table)[key]
        if name == "GetItem", table == "Orders" {
            let count = dynamoDB.table(table).changes.count
            state.withLock { $0.looked["\(SteppedTasks.process) \(Self.text(key))"] = count }
        } else if name == "GetItem", let there {
            state.withLock { $0.seen[table + Self.text(key), default: []].append(there) }
        } else if let item = input["Item"]?.object {
            state.withLock { $0.seen[table + Self.text(key), default: []].append(item) }
        } else if name == "DeleteItem", let there {
            return Watched(target: table, key: key, item: there)
        }
        return nil
    }

    /// A copy takes away what it has written itself, or has seen, and only what the source did not have any more (H16).
    func check(_ watched: Watched?) {
        guard let watched, dynamoDB.table(watched.target)[watched.key] == nil,
            let target = plan.targets.first(where: { $0.name == watched.target })
        else { return }
        let source = dynamoDB.table("Orders")
        let last = source.changes.lastIndex { $0.key["pk"] == watched.key["pk"] }
        let looked = state.withLock { $0.looked["\(SteppedTasks.process) \(Self.text(watched.key))"] }
        let seen = state.withLock { $0.seen[watched.target + Self.text(watched.key)] ?? [] }
        // No condition can say that there is no attribute but these: who deletes what has gained one brings it back.
        let isSeen = seen.contains { $0.members.allSatisfy { watched.item[$0.key] == $0.value } }
        if !isSeen {
            violate("a copy deletes from \(watched.target) what it has never seen: \(Self.text(watched.item))")
        }
        if target.view(of: source[watched.key]) != nil, let last, last < looked ?? .max {
            violate("a copy deletes from \(watched.target) what the source has: \(Self.text(watched.item))")
        }
    }

    private static let keyNames: Set<String> = ["pk", "sk"]
}
