internal import AWSCore

/// Takes the fields out of a parsed file and the environment, and checks each.
struct ConfigurationReader {
    /// A value and who said so.
    struct Field {
        var source: String
        /// `nil` for a variable, whose name says it all.
        var path: String?
        var value: JSONValue

        func error(_ message: String, index: Int? = nil) -> BackupConfigurationError {
            let subscripted = index.map { "\(path ?? "")[\($0)]" }
            return BackupConfigurationError(
                source: source,
                field: path == nil ? nil : subscripted ?? path,
                message: message
            )
        }

        func string(_ expected: String) throws(BackupConfigurationError) -> String {
            guard let string = value.string else { throw error("\(value.kindName) where \(expected) is expected") }
            return string
        }
    }

    let file: String
    let isFileThere: Bool
    let environment: [String: String]
    let document: JSONObject
    let bucket: JSONObject

    init(contents: [UInt8]?, file: String, environment: [String: String]) throws(BackupConfigurationError) {
        self.file = file
        self.isFileThere = contents != nil
        self.environment = environment
        guard let contents else {
            document = JSONObject()
            bucket = JSONObject()
            return
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: contents)
        } catch {
            throw BackupConfigurationError(source: file, message: "not JSON: \(error)")
        }
        guard let object = value.object else {
            throw BackupConfigurationError(source: file, message: "\(value.kindName) where an object { … } is expected")
        }
        document = object
        let known = [
            "$schema", "functionName", "tables", "bucket", "schedule", "maximumAgeHours", "alarmEmail",
        ]
        try ConfigurationReader.refuseUnknown(object, known: known, path: "", file: file)
        switch object["bucket"] {
        case .object(let object):
            bucket = object
            try ConfigurationReader.refuseUnknown(
                object,
                known: ["name", "region", "prefix"],
                path: "bucket.",
                file: file
            )
        case nil:
            bucket = JSONObject()
        case .some(let other):
            throw BackupConfigurationError(
                source: file,
                field: "bucket",
                message: #"\#(other.kindName) where {"name": …, "region": …} is expected"#
            )
        }
    }

    private static func refuseUnknown(
        _ object: JSONObject,
        known: [String],
        path: String,
        file: String
    ) throws(BackupConfigurationError) {
        for key in object.keys where !known.contains(key) {
            throw BackupConfigurationError(
                source: file,
                field: path + key,
                message: "unknown key; expected \(known.filter { $0 != "$schema" }.joined(separator: ", "))"
            )
        }
    }

    private func variable(_ name: String) -> Field? {
        guard let value = environment[name], !value.isEmpty else { return nil }
        return Field(source: name, path: nil, value: .string(value))
    }

    private func field(_ key: String) -> Field? {
        document[key].map { Field(source: file, path: key, value: $0) }
    }

    private func bucketField(_ key: String) -> Field? {
        bucket[key].map { Field(source: file, path: "bucket.\(key)", value: $0) }
    }

    /// The error for something that neither the file nor the environment says.
    private func missing(_ path: String, variable: String) -> BackupConfigurationError {
        isFileThere
            ? BackupConfigurationError(
                source: file,
                field: path,
                message: "missing; add it or set \(variable) in the environment"
            )
            : BackupConfigurationError(
                source: file,
                message: "there is no such file, and \(variable) is not set; write the file (config.schema.json"
                    + " describes it) or set S3_BUCKET and S3_REGION, and TABLE_ARNS for all but restore, in the"
                    + " environment"
            )
    }

    func functionName() throws(BackupConfigurationError) -> String {
        guard let field = field("functionName") else { return BackupConfiguration.defaultFunctionName }
        let name = try field.string("the function's name")
        let isLetter = { (byte: UInt8) in Character(Unicode.Scalar(byte)).isASCIILetter }
        guard (1...48).contains(name.utf8.count), let first = name.utf8.first, isLetter(first),
            name.utf8.allSatisfy({ isLetter($0) || "0123456789-_".utf8.contains($0) })
        else {
            throw field.error(
                "\"\(name)\" is not a function name (expected a letter, then up to 47 letters, digits, \"-\" and \"_\")"
            )
        }
        return name
    }

    func tables(requirement: BackupConfiguration.Requirement) throws(BackupConfigurationError) -> [TableARN] {
        let field: Field
        let texts: [JSONValue]
        if let variable = variable("TABLE_ARNS") {
            field = variable
            let list = environment["TABLE_ARNS"] ?? ""
            texts = list.split(separator: ",").map { .string($0.trimmed) }.filter { $0 != "" }
        } else if let listed = self.field("tables") {
            field = listed
            guard let array = listed.value.array else {
                throw listed.error("\(listed.value.kindName) where a list of table ARNs is expected")
            }
            texts = array
        } else if requirement == .bucket {
            return []
        } else {
            throw missing("tables", variable: "TABLE_ARNS")
        }
        guard !texts.isEmpty || requirement == .bucket else {
            throw field.error("the list is empty; expected at least one table ARN")
        }
        return try checked(texts, of: field)
    }

    private func checked(_ texts: [JSONValue], of field: Field) throws(BackupConfigurationError) -> [TableARN] {
        let expected = "expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"
        var tables: [TableARN] = []
        for (index, value) in texts.enumerated() {
            guard let text = value.string else {
                throw field.error("\(value.kindName) is not a table ARN (\(expected))", index: index)
            }
            guard let table = TableARN(text) else {
                throw field.error("\"\(text)\" is not a table ARN (\(expected))", index: index)
            }
            guard !isPlaceholder(table.tableName) else {
                throw field.error("\"\(text)\" is a placeholder; put the ARN of a table of yours here", index: index)
            }
            if let other = tables.firstIndex(of: table) {
                throw field.error("\"\(text)\" stands here twice (also at \(other)); delete one", index: index)
            }
            if let other = tables.firstIndex(where: { $0.tableName == table.tableName }) {
                throw field.error(
                    "\"\(text)\" has the same name as \(tables[other]); both would be backed up into one folder, so give"
                        + " each a configuration with a bucket.prefix of its own",
                    index: index
                )
            }
            tables.append(table)
        }
        return tables
    }

    func bucketName() throws(BackupConfigurationError) -> String {
        guard let field = variable("S3_BUCKET") ?? bucketField("name") else {
            throw missing("bucket.name", variable: "S3_BUCKET")
        }
        let name = try field.string("the bucket's name")
        guard !isPlaceholder(name) else {
            throw field.error("\"\(name)\" is a placeholder; put the name of your bucket here")
        }
        let isEnd = { (byte: UInt8?) in byte.map { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") } ?? false }
        let looksLikeAddress =
            name.split(separator: ".", omittingEmptySubsequences: false).count == 4
            && name.utf8.allSatisfy { $0 < UInt8(ascii: ":") && $0 != UInt8(ascii: "-") }
        guard (3...63).contains(name.utf8.count), isEnd(name.utf8.first), isEnd(name.utf8.last), !looksLikeAddress,
            !name.contains(".."), name.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789.-".utf8.contains($0) })
        else {
            throw field.error(
                "\"\(name)\" is not a bucket name (expected 3 to 63 lower-case letters, digits, \"-\" and \".\","
                    + " a letter or digit at both ends)"
            )
        }
        return name
    }

    func bucketRegion() throws(BackupConfigurationError) -> Region {
        guard let field = variable("S3_REGION") ?? bucketField("region") else {
            throw missing("bucket.region", variable: "S3_REGION")
        }
        let name = try field.string("the bucket's Region")
        guard let region = Region(name) else {
            throw field.error("\"\(name)\" is not a Region (expected a name such as us-west-2)")
        }
        return region
    }

    func prefix() throws(BackupConfigurationError) -> String {
        guard let field = variable("S3_PREFIX") ?? bucketField("prefix") else { return "daily" }
        let prefix = try field.string("a key prefix such as \"daily\"")
        let segments = prefix.split(separator: "/", omittingEmptySubsequences: false)
        guard prefix.utf8.count <= 200, segments.allSatisfy({ !$0.isEmpty }),
            prefix.utf8.allSatisfy({
                Character(Unicode.Scalar($0)).isASCIILetter || "0123456789!_.()-/".utf8.contains($0)
            })
        else {
            throw field.error(
                "\"\(prefix)\" is not a prefix (expected up to 200 letters, digits and !_.()- with single slashes"
                    + " between them, none at either end)"
            )
        }
        return prefix
    }

    func schedule() throws(BackupConfigurationError) -> String {
        guard let field = variable("SCHEDULE") ?? field("schedule") else { return BackupConfiguration.defaultSchedule }
        let expression = try field.string("a schedule expression")
        guard isSchedule(expression) else {
            throw field.error(
                "\"\(expression)\" is not a schedule (expected cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR) in"
                    + " UTC with \"?\" for one of the two days, such as cron(0 2 * * ? *), or rate(1 day))"
            )
        }
        return expression
    }

    func maximumAgeHours() throws(BackupConfigurationError) -> Int {
        guard let field = field("maximumAgeHours") else { return BackupConfiguration.defaultMaximumAgeHours }
        guard let hours = field.value.integer, (1...8_784).contains(hours) else {
            let found = field.value.number?.text ?? field.value.kindName
            throw field.error("\(found) is not a number of hours (expected a whole number from 1 to 8784)")
        }
        return hours
    }

    func alarmEmail() throws(BackupConfigurationError) -> String? {
        guard let field = field("alarmEmail"), !field.value.isNull else { return nil }
        let address = try field.string("an e-mail address or null")
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !address.contains(where: \.isWhitespace) else {
            throw field.error("\"\(address)\" is not an e-mail address (expected NAME@DOMAIN, or null for none)")
        }
        return address
    }

    /// The committed config.json's own values, and the habit of documentation to write `YOUR-…`.
    private func isPlaceholder(_ name: String) -> Bool {
        name.lowercased().contains("replace-me") || name.hasPrefix("YOUR-") || name.hasPrefix("YOUR_")
    }

    private func isSchedule(_ expression: String) -> Bool {
        guard expression.utf8.count <= 256, expression.hasSuffix(")") else { return false }
        let inner = expression.dropLast()
        if inner.hasPrefix("cron(") {
            let fields = inner.dropFirst("cron(".count).split(separator: " ", omittingEmptySubsequences: false)
            return fields.count == 6
                && fields.allSatisfy { !$0.isEmpty && !$0.contains("(") && !$0.contains(")") }
                && (fields[2] == "?") != (fields[4] == "?")
        }
        if inner.hasPrefix("rate(") {
            let parts = inner.dropFirst("rate(".count).split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2, let value = Int(digits: Array(parts[0].utf8)[...]), value > 0 else { return false }
            return (value == 1 ? ["minute", "hour", "day"] : ["minutes", "hours", "days"]).contains(parts[1])
        }
        return false
    }
}

extension Character {
    fileprivate var isASCIILetter: Bool { isASCII && isLetter }
}

extension Substring {
    /// Without spaces, tabs and line ends at either end.
    fileprivate var trimmed: String {
        var text = self
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
