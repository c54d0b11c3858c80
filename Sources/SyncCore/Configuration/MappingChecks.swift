import BackupCore

/// Refuses table mappings that would copy in a circle, or write one table from two.
struct TableMappingChecks {
    private struct Entry {
        var table: TableARN
        /// Where it stands in the settings.
        var place: String
    }

    private var sources: [Entry] = []
    /// What writes each target: a table has one source, so that every chain can be followed back to its beginning.
    private var sourceOfTarget: [TableARN: Entry] = [:]

    mutating func addSource(_ table: TableARN, _ field: ConfigurationField) throws(ConfigurationFieldError) {
        if let other = sources.first(where: { $0.table == table }) {
            throw field.error("\"\(table)\" stands here twice (also at \(other.place)); put all targets into one entry")
        }
        sources.append(Entry(table: table, place: field.path ?? field.source))
    }

    mutating func addTarget(
        _ table: TableARN,
        of source: TableARN,
        _ field: ConfigurationField
    ) throws(ConfigurationFieldError) {
        guard table != source else { throw field.error("\"\(table)\" is its own source; name another table") }
        if let other = sourceOfTarget[table] {
            throw field.error(
                "\"\(table)\" is written from \(other.table) already (at \(other.place)); two writers would overwrite and"
                    + " delete each other's items, so give each a table of its own"
            )
        }
        var chain = [source]
        while let last = chain.last, let before = sourceOfTarget[last]?.table {
            chain.append(before)
            guard before == table else { continue }
            let circle = ([table] + chain.dropLast().reversed() + [table]).map(\.description).joined(separator: " → ")
            throw field.error("a change would go round for ever: \(circle); delete one of these mappings")
        }
        sourceOfTarget[table] = Entry(table: source, place: field.path ?? field.source)
    }
}

/// Refuses bucket mappings whose copies would be copied again in a circle, or that write one place from two.
struct BucketMappingChecks {
    private struct Entry {
        var mapping: BucketMapping
        var place: String
    }

    private var entries: [Entry] = []

    /// - Parameter field: the target, which the error is about.
    mutating func add(_ mapping: BucketMapping, _ field: ConfigurationField) throws(ConfigurationFieldError) {
        guard !mapping.target.overlaps(mapping.source) else {
            throw field.error(
                mapping.target == mapping.source
                    ? "\"\(mapping.target)\" is its own source; name another place"
                    : "\"\(mapping.target)\" and its source \(mapping.source) overlap, so that copies would be copied"
                        + " again; take places of which neither lies in the other"
            )
        }
        for other in entries where other.mapping.target.overlaps(mapping.target) {
            throw field.error(
                "\"\(mapping.target)\" overlaps what is written from \(other.mapping.source) (at \(other.place)); two"
                    + " writers would overwrite and delete each other's objects, so give each a place of its own"
            )
        }
        entries.append(Entry(mapping: mapping, place: field.path ?? field.source))
        if let circle = circle(from: entries.count - 1) {
            let steps = circle.map { "\(entries[$0].mapping.source) → \(entries[$0].mapping.target)" }
            throw field.error(
                "a change would go round for ever: \(steps.joined(separator: ", ")); delete one of these mappings"
            )
        }
    }

    /// The mappings by which a copy that the mapping makes comes back to it, itself first; `nil` when it never does.
    private func circle(from start: Int) -> [Int]? {
        var paths = [[start]]
        var visited: Set<Int> = []
        while let path = paths.popLast(), let last = path.last {
            for (index, next) in entries.enumerated() where entries[last].mapping.target.overlaps(next.mapping.source) {
                if index == start { return path }
                if visited.insert(index).inserted { paths.append(path + [index]) }
            }
        }
        return nil
    }
}
