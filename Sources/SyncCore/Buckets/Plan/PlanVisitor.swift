import AWSCore

/// Decides for each key what is to be done, and hands the work to the transfers in batches.
struct PlanVisitor: ListingVisitor {
    private struct Found {
        var source: Int
        var target: Int?
        var isUndecided: Bool
        var listed: ListedCounts
    }

    let filter: KeyFilter
    let comparison: ListingComparison
    let findsExtra: Bool
    let sourcePrefixLength: Int
    let targetPrefixLength: Int
    /// Where tasks go; `nil` when whoever has the visitor takes them.
    let tasks: BoundedQueue<TransferTask>?
    let extra: DeletionList
    let progress: SyncProgress
    private(set) var counts = ListedCounts()
    private var reported = ListedCounts()
    private var found: [Found] = []
    private var extraFound: [Int] = []

    init(
        filter: KeyFilter,
        comparison: ListingComparison,
        findsExtra: Bool,
        sourcePrefixLength: Int,
        targetPrefixLength: Int,
        tasks: BoundedQueue<TransferTask>?,
        extra: DeletionList,
        progress: SyncProgress
    ) {
        self.filter = filter
        self.comparison = comparison
        self.findsExtra = findsExtra
        self.sourcePrefixLength = sourcePrefixLength
        self.targetPrefixLength = targetPrefixLength
        self.tasks = tasks
        self.extra = extra
        self.progress = progress
    }

    @inline(__always)
    mutating func visit(_ source: ListedKey?, _ target: ListedKey?) {
        guard let source else {
            if let target { visitExtra(target) }
            return
        }
        if target != nil { counts.targetObjects += 1 }
        counts.sourceObjects += 1
        counts.sourceBytes += source.size
        if !filter.isEmpty, !filter.includes(source.key) {
            counts.excluded += 1
            return
        }
        guard let target else {
            found.append(Found(source: source.index, target: nil, isUndecided: false, listed: counts))
            return
        }
        switch comparison.compare(source, target) {
        case .none: counts.unchanged += 1
        case .different:
            found.append(Found(source: source.index, target: target.index, isUndecided: false, listed: counts))
        case .undecided:
            found.append(Found(source: source.index, target: target.index, isUndecided: true, listed: counts))
        }
    }

    private mutating func visitExtra(_ target: ListedKey) {
        counts.targetObjects += 1
        if !filter.isEmpty, !filter.includes(target.key) {
            counts.excluded += 1
            counts.excludedExtra += 1
            return
        }
        counts.extra += 1
        if findsExtra { extraFound.append(target.index) }
    }

    mutating func pagesVisited(source: ListObjectsV2Page?, target: ListObjectsV2Page?) async throws {
        if !extraFound.isEmpty, let target {
            for index in extraFound {
                let object = target.objects[index]
                extra.append(object, prefixLength: targetPrefixLength)
            }
            extraFound.removeAll(keepingCapacity: true)
        }
        progress.listed(counts, since: reported)
        reported = counts
        guard let tasks else { return }
        let batch = takeTasks(source: source, target: target)
        guard !batch.isEmpty else { return }
        progress.planned(objects: batch.count, bytes: batch.reduce(0) { $0 + $1.source.size })
        try await tasks.push(batch)
    }

    /// What was found since the last call, in the order of the keys.
    ///
    /// - Parameters: the pages in which it was found.
    mutating func takeTasks(source: ListObjectsV2Page?, target: ListObjectsV2Page?) -> [TransferTask] {
        guard let source else { return [] }
        defer { found.removeAll(keepingCapacity: true) }
        return found.map { found in
            var task = TransferTask(
                key: String(
                    decoding: source.objects[found.source].keyBytes.dropFirst(sourcePrefixLength),
                    as: UTF8.self
                ),
                source: ObjectState(source.objects[found.source]),
                isUndecided: found.isUndecided
            )
            if let index = found.target, let target { task.target = ObjectState(target.objects[index]) }
            task.listed = found.listed
            return task
        }
    }
}

extension ObjectState {
    init(_ object: ListedObject) {
        let storageClass = object.storageClass
        self.init(
            size: object.size,
            etag: object.etag,
            lastModified: object.lastModified,
            storageClass: storageClass,
            restoreStatus: storageClass.needsRestore ? object.restoreStatus : nil
        )
    }
}
