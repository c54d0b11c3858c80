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

    @Test("meets every kind of trouble in the simulation")
    func coverage() async throws {
        var (kills, partialBatches, discards, duplicates, replays, refused, resumed) = (0, 0, 0, 0, 0, 0, 0)
        let seed = UInt64.random(in: 0...UInt64.max)
        for offset in 0..<3 {
            let simulation = try LiveTableSimulation(seed: seed &+ UInt64(offset), writes: 300)
            try await simulation.run()
            let state = simulation.state.withLock { $0 }
            kills += state.kills
            partialBatches += state.partialBatches
            discards += state.discards
            duplicates += state.duplicates
            replays += state.replays
            refused += simulation.queue.sentCount
            resumed += state.resumedCopies
        }
        #expect(
            kills > 0 && partialBatches > 0 && discards > 0 && duplicates > 0 && replays > 0 && refused > 0
                && resumed > 0,
            "seed \(seed): \(kills) \(partialBatches) \(discards) \(duplicates) \(replays) \(refused) \(resumed)"
        )
    }
}
