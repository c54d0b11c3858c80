import AWSTesting

/// What a round of ``LiveBucketSimulation`` is about.
struct LiveBucketPlan: Sendable {
    /// Whether there is a mapping that S3 copies by itself, of all keys.
    var copiesWhole = true
    /// Whether there is one whose role may not read the source, of the keys below `part/`.
    var copiesPart = false
    var keys: [String]
    var writes: Int
    /// Whether contents come back that an object has had before, which no ETag can tell.
    var repeatsContents: Bool
    /// Whether that happens mostly while S3 replaces or deletes the object that they are the contents of.
    var changesBack: Bool
    /// Whether S3 says of an object how many tags it has.
    var tellsTagCounts = true
    /// Whether S3 has computed nothing of the source's objects that can be compared, as with KMS keys.
    var hasComparableSums = true
    var copiesHistory: Bool
    /// Whether invocations of a state machine copy it, part by part.
    var copiesParts: Bool
    var keysInPage: Int
    /// Whether the source's bucket is deleted.
    var losesSource = false
    /// How many faults, kills and short times there are at most.
    var troubles: Int
    /// How many calls in a hundred are overtaken by a write, take long, or meet with a fault.
    var writesBetween: Int
    var slowness: Int
    var faults: Int
    /// How many invocations in a hundred are killed, or have little time.
    var kills: Int
    var shortTimes: Int
    /// Messages in a hundred that cannot be worked on.
    var poison: Int
    /// Objects in a hundred that are copied in parts.
    var large: Int
    /// What the round is made for, with nothing left to chance but times; `nil` for anything.
    var scene: LiveBucketScene?

    private static let names = ["k ü+", "a%2Bb", "e\u{301}", "\u{E9}", ""]

    /// - Parameter seed: of the round; every second one, in turn, is made for a scene.
    init(seed: UInt64, using random: inout SeededGenerator) {
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        let kind = number(0..<10)
        copiesPart = kind >= 5
        copiesWhole = kind < 5 || kind == 9
        let first = number(0..<Self.names.count)
        keys = ["part/" + Self.names[first]]
        // Beside each other the two that are the same for Swift's strings, and any others.
        if number(0..<4) == 0 { keys.append("part/" + Self.names[first == 2 ? 3 : (first + 1) % Self.names.count]) }
        if number(0..<20) == 0 { keys.append("other") }
        writes = number(1..<6)
        // What stands for a folder is always empty.
        repeatsContents = number(0..<2) == 0
        changesBack = repeatsContents && number(0..<2) == 0
        copiesHistory = number(0..<3) < (changesBack ? 2 : 1)
        copiesParts = copiesHistory && number(0..<3) == 0
        keysInPage = number(1..<4)
        troubles = number(0..<12)
        writesBetween = [0, 10, 40, 50][number(0..<4)]
        slowness = [5, 25, 50][number(0..<3)]
        faults = [0, 0, 5, 20][number(0..<4)]
        kills = [0, 20, 50][number(0..<3)]
        shortTimes = [0, 0, 30][number(0..<3)]
        poison = [0, 0, 30][number(0..<3)]
        large = [0, 20, 80][number(0..<3)]
        switch number(0..<12) {
        case 0:
            // Here only another ETag tells that an object was written anew, and lost its tags.
            keys = keys.map { $0 == "part/" ? "part/x" : $0 }
            (tellsTagCounts, repeatsContents, large, copiesPart, copiesWhole) = (false, false, 0, false, true)
        case 1: (hasComparableSums, copiesHistory) = (false, false)
        case 2: (losesSource, copiesHistory) = (true, false)
        default: break
        }
        if keys.contains("part/") { repeatsContents = true }
        changesBack = changesBack && repeatsContents
        if seed.isMultiple(of: 2) {
            set(LiveBucketScene.all[Int(seed / 2 % UInt64(LiveBucketScene.all.count))])
        }
    }

    private mutating func set(_ scene: LiveBucketScene) {
        self.scene = scene
        keys = [keys[0] == "part/" ? "part/x" : keys[0]]
        // One of the two: the other's calls would be taken for its.
        copiesPart = scene.isStreamed ?? copiesPart
        copiesWhole = !copiesPart
        (writes, repeatsContents, changesBack) = (0, scene.repeatsContents, false)
        (tellsTagCounts, hasComparableSums, losesSource) = (scene.countsTags, true, false)
        (copiesHistory, copiesParts) = (scene.copiesHistory, scene.parts != nil)
        (troubles, writesBetween, slowness, faults, kills, shortTimes, poison) = (0, 0, 0, 0, 0, 0, 0)
        large = scene.isLarge.map { $0 ? 100 : 0 } ?? (large > 20 ? 100 : 0)
    }
}
