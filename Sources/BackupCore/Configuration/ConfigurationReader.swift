internal import AWSCore

/// Takes the backup's fields out of the settings file and the environment, and checks each.
struct ConfigurationReader {
    typealias Field = ConfigurationField

    let document: ConfigurationDocument
    let environment: [String: String]
    /// `nil` when the file does not have it.
    let bucket: ConfigurationSection?

    init(_ document: ConfigurationDocument, environment: [String: String]) throws(ConfigurationFieldError) {
        self.document = document
        self.environment = environment
        guard let field = document.field("bucket") else {
            bucket = nil
            return
        }
        bucket = try field.object(#"{"name": …, "region": …}"#, known: ["name", "region", "prefix"])
    }

    private func variable(_ name: String) -> Field? {
        guard let value = environment[name], !value.isEmpty else { return nil }
        return Field(source: name, path: nil, value: .string(value))
    }

    /// The error for something that neither the file nor the environment says.
    private func missing(_ path: String, variable: String) -> ConfigurationFieldError {
        document.isFileThere
            ? ConfigurationFieldError(
                source: document.file,
                field: path,
                message: "missing; add it or set \(variable) in the environment"
            )
            : ConfigurationFieldError(
                source: document.file,
                message: "there is no such file, and \(variable) is not set; write the file (config.schema.json"
                    + " describes it) or set S3_BUCKET and S3_REGION, and TABLE_ARNS for all but restore, in the"
                    + " environment"
            )
    }

    func functionName() throws(ConfigurationFieldError) -> String {
        try document.field("functionName")?.functionName() ?? BackupConfiguration.defaultFunctionName
    }

    func tables(requirement: BackupConfiguration.Requirement) throws(ConfigurationFieldError) -> [TableARN] {
        let list: Field
        let fields: [Field]
        if let variable = variable("TABLE_ARNS") {
            list = variable
            let texts = (environment["TABLE_ARNS"] ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
            fields = texts.map { Field(source: variable.source, path: nil, value: .string($0)) }
        } else if let listed = document.field("tables") {
            list = listed
            fields = try listed.elements("a list of table ARNs")
        } else if requirement == .bucket {
            return []
        } else {
            throw missing("tables", variable: "TABLE_ARNS")
        }
        guard !fields.isEmpty || requirement == .bucket else {
            throw list.error("the list is empty; expected at least one table ARN")
        }
        return try checked(fields)
    }

    private func checked(_ fields: [Field]) throws(ConfigurationFieldError) -> [TableARN] {
        var tables: [TableARN] = []
        for field in fields {
            let table = try field.tableARN()
            if let other = tables.firstIndex(of: table) {
                throw field.error("\"\(table)\" stands here twice (also at \(other)); delete one")
            }
            if let other = tables.firstIndex(where: { $0.tableName == table.tableName }) {
                throw field.error(
                    "\"\(table)\" has the same name as \(tables[other]); both would be backed up into one folder, so give"
                        + " each a configuration with a bucket.prefix of its own"
                )
            }
            tables.append(table)
        }
        return tables
    }

    func bucketName() throws(ConfigurationFieldError) -> String {
        guard let field = variable("S3_BUCKET") ?? bucket?.field("name") else {
            throw missing("bucket.name", variable: "S3_BUCKET")
        }
        return try field.bucketName()
    }

    func bucketRegion() throws(ConfigurationFieldError) -> Region {
        guard let field = variable("S3_REGION") ?? bucket?.field("region") else {
            throw missing("bucket.region", variable: "S3_REGION")
        }
        return try field.region("the bucket's Region")
    }

    func prefix() throws(ConfigurationFieldError) -> String {
        guard let field = variable("S3_PREFIX") ?? bucket?.field("prefix") else { return "daily" }
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

    func schedule() throws(ConfigurationFieldError) -> String {
        guard let field = variable("SCHEDULE") ?? document.field("schedule") else {
            return BackupConfiguration.defaultSchedule
        }
        let expression = try field.string("a schedule expression")
        guard isSchedule(expression) else {
            throw field.error(
                "\"\(expression)\" is not a schedule (expected cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR) in"
                    + " UTC with \"?\" for one of the two days, such as cron(0 2 * * ? *), or rate(1 day))"
            )
        }
        return expression
    }

    func maximumAgeHours() throws(ConfigurationFieldError) -> Int {
        guard let field = document.field("maximumAgeHours") else { return BackupConfiguration.defaultMaximumAgeHours }
        guard let hours = field.value.integer, (1...8_784).contains(hours) else {
            let found = field.value.number?.text ?? field.value.kindName
            throw field.error("\(found) is not a number of hours (expected a whole number from 1 to 8784)")
        }
        return hours
    }

    func alarmEmail() throws(ConfigurationFieldError) -> String? {
        guard let field = document.field("alarmEmail"), !field.value.isNull else { return nil }
        let address = try field.string("an e-mail address or null")
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !address.contains(where: \.isWhitespace) else {
            throw field.error("\"\(address)\" is not an e-mail address (expected NAME@DOMAIN, or null for none)")
        }
        return address
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

extension Substring {
    /// Without spaces, tabs and line ends at either end.
    fileprivate var trimmed: String {
        var text = self
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
