/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
package struct ARN: Sendable, Hashable, CustomStringConvertible {
    package var partition: String
    package var service: String
    /// Empty for resources without a Region, such as S3 buckets and IAM roles.
    package var region: String
    /// Twelve digits; empty for S3 buckets.
    package var account: String
    /// Everything behind the fifth colon; may hold colons and slashes itself.
    package var resource: String

    package init(partition: String, service: String, region: String, account: String, resource: String) {
        self.partition = partition
        self.service = service
        self.region = region
        self.account = account
        self.resource = resource
    }

    /// - Returns: `nil` unless `text` has all six fields, with partition, service and resource not empty.
    package init?(_ text: String) {
        let fields = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard fields.count == 6, fields[0] == "arn", !fields[1].isEmpty, !fields[2].isEmpty, !fields[5].isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.init(
            partition: String(fields[1]),
            service: String(fields[2]),
            region: String(fields[3]),
            account: String(fields[4]),
            resource: String(fields[5])
        )
    }

    package var description: String { "arn:\(partition):\(service):\(region):\(account):\(resource)" }
}

extension ARN {
    /// The ARN of a DynamoDB table in the Region's own partition.
    package static func table(_ name: String, region: Region, account: String) -> ARN {
        ARN(
            partition: region.partition.id,
            service: "dynamodb",
            region: region.name,
            account: account,
            resource: "table/\(name)"
        )
    }

    /// The table's name for a table or anything below one (export, import, stream, index, backup).
    package var tableName: String? {
        let parts = resourceParts
        return isBelowTable ? String(parts[1]) : nil
    }

    /// The ARN of the table for a table or anything below one.
    package var table: ARN? {
        guard let tableName else { return nil }
        var table = self
        table.resource = "table/\(tableName)"
        return table
    }

    /// The export id for `…:table/<name>/export/<id>`, as it names the folder below `AWSDynamoDB/`.
    package var exportID: String? { tableChild("export") }

    /// The import id for `…:table/<name>/import/<id>`.
    package var importID: String? { tableChild("import") }

    private var resourceParts: [Substring] {
        resource.split(separator: "/", omittingEmptySubsequences: false)
    }

    private var isBelowTable: Bool {
        let parts = resourceParts
        return service == "dynamodb" && parts.count >= 2 && parts[0] == "table" && !parts[1].isEmpty
    }

    private func tableChild(_ kind: String) -> String? {
        let parts = resourceParts
        guard isBelowTable, parts.count == 4, parts[2] == kind, !parts[3].isEmpty else { return nil }
        return String(parts[3])
    }
}
