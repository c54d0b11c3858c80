import AWSCore
import AWSTesting
import BackupCore
import Synchronization
import Testing

@testable import SyncCore

/// What is there before a round's first step.
extension LiveTableSimulation {
    static func plan(_ seed: UInt64, _ random: inout SeededGenerator) -> Plan {
        var plan = Plan()
        func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        plan.isCrowd = below(12) == 0
        plan.keys = plan.isCrowd ? 11 + below(30) : 1 + below(3)
        plan.targets = plan.isCrowd ? [Target.all[2]] : Array(Target.all.shuffled(using: &random).prefix(1 + below(2)))
        plan.policy = below(4) == 0 ? .ignore : .forward
        plan.copiesHistory = !plan.isCrowd && below(5) < 2
        plan.hasFailures = !plan.isCrowd && below(5) < 2
        plan.isUnique = below(3) == 0
        plan.returns = !plan.isUnique && below(3) > 0
        plan.burst = 1 + below(4)
        plan.shards = 1 + below(2)
        plan.maximumRetryAttempts = max(0, below(4) - 1)
        plan.persistence = [0, 50, 80, 90, 95][below(5)]
        plan.pauses = [0, 0, 5, 15][below(4)]
        plan.segments = 1 + below(2)
        focus(&plan, seed, &random)
        return plan
    }

    static func configuration(_ plan: Plan) throws -> SyncConfiguration {
        var mapping = TableMapping(
            source: try #require(TableARN(LiveTableFixture.home + "Orders")),
            targets: [],
            timeToLiveDeletes: plan.policy
        )
        for target in plan.targets {
            mapping.targets.append(
                TableTarget(
                    table: try #require(TableARN(LiveTableFixture.home + target.name)),
                    filter: try target.itemFilter
                )
            )
        }
        return SyncConfiguration(functionName: "Sync", tables: [mapping])
    }

    /// Makes the tables.
    func begin(isTraced: Bool) {
        dynamoDB.createTable("Orders", keys: Self.keys)
        for target in plan.targets {
            dynamoDB.createTable(target.name, keys: Self.keys)
            guard target.refuses else { continue }
            dynamoDB.change { $0.tables[target.name]?.indexKeys = [FakeDynamoDBTable.Key("date", "S")] }
        }
        let history = state.withLock { state -> [JSONObject] in
            state.shards = Array(repeating: Shard(), count: plan.shards)
            state.writes =
                plan.isCrowd ? plan.keys + 4 : Int.random(in: 1...(plan.hasFailures ? 3 : 6), using: &state.random)
            state.faults = Int.random(in: (plan.isNarrow ? 1 : 0)...4, using: &state.random)
            state.kills = Int.random(in: (plan.isNarrow ? 1 : 0)...2, using: &state.random)
            state.timeouts = Int.random(in: 0...1, using: &state.random)
            if plan.isNarrow {
                state.writes = plan.script.count
                state.timeouts = plan.trouble == .slowTarget ? 3 : 0
                if [.partialBatches, .halfBatches, .slowTarget].contains(plan.trouble) { state.faults = 6 }
            }
            state.trace = isTraced ? [] : nil
            guard !plan.isCrowd else { return [] }
            return (0..<plan.keys).compactMap { number in
                guard plan.absence == 0 || !draw(plan.absence, &state) else { return nil }
                return item(number, &state)
            }
        }
        dynamoDB.put(history, into: "Orders")
        state.withLock { $0.start = history.count }
        for target in plan.targets {
            if !plan.copiesHistory { dynamoDB.put(history.compactMap { target.view(of: $0) }, into: target.name) }
            if plan.hasFailures { for number in 0..<plan.keys where plan.keys == 1 || draw(2) { fail(number, target) } }
            let table = dynamoDB.table(target.name)
            state.withLock { $0.initial[target.name] = table }
        }
    }

    /// A change of before has failed: what the target has is old, unless somebody has mended it since.
    private func fail(_ number: Int, _ target: Target) {
        let old = state.withLock { state in draw(3, &state) ? nil : item(number, &state) }
        let isMended = plan.isMended || draw(3)
        if !plan.copiesHistory, !isMended {
            dynamoDB.change { state in
                _ = state.tables[target.name]?.remove(Self.key(number))
                if let old = target.view(of: old) { state.tables[target.name]?.put(old) }
            }
        }
        let failed = FailedTableChange(
            source: LiveTableFixture.home + "Orders",
            target: LiveTableFixture.home + target.name,
            key: .object(Self.key(number)),
            sequenceNumber: "7",
            stream: Self.stream,
            error: "ValidationException: then"
        )
        state.withLock { state in
            state.handles += 1
            state.messages.append(Message(id: "m\(state.handles)", body: failed.json.text()))
            if !isMended { state.behind.insert(target.name + Self.text(Self.key(number))) }
        }
        note(
            "\(target.name) \(isMended ? "was" : "is") behind: \(Self.text(Self.key(number))) \(old.map(Self.text) ?? "")"
        )
    }

    static func key(_ number: Int) -> JSONObject {
        ["pk": ["S": .string("k\(number)")], "sk": ["N": .string("\(number % 3)")]]
    }

