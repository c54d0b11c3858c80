import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Live sync of buckets, whatever happens to it")
struct LiveBucketSimulationTests {
    @Test(
        "loses nothing, leaves nothing stale and brings nothing back",
        arguments: (0..<6).map { _ in UInt64.random(in: 0...UInt64.max) }
    )
    func random(seed: UInt64) async throws {
        let simulation = try LiveBucketSimulation(seed: seed, writes: 250)
        try await simulation.run()
        let state = simulation.state.withLock { $0 }
        #expect(state.historyError == nil, "seed \(seed)")
        let differences = simulation.differences()
        #expect(differences.isEmpty, "seed \(seed): \(differences.prefix(5))")
        #expect(try await simulation.verdicts() == [.equal, .equal], "seed \(seed)")
    }

    /// A run that never met some trouble would show nothing about it.
    @Test("meets every kind of trouble in the simulation")
    func coverage() async throws {
        var met: [String: Int] = [:]
        let seed = UInt64.random(in: 0...UInt64.max)
        for offset: UInt64 in 0..<40 {
            let simulation = try LiveBucketSimulation(seed: seed &+ offset, writes: 250)
            try await simulation.run()
            let state = simulation.state.withLock { $0 }
            let calls = simulation.fake.current.calls
            for (name, count) in [
                ("kills", state.kills), ("duplicates", state.duplicates), ("failures", state.failedMessages),
                ("resumed", state.resumedCopies), ("copies", state.copies), ("deletions", state.deletions),
                ("taggings", state.taggings), ("unchanged", state.unchanged),
                ("streams", calls["PutObject"] ?? 0), ("parts", calls["UploadPartCopy"] ?? 0),
                ("streamed parts", calls["UploadPart"] ?? 0),
            ] {
                met[name, default: 0] += count
            }
            if met.values.allSatisfy({ $0 > 0 }) { break }
        }
        #expect(met.values.allSatisfy { $0 > 0 }, "seed \(seed): \(met)")
    }
}
