internal import AWSCore

package import struct FoundationEssentials.Date

/// The id of an export, last part of its ARN and name of its folder: `01768385930622-efd1a093`.
///
/// Fourteen digits of milliseconds since 1970, the export's start, then a hyphen and hexadecimal digits: ids sort by
/// their start.
package struct ExportID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String
    /// The export's start in milliseconds since 1970; whole seconds for incremental exports.
    package let startMilliseconds: Int

    package init?(_ text: some StringProtocol) {
        self.init(utf8: Array(text.utf8)[...])
    }

    init?<Bytes: RandomAccessCollection<UInt8>>(utf8 bytes: Bytes) where Bytes.Index == Int {
        let hyphen = bytes.startIndex + 14
        // AWS writes eight digits after the hyphen; another number of them would still be an export, and a restore
        // that did not see it would be worse than one that did.
        guard (16...64).contains(bytes.count), bytes[hyphen] == UInt8(ascii: "-"),
            let milliseconds = Int(digits: bytes[..<hyphen]),
            bytes[(hyphen + 1)...].allSatisfy(Self.isHexadecimalDigit)
        else { return nil }
        self.text = String(decoding: bytes, as: UTF8.self)
        self.startMilliseconds = milliseconds
    }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// The id at the end of an export's ARN.
    package init?(exportARN: String) {
        guard let id = ARN(exportARN)?.exportID else { return nil }
        self.init(id)
    }

    package var startTime: Date { Date(timeIntervalSince1970: Double(startMilliseconds) / 1_000) }

    package var description: String { text }

    package static func < (left: ExportID, right: ExportID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
