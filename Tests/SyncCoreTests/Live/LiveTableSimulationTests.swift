import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Live sync of tables, whatever happens to it")
struct LiveTableSimulationTests {
    @Test(
        "loses nothing, leaves nothing stale and brings nothing back",
        arguments: (0..<12).map { _ in UInt64.random(in: 0...UInt64.max) }
    )
    func random(seed: UInt64) async throws {
        let simulation = try LiveTableSimulation(seed: seed, writes: 300)
        try await simulation.run()
        let differences = try simulation.differences()
        #expect(differences.isEmpty, "seed \(seed): \(differences.prefix(5))")
        let state = simulation.state.withLock { $0 }
        #expect(
            state.unknownItems.isEmpty,
            "seed \(seed): Lambda was given sequence numbers that were not in the batch"
        )
    }

    /// A run that never met some trouble would show nothing about it.
    @Test("meets every kind of trouble in the simulation")
    func coverage() async throws {
        var met: [String: Int] = [:]
        let seed = UInt64.random(in: 0...UInt64.max)
        for offset: UInt64 in 0..<40 {
            let simulation = try LiveTableSimulation(seed: seed &+ offset, writes: 300)
            try await simulation.run()
            let state = simulation.state.withLock { $0 }
            met["kills", default: 0] += state.kills
            met["batches that failed in part", default: 0] += state.partialBatches
            met["batches that Lambda gave up on", default: 0] += state.discards
            met["batches that came twice", default: 0] += state.duplicates
            met["replays", default: 0] += state.replays
            met["changes put aside", default: 0] += simulation.queue.sentCount
            met["copies of history that went on", default: 0] += state.resumedCopies
            if met.values.allSatisfy({ $0 > 0 }) { break }
        }
        #expect(met.values.allSatisfy { $0 > 0 }, "seed \(seed): \(met)")
    }
}
