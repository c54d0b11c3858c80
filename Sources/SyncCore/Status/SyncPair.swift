internal import AWSCore
import BackupCore

/// A source and the target that follows it, as the files of the state folder name them.
package struct SyncPair: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case table
        case bucket
    }

    package let kind: Kind
    /// The ARN of a table; `s3://bucket/prefix/` or a folder's path.
    package let source: String
    package let target: String

    package init(tables source: String, _ target: String) {
        kind = .table
        self.source = source
        self.target = target
    }

    /// - Parameters: what ``SyncSide/name`` and ``BucketPrefix`` say.
    package init(places source: String, _ target: String) {
        kind = .bucket
        self.source = source
        self.target = target
    }

    package init(_ mapping: TableMapping, _ target: TableTarget) {
        self.init(tables: mapping.source.description, target.table.description)
    }

    package init(_ mapping: BucketMapping) {
        self.init(places: mapping.source.description, mapping.target.description)
    }

    package var description: String { "\(name(source)) → \(name(target))" }

    /// What the pair's files are called, without their endings; that of a table's checkpoint, too.
    package var fileName: String {
        var digest = SHA256()
        digest.update("\(source) \(target)".utf8)
        let text = digest.finalize().hexadecimal.prefix(12)
        return "\(short(source))-to-\(short(target))-\(text)"
    }

    /// What copies what was there before live sync, as the user types it.
    ///
    /// - Parameter creation: the options that make the target; none where it is there.
    func copyCommand(filter: String?, creation: [String]) -> String {
        let words = ["sync", kind.rawValue, source, target] + creation + ["--mode", "merge"]
        return ShellCommand(words + Self.condition(filter)).description
    }

    /// What compares both sides, as the user types it.
    func verifyCommand(filter: String?) -> String {
        ShellCommand(["sync", "verify", kind.rawValue, source, target] + Self.condition(filter)).description
    }

    private static func condition(_ filter: String?) -> [String] { filter.map { ["--where", $0] } ?? [] }

    /// A table's name with its Region, or the place as it is.
    private func name(_ side: String) -> String {
        guard kind == .table, let table = TableARN(side) else { return side }
        return "\(table.tableName) (\(table.region))"
    }

    private func short(_ side: String) -> String {
        switch kind {
        case .table: return String((ARN(side)?.tableName ?? "table").prefix(80))
        case .bucket:
            guard side.hasPrefix("s3://") else { return "folder" }
            return String(side.dropFirst("s3://".count).prefix { $0 != "/" })
        }
    }
}
