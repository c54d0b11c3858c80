import AWSCore
import ArgumentParser
import BackupCore
import SyncCore
import Terminal

/// What `sync status`, `sync replay` and `sync cutover` begin with: the configuration, and whom to speak to.
enum LiveOptions {
    /// - Throws: ``ConfigurationFieldError``.
    static func configuration(_ common: CommonOptions) throws -> SyncConfiguration {
        try SyncConfiguration.load(path: common.config)
    }

    /// Clients for sources and targets; nothing is sent yet.
    ///
    /// A mapping's role is assumed unless options say who writes targets.
    static func clients(
        _ configuration: SyncConfiguration,
        _ sides: SideOptions,
        _ common: CommonOptions,
        console: Console
    ) throws -> LiveClients {
        let target = try sides.makeTargetClient(common, console: console)
        let hasOwnTarget = sides.targetProfile != nil || sides.targetRoleARN != nil
        return try LiveClients(
            configuration,
            source: sides.makeSourceClient(common, console: console),
            target: target
        ) { role in
            guard !hasOwnTarget else { return target }
            return try common.makeClient(
                CommonOptions.Side(
                    region: sides.targetRegion,
                    endpointURL: sides.targetEndpointURL,
                    roleARN: role
                ),
                console: console
            )
        }
    }

    /// The mappings that names on the command line mean: a source's or target's name, ARN or s3:// place.
    ///
    /// - Returns: `nil` for no names, which means all.
    /// - Throws: ``CommandFailure`` for a name that no mapping has, with those that there are.
    static func pairs(named names: [String], in configuration: SyncConfiguration) throws -> Set<SyncPair>? {
        guard !names.isEmpty else { return nil }
        let all =
            configuration.tables.flatMap { mapping in mapping.targets.map { SyncPair(mapping, $0) } }
            + configuration.buckets.map { SyncPair($0) }
        var found: Set<SyncPair> = []
        for name in names {
            let place = name.hasPrefix("s3://") && name.utf8.last != UInt8(ascii: "/") ? name + "/" : name
            let matching = all.filter { pair in
                [pair.source, pair.target].contains { side in
                    side == place || ARN(side)?.tableName == name
                }
            }
            guard !matching.isEmpty else {
                let known = all.map(\.description).joined(separator: ", ")
                throw CommandFailure("no mapping is about \"\(name)\"; mapped are \(known)")
            }
            found.formUnion(matching)
        }
        return found
    }
}
