/// Why a table was not copied, or not completely; one line, which says what to do.
package enum CopyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Source and target are one table.
    case sameTable(arn: String)
    case sourceNotReadable(table: String, status: String)
    case targetNotWritable(table: String, status: String)
    case targetMissing(table: String, region: String)
    case targetExists(table: String, region: String)
    /// The keys as `pk (S), sk (N)`.
    case keysDiffer(source: String, target: String)
    case targetNotEmpty(table: String)
    /// The source is encrypted with a key of another Region.
    case foreignKey(key: String)
    /// There is nothing by which to tell expired items.
    case noTimeToLive(table: String)
    /// A merge in parts whose parts would take more invocations than Step Functions can note.
    case tooFewSegments(Int, minimum: Int, table: String)
    /// Nothing has moved for so long; the last error.
    case stalled(Duration, String?)
    /// Segments whose items read are not those accounted for.
    case unbalanced([String])

    package var description: String {
        switch self {
        case .sameTable(let arn):
            "source and target are the same table, \(arn)"
        case .sourceNotReadable(let table, let status):
            "the source \(table) is \(status): wait until it is ACTIVE"
        case .targetNotWritable(let table, let status):
            "the target \(table) is \(status): wait until it is ACTIVE"
        case .targetMissing(let table, let region):
            "the target \(table) does not exist in \(region): --create makes it like the source"
        case .targetExists(let table, let region):
            "the target \(table) exists in \(region) already: leave --create out to copy into it"
        case .keysDiffer(let source, let target):
            "source and target have different keys: \(source) and \(target)"
        case .targetNotEmpty(let table):
            "the target \(table) holds items already: --overwrite copies into it and replaces those with the same key"
        case .foreignKey(let key):
            "the source is encrypted with \(key), which is a key of another Region: name one with --kms-key, or use"
                + " --default-encryption"
        case .noTimeToLive(let table):
            "--skip-expired: the source \(table) has no time to live enabled"
        case .tooFewSegments(let segments, let minimum, let table):
            "--segments \(segments): the source \(table) is so large that each segment would take more than"
                + " \(CopyKind.maximumInvocations) invocations, and Step Functions ends an execution at 25,000 events: give at"
                + " least --segments \(minimum), or leave the option out"
        case .stalled(let duration, let error):
            "nothing has moved for \(duration.components.seconds) s" + (error.map { ": \($0)" } ?? "")
        case .unbalanced(let segments):
            "the ledger does not balance, so the copy is not complete: \(segments.joined(separator: "; "))"
        }
    }
}
