package import AWSCore

/// What AWS would take, checked where it is written and not when it is first used.
extension ConfigurationField {
    /// A function's name of at most 48 characters, because the names of rules and queues begin with it.
    package func functionName() throws(ConfigurationFieldError) -> String {
        let name = try string("the function's name")
        let isLetter = { (byte: UInt8) in Character(Unicode.Scalar(byte)).isASCIILetter }
        guard (1...48).contains(name.utf8.count), let first = name.utf8.first, isLetter(first),
            name.utf8.allSatisfy({ isLetter($0) || "0123456789-_".utf8.contains($0) })
        else {
            throw error(
                "\"\(name)\" is not a function name (expected a letter, then up to 47 letters, digits, \"-\" and \"_\")"
            )
        }
        return name
    }

    /// The ARN of a table, and no documentation's placeholder.
    package func tableARN() throws(ConfigurationFieldError) -> TableARN {
        let expected = "expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"
        guard let text = value.string else { throw error("\(value.kindName) is not a table ARN (\(expected))") }
        guard let table = TableARN(text) else { throw error("\"\(text)\" is not a table ARN (\(expected))") }
        guard !table.tableName.isPlaceholder else {
            throw error("\"\(text)\" is a placeholder; put the ARN of a table of yours here")
        }
        return table
    }

    /// - Parameter expected: whose Region it is: `the bucket's Region`.
    package func region(_ expected: String) throws(ConfigurationFieldError) -> Region {
        let name = try string(expected)
        guard let region = Region(name) else {
            throw error("\"\(name)\" is not a Region (expected a name such as us-west-2)")
        }
        return region
    }

    /// The name of a bucket as S3 takes it for new ones, and no documentation's placeholder.
    package func bucketName() throws(ConfigurationFieldError) -> String {
        try checkedBucketName(try string("the bucket's name"))
    }

    /// - Parameter name: a bucket's name that is a part of this value.
    package func checkedBucketName(_ name: String) throws(ConfigurationFieldError) -> String {
        guard !name.isPlaceholder else {
            throw error("\"\(name)\" is a placeholder; put the name of your bucket here")
        }
        let isEnd = { (byte: UInt8?) in byte.map { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") } ?? false }
        let looksLikeAddress =
            name.split(separator: ".", omittingEmptySubsequences: false).count == 4
            && name.utf8.allSatisfy { $0 < UInt8(ascii: ":") && $0 != UInt8(ascii: "-") }
        guard (3...63).contains(name.utf8.count), isEnd(name.utf8.first), isEnd(name.utf8.last), !looksLikeAddress,
            name.firstOccurrence(of: "..") == nil,
            name.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789.-".utf8.contains($0) })
        else {
            throw error(
                "\"\(name)\" is not a bucket name (expected 3 to 63 lower-case letters, digits, \"-\" and \".\","
                    + " a letter or digit at both ends)"
            )
        }
        return name
    }
}

extension String {
    /// Whether it is one of the committed config.json's own values, or follows the habit to write `YOUR-…`.
    fileprivate var isPlaceholder: Bool {
        lowercased().firstOccurrence(of: "replace-me") != nil || hasPrefix("YOUR-") || hasPrefix("YOUR_")
    }
}

extension Character {
    var isASCIILetter: Bool { isASCII && isLetter }
}
