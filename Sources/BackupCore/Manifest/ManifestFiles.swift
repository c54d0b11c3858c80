internal import AWSCore

/// One data file of an export.
package struct ManifestFile: Sendable, Equatable {
    /// From the bucket's root, the prefix included.
    package var key: String
    /// 0 for an empty partition, whose file holds no line.
    package var itemCount: Int
    /// Base64 of the MD5 of the compressed file; unlike the ETag the same in every copy.
    package var md5: String?
    package var etag: String?
}

/// Reads manifest-files.json, one JSON object a line, while it arrives: memory holds a line, however many files.
package struct ManifestFilesParser: Sendable {
    /// The longest line that is read; AWS's have a few hundred bytes.
    package static let maximumLineLength = 65_536

    package let key: String
    package private(set) var fileCount = 0
    package private(set) var itemCount = 0
    private var lineNumber = 0
    private var pending: [UInt8] = []

    /// - Parameter key: the manifest's own key, for errors.
    package init(key: String) {
        self.key = key
    }

    /// Takes the next bytes and gives the files of the lines that ended in them.
    package mutating func parse(_ bytes: [UInt8]) throws(ManifestError) -> [ManifestFile] {
        var files: [ManifestFile] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if pending.isEmpty {
                try parseLine(rest[..<end], into: &files)
            } else {
                pending += rest[..<end]
                try parseLine(pending[...], into: &files)
                pending.removeAll(keepingCapacity: true)
            }
            rest = rest[(end + 1)...]
        }
        pending += rest
        guard pending.count <= Self.maximumLineLength else {
            throw ManifestError(
                .damaged,
                key: key,
                "line \(lineNumber + 1) is longer than \(Self.maximumLineLength) bytes"
            )
        }
        return files
    }

    /// Ends the manifest: gives the file of a last line without line end.
    package mutating func finish() throws(ManifestError) -> [ManifestFile] {
        var files: [ManifestFile] = []
        try parseLine(pending[...], into: &files)
        pending = []
        return files
    }

    private mutating func parseLine(_ line: ArraySlice<UInt8>, into files: inout [ManifestFile]) throws(ManifestError) {
        lineNumber += 1
        guard line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) else { return }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: line)
        } catch {
            throw ManifestError(
                .damaged,
                key: key,
                "line \(lineNumber): damaged or cut off (column \(error.column): \(error.message))"
            )
        }
        let reader = ManifestReader(key: key, value: value, place: "line \(lineNumber): ")
        let file = ManifestFile(
            key: try reader.string("dataFileS3Key"),
            itemCount: try reader.count("itemCount"),
            md5: value["md5Checksum"]?.string,
            etag: value["etag"]?.string
        )
        fileCount += 1
        itemCount += file.itemCount
        files.append(file)
    }

    /// Whether the files are those of the summary.
    ///
    /// - Throws: ``ManifestError`` of code ``ManifestError/Code/inconsistent`` when their items do not add up to its
    ///   count, as after a manifest that was cut off at the end of a line.
    package func requireMatch(_ manifest: ExportManifest) throws(ManifestError) {
        guard itemCount == manifest.itemCount else {
            throw ManifestError(
                .inconsistent,
                key: key,
                "its \(fileCount) files hold \(itemCount) items, but the export has \(manifest.itemCount)"
            )
        }
    }
}
