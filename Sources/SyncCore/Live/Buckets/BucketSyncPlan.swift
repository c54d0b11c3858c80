/// Which objects an invocation has to settle: each once for each mapping, however many events name it.
struct BucketSyncPlan {
    private struct Place: Hashable {
        var mapping: Int
        /// Bytes, because Swift's strings take more for equal than S3's keys (hazard H24).
        var key: ArraySlice<UInt8>
    }

    private let mappings: [LiveBucketMapping]
    private(set) var jobs: [BucketSyncJob] = []
    /// Of each mapping.
    private(set) var figures: [LiveBucketFigures]
    /// When the oldest of its events was, in seconds since 1970.
    private(set) var oldest: [Double?]
    /// Buckets that no mapping names.
    private(set) var unmapped: [String] = []
    /// Events of mapped buckets whose keys no mapping is about.
    private(set) var outsideCount = 0
    private var places: [Place: Int] = [:]

    init(_ mappings: [LiveBucketMapping]) {
        self.mappings = mappings
        figures = mappings.map { LiveBucketFigures(source: $0.mapping.source, target: $0.mapping.target) }
        oldest = mappings.map { _ in nil }
    }

    /// - Returns: `false` for a bucket that no mapping names.
    mutating func add(_ change: BucketEvent.Change, at place: Int) -> Bool {
        var isMapped = false
        var isInside = false
        for (index, mapping) in mappings.enumerated() where mapping.mapping.source.bucket == change.bucket {
            isMapped = true
            let prefix = mapping.mapping.source.prefix.utf8
            guard change.key.starts(with: prefix) else { continue }
            isInside = true
            add(change, at: place, mapping: index, key: change.key.dropFirst(prefix.count))
        }
        if !isMapped, !unmapped.contains(change.bucket) { unmapped.append(change.bucket) }
        if isMapped, !isInside { outsideCount += 1 }
        return isMapped
    }

    private mutating func add(_ change: BucketEvent.Change, at place: Int, mapping: Int, key: ArraySlice<UInt8>) {
        figures[mapping].events += 1
        if let time = change.secondsSince1970 { oldest[mapping] = min(time, oldest[mapping] ?? time) }
        let number: Int
        if let known = places[Place(mapping: mapping, key: key)] {
            number = known
        } else {
            number = jobs.count
            places[Place(mapping: mapping, key: key)] = number
            jobs.append(BucketSyncJob(mapping: mapping, key: String(decoding: key, as: UTF8.self)))
        }
        jobs[number].changes.append(place)
        if change.isAboutTags { jobs[number].comparesTags = true }
    }
}
