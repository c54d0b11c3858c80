import Dispatch
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Live sync of tables, whatever happens to it")
struct LiveTableSimulationTests {
    private static let rounds = 700

    /// Thousands of small rounds; each gives the same run again for the same seed:
    /// `LIVE_TABLE_SEED=<seed> swift test --filter LiveTableSimulationTests` tells what happens in it.
    @Test("loses nothing, leaves nothing stale and brings nothing back", arguments: 0..<2)
    func random(part: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/live-tables-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let environment = ProcessInfo.processInfo.environment
        let asked = environment["LIVE_TABLE_SEED"].flatMap { UInt64($0) }
        let count = asked == nil ? environment["LIVE_TABLE_ROUNDS"].flatMap { Int($0) } ?? Self.rounds : 1
        let first = asked ?? UInt64.random(in: 0...UInt64.max)
        let failures = try await Self.onThread {
            var failures: [String] = []
            for round in 0..<count where failures.isEmpty {
                let seed = first &+ UInt64(round)
                let simulation = try LiveTableSimulation(seed: seed, folder: folder, isTraced: asked != nil)
                let wrong = simulation.run()
                if asked != nil { simulation.printTrace() }
                guard !wrong.isEmpty else { continue }
                failures.append("seed \(seed), round \(round): \(wrong.joined(separator: "; "))")
            }
            return failures
        }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test("makes the same steps for the same seed")
    func repeated() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let folder = FileManager.default.temporaryDirectory.path + "/live-tables-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for round: UInt64 in 0..<15 {
            let traces = try await Self.onThread {
                try (0..<2).map { run in
                    let simulation = try LiveTableSimulation(
                        seed: seed &+ round,
                        folder: "\(folder)/\(run)",
                        isTraced: true
                    )
                    _ = simulation.run()
                    return simulation.state.withLock { $0.trace ?? [] }
                }
            }
            #expect(!traces[0].isEmpty && traces[0] == traces[1], "seed \(seed &+ round)")
        }
    }

    /// Rounds that never met some trouble would show nothing about it.
    @Test("meets every kind of trouble in the rounds")
    func coverage() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let folder = FileManager.default.temporaryDirectory.path + "/live-tables-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let missing = try await Self.onThread {
            var missing: Set<String> = [
                "faults", "kills", "invocations out of time", "batches that came twice", "batches that failed in part",
                "batches that Lambda gave up on", "changes put aside", "replays", "copies that went on",
            ]
            for round: UInt64 in 0..<2_000 where !missing.isEmpty {
                let simulation = try LiveTableSimulation(seed: seed &+ round, folder: folder)
                _ = simulation.run()
                missing.subtract(simulation.state.withLock { $0.met.keys })
            }
            return missing
        }
        #expect(missing.isEmpty, "seed \(seed): \(missing)")
    }

    /// The rounds block the thread on which they run.
    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "rounds").async { continuation.resume(with: Result { try body() }) }
        }
    }
}
