/// What a key in the backup bucket is the key of.
package struct BackupKey: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case schema
        case settings
        case export(ExportID, ExportPart)
        /// A data file of incremental exports, which lie in one folder for all of them.
        case incrementalData
        /// Something that is not ours.
        case other
    }

    package enum ExportPart: Sendable, Hashable {
        case started
        case manifestSummary
        case manifestSummaryChecksum
        case manifestFiles
        case manifestFilesChecksum
        case data
        case other
    }

    package let date: BackupDate
    package let table: String
    package let part: Part
}

extension BackupLayout {
    /// Reads a key back; `nil` when it does not lie in the folder of a real day and a possible table.
    ///
    /// Byte for byte: a listing has tens of thousands of keys, and as characters a combining mark after a slash would
    /// hide it.
    package func parse(_ key: String) -> BackupKey? {
        let root = root.utf8
        guard key.utf8.starts(with: root) else { return nil }
        var key = key
        return key.withUTF8 { BackupKey(path: $0[root.count...]) }
    }

    /// The same for a key's bytes.
    package func parse(_ key: ArraySlice<UInt8>) -> BackupKey? {
        key.withUnsafeBufferPointer { parse($0) }
    }

    /// The same for a key out of a page.
    func parse(_ key: UnsafeBufferPointer<UInt8>) -> BackupKey? {
        let root = root.utf8
        guard key.starts(with: root) else { return nil }
        return BackupKey(path: key[root.count...])
    }
}

private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

extension BackupKey {
    /// - Parameter path: `2026/11/21/Orders/…`.
    fileprivate init?(path: Bytes) {
        guard let (day, behindDay) = path.split(after: 10), !day.contains(UInt8(ascii: "-")),
            let date = BackupDate(utf8: day),
            let (table, file) = behindDay.splitAtSlash(), TableARN.isTableName(table)
        else { return nil }
        self.init(date: date, table: String(decoding: table, as: UTF8.self), part: Part(path: file))
    }
}

extension BackupKey.Part {
    fileprivate init(path: Bytes) {
        if path.elementsEqual("table_schema.json".utf8) {
            self = .schema
        } else if path.elementsEqual("table_settings.json".utf8) {
            self = .settings
        } else if let (folder, behindFolder) = path.splitAtSlash(), folder.elementsEqual("AWSDynamoDB".utf8),
            let (name, file) = behindFolder.splitAtSlash()
        {
            if let id = ExportID(utf8: name) {
                self = .export(id, BackupKey.ExportPart(path: file))
            } else {
                self = name.elementsEqual("data".utf8) && !file.isEmpty ? .incrementalData : .other
            }
        } else {
            self = .other
        }
    }
}

extension BackupKey.ExportPart {
    fileprivate init(path: Bytes) {
        switch path.first {
        case UInt8(ascii: "d"): self = path.count > 5 && path.starts(with: "data/".utf8) ? .data : .other
        case UInt8(ascii: "_"): self = path.elementsEqual("_started".utf8) ? .started : .other
        case UInt8(ascii: "m"):
            switch String(decoding: path, as: UTF8.self) {
            case "manifest-summary.json": self = .manifestSummary
            case "manifest-summary.md5": self = .manifestSummaryChecksum
            case "manifest-files.json": self = .manifestFiles
            case "manifest-files.md5": self = .manifestFilesChecksum
            default: self = .other
            }
        default: self = .other
        }
    }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    /// What stands before the next slash and what behind it; `nil` without one.
    fileprivate func splitAtSlash() -> (Self, Self)? {
        guard let slash = firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return (self[..<slash], self[(slash + 1)...])
    }

    /// The first so many bytes and what stands behind the slash that must follow them.
    fileprivate func split(after count: Int) -> (Self, Self)? {
        let slash = startIndex + count
        guard slash < endIndex, self[slash] == UInt8(ascii: "/") else { return nil }
        return (self[..<slash], self[(slash + 1)...])
    }
}