    /// A version of an item.
    func item(_ number: Int, _ state: inout State) -> JSONObject {
        var item = Self.key(number)
        state.version += 1
        item["v"] = ["N": .string("\(Int.random(in: 0...2, using: &state.random))")]
        if plan.isUnique { item["version"] = ["N": .string("\(state.version)")] }
        if draw(plan.replicated, &state) { item["aws:rep:deleting"] = ["BOOL": false] }
        return item
    }

    /// One write of the writer.
    func write() {
        let change = state.withLock { state -> (item: JSONObject, service: String?, isDelete: Bool)? in
            state.writes -= 1
            state.mayWrite = false
            let dice = Int.random(in: 0..<100, using: &state.random)
            guard !plan.isCrowd || state.writes < 4 else {
                var item = item(state.writes - 4, &state)
                item["date"] = dice < 80 ? ["N": "7"] : ["S": "2026-11-21"]
                return (item, nil, false)
            }
            let number = Int.random(in: 0..<plan.keys, using: &state.random)
            // The turn of this write is that before the count was taken down.
            let kind = plan.isNarrow ? plan.script[plan.script.count - 1 - state.writes] : .any
            switch kind {
            case .any: break
            case .put: return (item(number, &state), nil, false)
            case .former: return former(number, &state, isThere: true).map { ($0, nil, false) }
            case .elsewhere:
                var item = item(number, &state)
                item["v"] = ["N": "1"]
                return (item, nil, false)
            case .refused:
                var item = item(number, &state)
                item["date"] = ["N": "7"]
                return (item, nil, false)
            case .delete: return (Self.key(number), nil, true)
            case .expire: return (Self.key(number), "dynamodb.amazonaws.com", true)
            case .removeByService: return (Self.key(number), "replication.amazonaws.com", true)
            }
            if plan.returns, draw(2, &state) {
                let former = former(number, &state)
                return former.map { ($0, nil, false) } ?? (Self.key(number), nil, true)
            }
            let isThere = dynamoDB.table("Orders")[Self.key(number)] != nil
            if isThere, dice < 45 {
                let service = dice < 12 ? "dynamodb.amazonaws.com" : dice < 18 ? "replication.amazonaws.com" : nil
                return (Self.key(number), service, true)
            }
            var item = item(number, &state)
            if dice % 3 == 0 { item["date"] = dice % 2 == 0 ? ["N": "7"] : ["S": "2026-11-21"] }
            return (item, nil, false)
        }
        guard let change else { return }
        // DynamoDB writes no record for a put that changes nothing.
        let old = dynamoDB.table("Orders")[change.item]
        if !change.isDelete, let old, Self.text(old) == Self.text(change.item) { return }
        if change.isDelete, old == nil { return }
        let place = dynamoDB.change { state in
            _ = change.isDelete ? state.tables["Orders"]?.remove(change.item) : state.tables["Orders"]?.put(change.item)
            return (state.tables["Orders"]?.changes.count ?? 0) - 1
        }
        // The items of a partition come in one shard.
        let shard = (change.item["pk"]?["S"]?.string ?? "").utf8.reduce(0) { $0 &* 31 &+ Int($1) } % plan.shards
        state.withLock { state in
            state.services[place] = change.service
            state.shards[shard].records.append(place)
        }
        note("write \(place): \(change.isDelete ? "delete \(change.service ?? "")" : "put") \(Self.text(change.item))")
    }

    /// What an item was before, at the source or at a target.
    private func former(_ number: Int, _ state: inout State, isThere: Bool = false) -> JSONObject? {
        let key = Self.key(number)
        var versions = dynamoDB.table("Orders").changes.filter { $0.key["pk"] == key["pk"] }.map(\.new)
        for target in plan.targets { versions.append(state.initial[target.name]?[key]) }
        if isThere { versions.removeAll { $0 == nil } }
        return versions.randomElement(using: &state.random) ?? nil
    }

    static func text(_ item: JSONObject) -> String { JSONValue.object(item).text(keys: .sorted) }

    func note(_ text: @autoclosure () -> String) {
        let isTraced = state.withLock { $0.trace != nil }
        guard isTraced else { return }
        let text = text()
        state.withLock { $0.trace?.append(text) }
    }

    func printTrace() {
        print("\(plan)")
        for line in state.withLock({ $0.trace ?? [] }) { print(line) }
    }

    func meet(_ trouble: String) { state.withLock { $0.met[trouble, default: 0] += 1 } }

    func violate(_ text: String) {
        note("VIOLATION \(text)")
        state.withLock { $0.violations.append(text) }
    }
}

extension LiveTableSimulation.Target {
    var itemFilter: ItemFilter? { get throws { try filter.map { try ItemFilter(parsing: $0) } } }

    /// The item as this target should have it; `nil` when it does not belong there.
    func view(of item: JSONObject?) -> JSONObject? {
        guard let item else { return nil }
        // As the filter says it, found in another way.
        let version = item["v"]?["N"]?.string
        guard filter == nil || version != nil && version != "1" else { return nil }
        return JSONObject(item.members.filter { !$0.key.hasPrefix("aws:rep:") }.map { ($0.key, $0.value) })
    }

    func takes(_ item: JSONObject?) -> Bool { !refuses || item?["date"]?["N"] == nil }
}
