import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// The history copy by invocations, as a state machine makes them.
extension LiveBucketSimulation {
    /// What came of an execution.
    private enum Ended {
        case complete
        case failed
    }

    /// Starts executions until one ends well, as a user does.
    func copyParts(_ mapping: BucketMapping) async {
        try? await time.sleep(seconds(0..<10))
        for attempt in 1... {
            if await execute(mapping, attempt) == .complete || state.withLock({ $0.isSourceLost }) { return }
            met("executions anew")
            guard attempt < Self.maximumReceives else { return violation("no execution ends well") }
        }
    }

    private func execute(_ mapping: BucketMapping, _ attempt: Int) async -> Ended {
        func side(_ place: BucketPrefix, _ region: Region, _ role: String?) -> BucketCopySettings.Side {
            .init(bucket: place.bucket, prefix: place.prefix, region: region, role: role)
        }
        var settings = BucketCopySettings(
            source: side(mapping.source, mapping.sourceRegion, nil),
            target: side(mapping.target, mapping.targetRegion, mapping.role)
        )
        settings.mergesWithLiveSync = true
        settings.id = "e\(attempt)"
        let cuts = chance(50) ? [] : [Array(plan.keys[0].utf8.dropFirst(mapping.source.prefix.utf8.count))]
        let plan = BucketCopyPlan(settings, cuts: cuts.filter { !$0.isEmpty })
        let input = plan.executionInput
        var counts = ObjectCounts()
        for segment in input["segments"]?.array ?? [] {
            let event = JSONValue.object(["copy": input["copy"] ?? .null, "segment": segment])
            guard let result = await copyPart(event.serialized(), mapping) else { return .failed }
            if !result.isBalanced { violation("a part does not balance: \(result.equation)") }
            counts += result.counts
        }
        met("taken back by parts", counts.takenBack)
        return counts.failed == 0 ? .complete : .failed
    }

    /// Makes the invocations of a part.
    ///
    /// - Returns: `nil` when its execution has failed, or was stopped.
    private func copyPart(_ first: [UInt8], _ mapping: BucketMapping) async -> BucketPartResult? {
        var event = first
        var failures = 0
        for number in 0... {
            guard number < 200 else {
                violation("a part does not end: \(String(decoding: event, as: UTF8.self))")
                return nil
            }
            guard let answer = await invoke(event, mapping) else {
                met("invocations again")
                failures += 1
                let isAnew = plan.scene.map { $0.parts == .isStartedAnew } ?? chance(20)
                guard failures < 9, !isAnew, !state.withLock({ $0.isSourceLost }) else { return nil }
                try? await time.sleep(seconds(0..<4))
                continue
            }
            failures = 0
            event = answer
            guard let json = try? JSONValue(parsing: answer), json["done"]?.bool == true else { continue }
            return json["result"].flatMap { try? BucketPartResult(json: $0) }
        }
        return nil
    }

    /// - Returns: the answer; `nil` after an error or without one.
    private func invoke(_ event: [UInt8], _ mapping: BucketMapping) async -> [UInt8]? {
        guard case .bucket(let part)? = try? CopyPart(parsing: event) else {
            violation("an answer is no event: \(String(decoding: event, as: UTF8.self))")
            return nil
        }
        let answer = Mutex<[UInt8]?>(nil)
        var usual = trouble(plan.shortTimes, "short times") ? seconds(1..<60) : 900
        if let wanted = plan.scene?.time, !part.unfinished.isEmpty, trouble(in: "scene's time") { usual = wanted }
        let (short, end) = (time.now.addingTimeInterval(usual * 2 / 3), time.now.addingTimeInterval(usual * 0.9))
        let connections = connections
        var options = part.settings.options
        let sizes = self.options
        (options.multipartCopyThreshold, options.copyPartSize) = (sizes.multipartCopyThreshold, sizes.copyPartSize)
        (options.streamPartThreshold, options.partSize) = (sizes.streamPartThreshold, sizes.partSize)
        (options.partsAtOnce, options.transfersAtOnce) = (sizes.partsAtOnce, 2)
        let isKilled = await start(killedIn: plan.kills, isHistory: true, waitsForS3: false) { [self, options] in
            do {
                let next = try await part.run(
                    source: connections.source(mapping),
                    target: connections.target(mapping),
                    notes: BucketSide(
                        s3: S3Client(client: client(), region: mapping.sourceRegion),
                        bucket: Self.notes
                    ),
                    options: options,
                    time: PartTime(
                        isShort: { [time] in time.now >= short },
                        waitForEnd: { [time] in try await time.sleep(end.timeIntervalSince(time.now)) }
                    ),
                    clock: SyncClock(
                        date: { [time] in time.now },
                        sleep: { [time] in try await time.sleep($0 / .seconds(1)) },
                        random: { [self] in Double(number(0..<1_000_000)) / 1_000_000 }
                    ),
                    onFailure: { [self] in trace("failed: \($0.key) \($0.message)") }
                )
                answer.withLock { $0 = next.json.serialized() }
            } catch {
                trace("the invocation fails: \(error)")
            }
        }
        return isKilled ? nil : answer.withLock { $0 }
    }

    /// Whether that has not happened yet in this round.
    private func trouble(in name: String) -> Bool {
        state.withLock { state in
            state.met[name, default: 0] += 1
            return state.met[name] == 1
        }
    }
}
