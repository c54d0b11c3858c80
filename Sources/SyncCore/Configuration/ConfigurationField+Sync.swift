import AWSCore
import BackupCore

extension ConfigurationField {
    /// The ARN of a role, `nil` for JSON's null.
    func roleARN() throws(ConfigurationFieldError) -> String? {
        guard !value.isNull else { return nil }
        let text = try string("the ARN of a role or null")
        guard let arn = ARN(text), arn.service == "iam", arn.account.utf8.count == 12,
            arn.account.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            arn.resource.hasPrefix("role/"), arn.resource.utf8.count > "role/".utf8.count
        else { throw error("\"\(text)\" is not a role (expected arn:aws:iam::ACCOUNT:role/NAME)") }
        return text
    }

    /// A condition on items, `nil` for JSON's null.
    func itemFilter() throws(ConfigurationFieldError) -> ItemFilter? {
        guard !value.isNull else { return nil }
        let expression = try string("a condition such as kind = 'order', or null")
        do throws(ItemFilterError) {
            return try ItemFilter(parsing: expression)
        } catch {
            throw self.error("\(error)")
        }
    }

    /// `s3://bucket` or `s3://bucket/prefix`.
    func bucketPrefix() throws(ConfigurationFieldError) -> BucketPrefix {
        let expected = "expected s3://BUCKET or s3://BUCKET/PREFIX"
        let text = try string("s3://BUCKET/PREFIX")
        guard text.hasPrefix("s3://") else { throw error("\"\(text)\" is not a place in S3 (\(expected))") }
        let parts = text.dropFirst("s3://".count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = parts.count > 1 ? String(parts[1]) : ""
        guard prefix.utf8.first != UInt8(ascii: "/"), prefix.utf8.count < 1_024 else {
            throw error("\"\(text)\" has no usable prefix (\(expected), with no second slash and below 1,024 bytes)")
        }
        return BucketPrefix(bucket: try checkedBucketName(String(parts[0])), prefix: prefix)
    }

    func bucketEvents() throws(ConfigurationFieldError) -> BucketMapping.Events {
        let name = try string("\"notifications\" or \"eventbridge\"")
        guard let events = BucketMapping.Events(rawValue: name) else {
            throw error("\"\(name)\" is no way to take events (expected \"notifications\" or \"eventbridge\")")
        }
        return events
    }

    func timeToLiveDeletes() throws(ConfigurationFieldError) -> TableMapping.TimeToLiveDeletes {
        let name = try string("\"forward\" or \"ignore\"")
        guard let policy = TableMapping.TimeToLiveDeletes(rawValue: name) else {
            throw error("\"\(name)\" is no way to treat deletes of expired items (expected \"forward\" or \"ignore\")")
        }
        return policy
    }
}
