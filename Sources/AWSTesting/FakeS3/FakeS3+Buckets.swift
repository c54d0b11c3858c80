import AWSCore

extension FakeS3.State {
    mutating func list(_ call: FakeS3Call) -> HTTPResponse {
        let prefix = FakeS3Key(call.query["prefix"] ?? "").bytes
        let after =
            call.query["continuation-token"].flatMap { Hexadecimal.bytes($0) }
            ?? FakeS3Key(call.query["start-after"] ?? "").bytes
        let limit = min(maximumKeys, call.query["max-keys"].flatMap { Int($0) } ?? 1000)
        let keys = buckets[call.bucket]?.keys() ?? []
        // The first key behind both, by halves.
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            let key = keys[middle].bytes
            let isBefore =
                !after.isEmpty && !after.lexicographicallyPrecedes(key) || key.lexicographicallyPrecedes(prefix)
            if isBefore { low = middle + 1 } else { high = middle }
        }
        var contents = ""
        var last: FakeS3Key?
        var count = 0
        while low < keys.count, keys[low].bytes.starts(with: prefix), count < limit {
            let key = keys[low]
            last = key
            count += 1
            low += 1
            if let object = buckets[call.bucket]?.objects[key] { contents += Self.entry(key, object, call) }
        }
        let isTruncated = low < keys.count && keys[low].bytes.starts(with: prefix) && last != nil
        let token =
            isTruncated
            ? "<NextContinuationToken>\(Hexadecimal.string(last?.bytes ?? []))</NextContinuationToken>" : ""
        return .xml(
            "<ListBucketResult><Name>\(call.bucket)</Name><EncodingType>url</EncodingType><KeyCount>\(count)</KeyCount>"
                + "<IsTruncated>\(isTruncated)</IsTruncated>\(token)\(contents)</ListBucketResult>"
        )
    }

    private static func entry(_ key: FakeS3Key, _ object: FakeS3Object, _ call: FakeS3Call) -> String {
        var restore = ""
        if call.headers["x-amz-optional-object-attributes"] == "RestoreStatus", let header = object.restore {
            let isRunning = header.contains("ongoing-request=\"true\"")
            restore = "<RestoreStatus><IsRestoreInProgress>\(isRunning)</IsRestoreInProgress>"
            if !isRunning { restore += "<RestoreExpiryDate>2099-12-21T00:00:00.000Z</RestoreExpiryDate>" }
            restore += "</RestoreStatus>"
        }
        return "<Contents><Key>\(URIEncoding.encode(key.text))</Key>"
            + "<LastModified>\(FakeS3Time.xml(object.lastModified))</LastModified><ETag>\(object.etag.xmlEscaped)</ETag>"
            + "<Size>\(object.bytes.count)</Size><StorageClass>\(object.storageClass)</StorageClass>\(restore)</Contents>"
    }

    mutating func createBucket(_ call: FakeS3Call) -> HTTPResponse {
        guard buckets[call.bucket] == nil else { return .s3Error("BucketAlreadyOwnedByYou", 409) }
        var bucket = FakeS3Bucket()
        if let document = try? XMLElement(parsing: call.body), let region = document["LocationConstraint"]?.text {
            bucket.region = region
        }
        buckets[call.bucket] = bucket
        return HTTPResponse(status: 200)
    }

    /// What S3 answers for a part of the configuration that was never set.
    private static let missing = [
        "encryption": "ServerSideEncryptionConfigurationNotFoundError", "cors": "NoSuchCORSConfiguration",
        "lifecycle": "NoSuchLifecycleConfiguration", "tagging": "NoSuchTagSet", "policy": "NoSuchBucketPolicy",
        "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        "ownershipControls": "OwnershipControlsNotFoundError",
    ]

    mutating func configuration(_ call: FakeS3Call) -> HTTPResponse {
        let name = String(call.operation.split(separator: "?").last ?? "")
        if call.operation.hasPrefix("PUT") {
            buckets[call.bucket]?.configuration[name] = call.body
            return HTTPResponse(status: 200)
        }
        if call.operation.hasPrefix("DELETE") {
            buckets[call.bucket]?.configuration[name] = nil
            return HTTPResponse(status: 204)
        }
        if let body = buckets[call.bucket]?.configuration[name] { return HTTPResponse(status: 200, body: body) }
        if name == "versioning" { return .xml("<VersioningConfiguration/>") }
        if name == "location" {
            return .xml("<LocationConstraint>\(buckets[call.bucket]?.region ?? "")</LocationConstraint>")
        }
        return .s3Error(Self.missing[name] ?? "NotImplemented", 404)
    }
}
