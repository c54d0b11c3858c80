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
        guard let arn = ARN(text), arn.service == "dynamodb", arn.partition.hasPrefix("aws"),
            let region = Region(arn.region), arn.account.utf8.count == 12,
            Int(digits: Array(arn.account.utf8)[...]) != nil,
            let name = arn.tableName, arn.resource == "table/\(name)", TableARN.isTableName(name)
        else { return nil }
        self.partition = arn.partition
        self.region = region
        self.accountID = arn.account
        self.tableName = name
    }

    /// The table that an export's ARN `…:table/Orders/export/01768385930622-efd1a093` belongs to.
    package init?(exportARN: String) {
        guard let arn = ARN(exportARN), arn.exportID != nil, let table = arn.table else { return nil }
        self.init(table.description)
    }

    package var description: String { "arn:\(partition):dynamodb:\(region):\(accountID):table/\(tableName)" }

    /// Whether DynamoDB would take the name: 3 to 255 letters, digits, `_`, `.` and `-`.
    package static func isTableName(_ name: String) -> Bool {
        isTableName(name.utf8)
    }

    static func isTableName(_ name: some Collection<UInt8>) -> Bool {
        (3...255).contains(name.count)
            && name.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
