import AWSTesting
import Glibc
import Synchronization
import Testing

@testable import SyncCore

/// Runs many rounds of ``LiveBucketSimulation``, each a small world with nothing in it that could repair what went wrong.
///
/// A round is its seed: to see every step of one that failed, run the test with its seed in `LIVE_BUCKET_SEED`;
/// `LIVE_BUCKET_ROUNDS` sets how many there are.
@Suite("Live sync of buckets, whatever happens to it")
struct LiveBucketSimulationTests {
    private static func setting(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    private static let seeds =
        setting("LIVE_BUCKET_SEED").map { [$0] } ?? (0..<4).map { _ in UInt64.random(in: 0...UInt64.max) }
    private static let rounds = setting("LIVE_BUCKET_SEED") == nil ? setting("LIVE_BUCKET_ROUNDS") ?? 300 : 1

    @Test("loses nothing, leaves nothing stale and brings nothing back", arguments: seeds)
    func random(first: UInt64) async throws {
        for number in 0..<Self.rounds {
            let seed = first &+ number
            let simulation = try LiveBucketSimulation(seed: seed, isTraced: Self.rounds == 1)
            let violations = await simulation.run()
            for line in simulation.state.withLock({ $0.trace }) { print(line) }
            guard violations.isEmpty else {
                Issue.record("seed \(seed): \(violations), of \(simulation.plan)")
                return
            }
            // What users are told of it, which takes as long as the round.
            if number % 25 == 0, simulation.canBeVerified {
                let verdicts = try await simulation.verdicts()
                #expect(verdicts.allSatisfy { $0 == .equal }, "seed \(seed): \(verdicts) \(simulation.plan)")
            }
        }
    }

    /// Rounds that never met some trouble would show nothing about it.
    @Test("meets every kind of trouble in the simulation")
    func coverage() async throws {
        let names = [
            "kills", "duplicates", "messages again", "faults", "slow writes", "short times", "cut off", "poison",
            "lost source", "resumed copies", "copies", "deletions", "taggings", "unchanged", "deleted by history",
            "taken back", "invocations again", "executions anew", "taken back by parts", "CopyObject", "PutObject",
            "UploadPartCopy", "UploadPart", "AbortMultipartUpload",
        ]
        var met: [String: Int] = [:]
        // Always the same ones, so that chance has no part in it.
        for seed: UInt64 in 0..<1_000 {
            let simulation = try LiveBucketSimulation(seed: seed)
            _ = await simulation.run()
            met.merge(simulation.state.withLock { $0.met }) { $0 + $1 }
            met.merge(simulation.fake.current.calls) { $0 + $1 }
            if names.allSatisfy({ (met[$0] ?? 0) > 0 }) { break }
        }
        for name in names { #expect((met[name] ?? 0) > 0, "\(name) in \(met)") }
    }

    @Test("is the same each time that it has the same seed")
    func repeatable() async throws {
        for seed: UInt64 in 0..<5 {
            var traces: [[String]] = []
            for _ in 0..<2 {
                let simulation = try LiveBucketSimulation(seed: seed, isTraced: true)
                _ = await simulation.run()
                traces.append(simulation.state.withLock { $0.trace })
            }
            #expect(traces[0] == traces[1], "seed \(seed)")
        }
    }
}
