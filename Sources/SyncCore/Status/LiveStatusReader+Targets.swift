internal import AWSCore
internal import BackupCore

/// Targets that are not there: why changes do not arrive, where that is known.
extension LiveStatusReader {
    /// The targets of these that are known not to exist; of one that may not be looked at nothing is known.
    func missingTargets(of mappings: [TableMapping]) async -> Set<SyncPair> {
        await withTaskGroup(of: SyncPair?.self) { group in
            for mapping in mappings {
                for target in mapping.targets {
                    group.addTask {
                        let side = clients.target(target)
                        do {
                            _ = try await side.dynamoDB.describeTable(side.table)
                            return nil
                        } catch {
                            let isMissing = (error as? AWSError)?.code == "ResourceNotFoundException"
                            return isMissing ? SyncPair(mapping, target) : nil
                        }
                    }
                }
            }
            return await group.reduce(into: []) { found, pair in if let pair { found.insert(pair) } }
        }
    }

    static func missingFault(_ target: TableTarget, of source: TableARN) -> String {
        let pair = SyncPair(tables: source.description, target.table.description)
        return
            "the target \(target.table) does not exist, so that changes wait in the stream, which keeps them for 24 hours; run"
            + " \(pair.copyCommand(filter: target.filter?.expression, creation: tableCreation))"
    }

    /// The ARN says in which Region.
    static let tableCreation = ["--create"]

    /// Those whose target is known not to exist; of one that may not be looked at nothing is known.
    func missingTargets(of mappings: [BucketMapping]) async -> Set<SyncPair> {
        await withTaskGroup(of: SyncPair?.self) { group in
            for mapping in mappings {
                group.addTask {
                    let side = clients.target(mapping)
                    do {
                        try await side.s3.headBucket(side.bucket)
                        return nil
                    } catch {
                        return (error as? AWSError)?.isS3NotFound == true ? SyncPair(mapping) : nil
                    }
                }
            }
            return await group.reduce(into: []) { found, pair in if let pair { found.insert(pair) } }
        }
    }

    static func missingFault(_ mapping: BucketMapping) -> String {
        "the bucket \(mapping.target.bucket) does not exist, so that events fail; run"
            + " \(SyncPair(mapping).copyCommand(filter: nil, creation: creation(mapping)))"
    }

    /// A bucket's name does not say in which Region it is to be.
    static func creation(_ mapping: BucketMapping) -> [String] {
        ["--create", "--target-region", mapping.targetRegion.description]
    }
}
