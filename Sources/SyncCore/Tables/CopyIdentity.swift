internal import AWSCore

import struct FoundationEssentials.Date

/// What makes two runs one copy: a checkpoint of one must never be taken for that of another.
package struct CopyIdentity: Sendable, Equatable {
    /// A table and not merely its name: one that was deleted and made anew is another.
    package struct Table: Sendable, Equatable {
        package var arn: String
        /// `nil` where the server gives none.
        package var id: String?
        /// Seconds since 1970.
        package var created: Int?

        package init(arn: String, id: String?, created: Int?) {
            self.arn = arn
            self.id = id
            self.created = created
        }
    }

    package var source: Table
    package var target: Table
    package var mode: TableCopy.Mode
    /// `--where` as it was given.
    package var filter: String?
    package var skipsExpired: Bool

    package init(source: Table, target: Table, mode: TableCopy.Mode, filter: String? = nil, skipsExpired: Bool = false)
    {
        self.source = source
        self.target = target
        self.mode = mode
        self.filter = filter
        self.skipsExpired = skipsExpired
    }

    package init(_ tables: CopyTables, options: TableCopy.Options) {
        self.init(
            source: Table(tables.source),
            target: Table(tables.target),
            mode: options.mode,
            filter: options.filter,
            skipsExpired: options.expiryAttribute != nil
        )
    }

    /// What the checkpoint's file is called: the same for all copies between the two tables, so that one is not forgotten
    /// over another.
    var fileName: String { SyncPair(tables: source.arn, target.arn).fileName + ".checkpoint" }

    /// In what a checkpoint is of another copy than this one, for a message; `nil` when it is of the same.
    func difference(from found: CopyIdentity) -> String? {
        if found.source.arn != source.arn { return "of another source, \(found.source.arn)" }
        if found.target.arn != target.arn { return "of another target, \(found.target.arn)" }
        if found.source != source { return "of a table \(source.arn) that was deleted since" }
        if found.target != target { return "of a table \(target.arn) that was deleted since" }
        if found.mode != mode { return "of a copy with --mode \(found.mode.rawValue)" }
        if found.filter != filter {
            return found.filter.map { "of a copy with --where '\($0)'" } ?? "of a copy without --where"
        }
        if found.skipsExpired != skipsExpired { return "of a copy with\(skipsExpired ? "out" : "") --skip-expired" }
        return nil
    }

    var json: JSONValue {
        func json(_ table: Table) -> JSONValue {
            [
                "arn": .string(table.arn), "id": table.id.map { .string($0) } ?? .null,
                "created": table.created.map { .number(JSONNumber($0)) } ?? .null,
            ]
        }
        return [
            "source": json(source), "target": json(target), "mode": .string(mode.rawValue),
            "where": filter.map { .string($0) } ?? .null, "skipsExpired": .bool(skipsExpired),
        ]
    }

    init?(json: JSONValue) {
        func table(_ value: JSONValue?) -> Table? {
            guard let arn = value?["arn"]?.string else { return nil }
            return Table(arn: arn, id: value?["id"]?.string, created: value?["created"]?.integer)
        }
        guard let source = table(json["source"]), let target = table(json["target"]),
            let mode = json["mode"]?.string.flatMap({ TableCopy.Mode(rawValue: $0) })
        else { return nil }
        self.init(
            source: source,
            target: target,
            mode: mode,
            filter: json["where"]?.string,
            skipsExpired: json["skipsExpired"]?.bool ?? false
        )
    }
}

extension CopyIdentity.Table {
    init(_ table: TableDescription) {
        self.init(
            arn: table.arn,
            id: table.id,
            created: table.creationDate.map { Int($0.timeIntervalSince1970) }
        )
    }
}
