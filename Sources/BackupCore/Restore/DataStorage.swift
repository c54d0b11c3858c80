package import AWSCore

package import struct FoundationEssentials.Date

/// How an export's data files are kept.
package struct DataStorage: Sendable, Equatable {
    package struct Amount: Sendable, Equatable {
        package var files = 0
        package var bytes = 0

        mutating func add(_ size: Int) {
            files += 1
            bytes += size
        }
    }

    package private(set) var total = Amount()
    /// What must be thawed before it can be read, by storage class; without what is thawed already.
    package private(set) var archived: [S3StorageClass: Amount] = [:]
    /// Of the archived files, those whose thaw was asked for and runs.
    package private(set) var thawing = Amount()
    /// When the first thawed file freezes again.
    package private(set) var thawedUntil: Date?

    package init() {}

    package mutating func add(_ object: ListedObject, now: Date) {
        total.add(object.size)
        guard object.storageClass.needsRestore else { return }
        switch object.restoreStatus {
        case .restored(let until) where until.map({ $0 > now }) ?? true:
            if let until { thawedUntil = thawedUntil.map { min($0, until) } ?? until }
        case .inProgress:
            thawing.add(object.size)
            archived[object.storageClass, default: Amount()].add(object.size)
        case .restored, nil:
            archived[object.storageClass, default: Amount()].add(object.size)
        }
    }

    package var isReadable: Bool { archived.isEmpty }
}

/// What thawing takes, by AWS's published times and its prices of us-east-1 in autumn 2026.
package struct ThawEstimate: Sendable, Equatable {
    /// How fast, and for how much, RestoreObject brings archived objects back; `Expedited` is for a few of them only.
    package enum Tier: String, Sendable {
        /// Glacier Flexible 3–5 hours, Deep Archive within 12.
        case standard = "Standard"
        /// Glacier Flexible 5–12 hours, free; Deep Archive within 48.
        case bulk = "Bulk"
    }

    package var storageClass: S3StorageClass
    package var tier: Tier
    /// `3 to 5 hours`.
    package var duration: String
    /// US dollars.
    package var cost: Double

    /// The ways to thaw files of one class, fastest first; Expedited is left out, as it is not for files of gigabytes.
    package static func estimates(_ storageClass: S3StorageClass, _ amount: DataStorage.Amount) -> [ThawEstimate] {
        let gigabytes = Double(amount.bytes) / 1_073_741_824
        let thousands = Double(amount.files) / 1_000
        func estimate(_ tier: Tier, _ duration: String, perGB: Double, perThousand: Double) -> ThawEstimate {
            ThawEstimate(
                storageClass: storageClass,
                tier: tier,
                duration: duration,
                cost: gigabytes * perGB + thousands * perThousand
            )
        }
        switch storageClass {
        case .glacierFlexibleRetrieval:
            return [
                estimate(.standard, "3 to 5 hours", perGB: 0.01, perThousand: 0.05),
                estimate(.bulk, "5 to 12 hours", perGB: 0, perThousand: 0),
            ]
        case .deepArchive:
            return [
                estimate(.standard, "up to 12 hours", perGB: 0.02, perThousand: 0.10),
                estimate(.bulk, "up to 48 hours", perGB: 0.0025, perThousand: 0.025),
            ]
        default: return []
        }
    }

    /// A command that thaws for a week what lies below a prefix in one storage class.
    ///
    /// Files of other classes are passed over, because S3 refuses to thaw what is not frozen.
    package static func command(
        bucket: String,
        prefix: String,
        storageClass: S3StorageClass,
        tier: Tier
    ) -> String {
        let list = ShellCommand([
            "aws", "s3api", "list-objects-v2", "--bucket", bucket, "--prefix", prefix, "--query",
            "Contents[?StorageClass=='\(storageClass.name)'].Key", "--output", "text",
        ])
        let restore = ShellCommand([
            "xargs", "-n1", "-P8", "aws", "s3api", "restore-object", "--bucket", bucket, "--restore-request",
            #"{"Days":7,"GlacierJobParameters":{"Tier":"\#(tier.rawValue)"}}"#, "--key",
        ])
        return "\(list) | \(restore)"
    }
}
