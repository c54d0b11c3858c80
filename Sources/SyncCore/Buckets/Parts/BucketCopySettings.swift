package import AWSCore

/// What every part of a bucket's copy gets.
package struct BucketCopySettings: Sendable, Equatable {
    /// A bucket as the function reaches it.
    package struct Side: Sendable, Equatable {
        package var bucket: String
        /// Empty, or ends with a slash.
        package var prefix: String
        package var region: Region
        /// The role that the function assumes; `nil` for its own.
        package var role: String?

        package init(bucket: String, prefix: String, region: Region, role: String?) {
            self.bucket = bucket
            self.prefix = prefix
            self.region = region
            self.role = role
        }

        package var name: String { "s3://\(bucket)/\(prefix)" }
    }

    /// Tells the copy from all others of the same pair; lower-case letters and digits.
    package var id = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    package var source: Side
    package var target: Side
    package var comparison = ObjectComparison.time
    package var mergesWithLiveSync = false
    /// `--include` and `--exclude`, in their order.
    package var rules: [KeyFilter.Rule] = []
    /// AWS's word; `nil` keeps each object's own.
    package var storageClass: String?
    package var encryption: S3Encryption?

    package init(source: Side, target: Side) {
        self.source = source
        self.target = target
    }

    private static func isOfID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    /// Objects that one part copies at the same time; those whose bytes may go through the function take its memory.
    private static let objectsInFlight = 32
    private static let streamedInFlight = 12

    /// Whether S3 may not be able to copy by itself, since the target's credentials are others than the source's.
    var mayStream: Bool { source.role != target.role || mustStream }
    var mustStream: Bool { source.region.partition != target.region.partition }

    var options: BucketSyncOptions {
        var options = BucketSyncOptions()
        options.comparison = comparison
        options.mergesWithLiveSync = mergesWithLiveSync
        options.filter = KeyFilter(rules)
        options.storageClass = storageClass.map { S3StorageClass($0) }
        options.encryption = encryption
        options.transfersAtOnce = mayStream ? Self.streamedInFlight : Self.objectsInFlight
        // Parts that S3 copies by itself cost nothing but a request that waits, and have to be done before the time is
        // over.
        options.partsAtOnce = 48
        return options
    }

    var json: JSONObject {
        var json: JSONObject = [
            "kind": .string(CopyKind.bucket.rawValue),
            "id": .string(id),
            "source": source.json,
            "target": target.json,
            "compare": .string(comparison.rawValue),
            "mode": .string(mergesWithLiveSync ? "merge" : "replace"),
        ]
        if !rules.isEmpty { json["filter"] = .array(rules.map(\.json)) }
        json["storageClass"] = storageClass.map { .string($0) }
        json["encryption"] = encryption?.json
        return json
    }

    /// - Throws: ``CopyPartError`` for what no ``json`` is: an option that were lost would make it another copy.
    init(json: JSONValue) throws(CopyPartError) {
        source = try Side(json["source"], "source")
        target = try Side(json["target"], "target")
        guard let comparison = json["compare"]?.string.flatMap({ ObjectComparison(rawValue: $0) }) else {
            throw CopyPartError("\"copy.compare\" is none of time, size, etag and checksum")
        }
        self.comparison = comparison
        switch json["mode"]?.string {
        case "replace": mergesWithLiveSync = false
        case "merge": mergesWithLiveSync = true
        default: throw CopyPartError("\"copy.mode\" is neither replace nor merge")
        }
        id = json["id"]?.string ?? ""
        // It becomes a part of keys.
        guard !mergesWithLiveSync || !id.isEmpty && id.utf8.allSatisfy(Self.isOfID) else {
            throw CopyPartError("\"copy.id\" is none: start the merge anew with this version of sync")
        }
        if let filter = json["filter"] {
            guard let list = filter.array else { throw CopyPartError("\"copy.filter\" is no list") }
            for rule in list { rules.append(try KeyFilter.Rule(json: rule)) }
        }
        if let name = json["storageClass"] {
            guard let name = name.string else { throw CopyPartError("\"copy.storageClass\" is no text") }
            storageClass = name
        }
        if let encryption = json["encryption"] { self.encryption = try S3Encryption(json: encryption) }
        if source.bucket == target.bucket, !mustStream, source.overlaps(target) {
            throw CopyPartError("\(source.name) and \(target.name) overlap: what is written would be source again")
        }
    }
}

extension BucketCopySettings.Side {
    fileprivate var json: JSONValue {
        var json: JSONObject = [
            "bucket": .string(bucket), "prefix": .string(prefix), "region": .string(region.name),
        ]
        json["role"] = role.map { .string($0) }
        return .object(json)
    }

    fileprivate init(_ json: JSONValue?, _ name: String) throws(CopyPartError) {
        guard let bucket = json?["bucket"]?.string, let prefix = json?["prefix"]?.string,
            let region = json?["region"]?.string.flatMap({ Region($0) })
        else { throw CopyPartError("\"copy.\(name)\" does not say which bucket, prefix and Region it is") }
        do { try BucketAddressing.validate(bucket) } catch {
            throw CopyPartError("\"copy.\(name).bucket\": \(error)")
        }
        self.init(bucket: bucket, prefix: prefix, region: region, role: nil)
        if let role = json?["role"] {
            guard let role = role.string else { throw CopyPartError("\"copy.\(name).role\" is no text") }
            self.role = role
        }
    }

    fileprivate func overlaps(_ other: Self) -> Bool {
        prefix.utf8.starts(with: other.prefix.utf8) || other.prefix.utf8.starts(with: prefix.utf8)
    }
}

extension KeyFilter.Rule {
    fileprivate var json: JSONValue {
        switch self {
        case .include(let pattern): ["include": .string(pattern)]
        case .exclude(let pattern): ["exclude": .string(pattern)]
        }
    }

    fileprivate init(json: JSONValue) throws(CopyPartError) {
        switch (json["include"]?.string, json["exclude"]?.string) {
        case (let pattern?, nil): self = .include(pattern)
        case (nil, let pattern?): self = .exclude(pattern)
        default: throw CopyPartError("\"copy.filter\" has something that is neither an include nor an exclude")
        }
    }
}

extension S3Encryption {
    fileprivate var json: JSONValue {
        let (kind, key): (String, String?) =
            switch self {
            case .aes256: ("AES256", nil)
            case .kms(let key): ("aws:kms", key)
            case .kmsDSSE(let key): ("aws:kms:dsse", key)
            }
        var json: JSONObject = ["kind": .string(kind)]
        json["key"] = key.map { .string($0) }
        return .object(json)
    }

    fileprivate init(json: JSONValue) throws(CopyPartError) {
        let key = json["key"]?.string
        switch json["kind"]?.string {
        case "AES256": self = .aes256
        case "aws:kms": self = .kms(keyID: key)
        case "aws:kms:dsse": self = .kmsDSSE(keyID: key)
        default: throw CopyPartError("\"copy.encryption\" is none of AES256, aws:kms and aws:kms:dsse")
        }
    }
}
