package import AWSCore

/// The ARN of a DynamoDB table, taken apart: `arn:aws:dynamodb:us-east-1:123456789012:table/Orders`.
package struct TableARN: Sendable, Hashable, CustomStringConvertible {
    /// The partition, such as `aws`, `aws-cn` or `aws-us-gov`.
    package let partition: String
    package let region: Region
    /// Twelve digits.
    package let accountID: String
    package let tableName: String

    /// - Returns: `nil` unless the text is a table's ARN; those of indexes, streams and exports are not.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", parts[1].utf8.starts(with: "aws".utf8),
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-") }
            ),
            parts[2] == "dynamodb", let region = Region(parts[3]),
            parts[4].utf8.count == 12, Int(digits: Array(parts[4].utf8)[...]) != nil, parts[5].hasPrefix("table/")
        else { return nil }
        let name = String(parts[5].dropFirst("table/".count))
        guard TableARN.isTableName(name) else { return nil }
        self.partition = parts[1]
        self.region = region
        self.accountID = parts[4]
        self.tableName = name
    }

    /// The table that an export's ARN `…:table/Orders/export/01768385930622-efd1a093` belongs to.
    package init?(exportARN: String) {
        let parts = exportARN.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[2] == "export" else { return nil }
        self.init(parts[0..<2].joined(separator: "/"))
    }

    package var description: String { "arn:\(partition):dynamodb:\(region):\(accountID):table/\(tableName)" }

    /// Whether DynamoDB would take the name: 3 to 255 letters, digits, `_`, `.` and `-`.
    package static func isTableName(_ name: String) -> Bool {
        (3...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
