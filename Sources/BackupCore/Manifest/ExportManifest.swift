internal import AWSCore

package import struct FoundationEssentials.Date

/// What manifest-summary.json says of an export; it is written last, so an export that has one is complete.
package struct ExportManifest: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The whole table as it was at a time, which the manifest always names.
        case full(exportTime: Date?)
        /// What changed from one time up to, but without, another. ImportTable cannot read these.
        case incremental(from: Date?, to: Date?, view: String?)
    }

    package var exportID: ExportID
    package var exportARN: String
    package var table: TableARN
    package var tableID: String?
    package var kind: Kind
    package var startTime: Date?
    package var endTime: Date?
    /// The bucket it was exported to; a replicated bucket holds manifests that name the other one.
    package var bucket: String
    /// Key of manifest-files.json, from the bucket's root.
    package var manifestFilesKey: String
    package var itemCount: Int
    package var billedSizeBytes: Int?
    /// `DYNAMODB_JSON` or `ION`.
    package var outputFormat: String
    /// Set when the data files are encrypted with a key of KMS.
    package var kmsKeyID: String?

    /// Reads the manifest; members it does not know are left alone.
    ///
    /// - Parameter key: the manifest's own key, for errors.
    package init(contents: [UInt8], key: String) throws(ManifestError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: contents)
        } catch {
            throw ManifestError(.damaged, key: key, "the manifest is damaged or was cut off (\(error))")
        }
        guard value.object != nil else {
            throw ManifestError(.incomplete, key: key, "\(value.kindName) where an object is expected")
        }
        let reader = ManifestReader(key: key, value: value)
        exportARN = try reader.string("exportArn")
        guard let id = ExportID(exportARN: exportARN), let table = TableARN(exportARN: exportARN) else {
            throw ManifestError(.incomplete, key: key, "exportArn: \"\(exportARN)\" is not an export's ARN")
        }
        exportID = id
        self.table = table
        tableID = value["tableId"]?.string
        bucket = try reader.string("s3Bucket")
        manifestFilesKey = try reader.string("manifestFilesS3Key")
        itemCount = try reader.count("itemCount")
        outputFormat = try reader.string("outputFormat")
        billedSizeBytes = value["billedSizeBytes"]?.integer
        kmsKeyID = value["s3SseKmsKeyId"]?.string
        startTime = reader.date("startTime")
        endTime = reader.date("endTime")
        // Only incremental exports name a type; full ones of 2020 do not know the member.
        switch value["exportType"]?.string ?? "FULL_EXPORT" {
        case "FULL_EXPORT": kind = .full(exportTime: reader.date("exportTime"))
        case "INCREMENTAL_EXPORT":
            kind = .incremental(
                from: reader.date("exportFromTime"),
                to: reader.date("exportToTime"),
                view: value["outputView"]?.string
            )
        case let other:
            throw ManifestError(.incomplete, key: key, "exportType: \"\(other)\" is not known to this version")
        }
    }

    package var isFull: Bool {
        if case .full = kind { true } else { false }
    }

    /// The folder of a full export's data files, with its slash: what an import reads.
    package var dataFolder: String {
        let parts = manifestFilesKey.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast() + ["data/"]).joined(separator: "/")
    }

    /// Compares a manifest with the `.md5` file beside it: Base64 of the MD5 of its bytes.
    package static func verify(contents: [UInt8], checksum: [UInt8], key: String) throws(ManifestError) {
        try verify(md5: MD5.digest(contents), checksum: checksum, key: key)
    }

    /// Compares a manifest's MD5, taken while it was read, with the `.md5` file beside it.
    package static func verify(md5: [UInt8], checksum: [UInt8], key: String) throws(ManifestError) {
        var expected = String(decoding: checksum, as: UTF8.self)[...]
        while expected.last?.isWhitespace == true { expected.removeLast() }
        let actual = Base64.string(md5)
        guard expected == actual else {
            throw ManifestError(
                .checksumMismatch,
                key: key,
                "the manifest was changed or damaged: its MD5 is \(actual), not \(expected)"
            )
        }
    }
}

/// Takes members out of a manifest and names what is missing.
struct ManifestReader {
    let key: String
    let value: JSONValue
    /// `line 3: ` where the manifest has lines.
    var place = ""

    func string(_ name: String) throws(ManifestError) -> String {
        guard let string = value[name]?.string, !string.isEmpty else { throw wrong(name, "a text") }
        return string
    }

    func count(_ name: String) throws(ManifestError) -> Int {
        guard let count = value[name]?.integer, count >= 0 else { throw wrong(name, "a count") }
        return count
    }

    func date(_ name: String) -> Date? { value[name]?.string.flatMap { Date(iso8601: $0) } }

    private func wrong(_ name: String, _ expected: String) -> ManifestError {
        let found = value[name].map { "\($0.kindName) where \(expected) is expected" } ?? "missing"
        return ManifestError(.incomplete, key: key, "\(place)\(name): \(found)")
    }
}
