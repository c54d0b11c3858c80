package import BackupCore

extension SyncConfiguration {
    /// Reads the `sync` section of a settings file; the rest of the file is not needed.
    ///
    /// - Throws: ``ConfigurationFieldError``, which names file and field, for anything malformed and for mappings that
    ///   would copy in a circle or write one place from two.
    package static func load(path: String) throws(ConfigurationFieldError) -> SyncConfiguration {
        try SyncConfiguration(document: ConfigurationDocument(path: path, mayBeMissing: false))
    }

    /// See ``load(path:)``.
    package init(document: ConfigurationDocument) throws(ConfigurationFieldError) {
        guard let field = document.field("sync") else {
            throw ConfigurationFieldError(
                source: document.file,
                field: "sync",
                message: #"missing; add "sync": {"tables": […], "buckets": […]} with what is to be kept equal"#
            )
        }
        let section = try field.object(
            #"{"tables": […], "buckets": […]}"#,
            known: ["functionName", "tables", "buckets"]
        )
        let name = section.field("functionName")
        self.init(functionName: try name?.functionName() ?? Self.defaultFunctionName)
        let backup = try document.field("functionName")?.functionName() ?? BackupConfiguration.defaultFunctionName
        guard functionName != backup else {
            throw (name ?? field).error("\"\(functionName)\" is the name of the backup's function; take another one")
        }
        tables = try Self.tables(section.field("tables"))
        buckets = try Self.buckets(section.field("buckets"))
        guard !tables.isEmpty || !buckets.isEmpty else {
            throw field.error("nothing is mapped; expected at least one entry in tables or buckets")
        }
    }

    private static func tables(_ field: ConfigurationField?) throws(ConfigurationFieldError) -> [TableMapping] {
        guard let field else { return [] }
        var checks = TableMappingChecks()
        var mappings: [TableMapping] = []
        for element in try field.elements("a list of mappings") {
            let section = try element.object(
                #"{"source": …, "targets": […]}"#,
                known: ["source", "targets", "timeToLiveDeletes"]
            )
            let sourceField = try section.required("source", "the ARN of the table whose changes are copied")
            let source = try sourceField.tableARN()
            try checks.addSource(source, sourceField)
            let targetsField = try section.required("targets", #"[{"table": "arn:aws:dynamodb:…:table/NAME"}]"#)
            var targets: [TableTarget] = []
            for element in try targetsField.elements("a list of targets") {
                let section = try element.object(#"{"table": …}"#, known: ["table", "role", "where"])
                let tableField = try section.required("table", "the ARN of the table that is written")
                let table = try tableField.tableARN()
                try checks.addTarget(table, of: source, tableField)
                targets.append(
                    TableTarget(
                        table: table,
                        role: try section.field("role")?.roleARN(),
                        filter: try section.field("where")?.itemFilter()
                    )
                )
            }
            guard !targets.isEmpty else { throw targetsField.error("the list is empty; expected at least one target") }
            let policy = try section.field("timeToLiveDeletes")?.timeToLiveDeletes() ?? .forward
            mappings.append(TableMapping(source: source, targets: targets, timeToLiveDeletes: policy))
        }
        return mappings
    }

    private static func buckets(_ field: ConfigurationField?) throws(ConfigurationFieldError) -> [BucketMapping] {
        guard let field else { return [] }
        var checks = BucketMappingChecks()
        var mappings: [BucketMapping] = []
        for element in try field.elements("a list of mappings") {
            let section = try element.object(
                #"{"source": …, "sourceRegion": …, "target": …, "targetRegion": …}"#,
                known: ["source", "sourceRegion", "target", "targetRegion", "role", "events"]
            )
            let targetField = try section.required("target", #""s3://bucket/prefix", the place that is written"#)
            let mapping = BucketMapping(
                source: try section.required("source", #""s3://bucket/prefix", the place that is copied"#)
                    .bucketPrefix(),
                sourceRegion: try section.required("sourceRegion", "the source bucket's Region")
                    .region("the source bucket's Region"),
                target: try targetField.bucketPrefix(),
                targetRegion: try section.required("targetRegion", "the target bucket's Region")
                    .region("the target bucket's Region"),
                role: try section.field("role")?.roleARN(),
                events: try section.field("events")?.bucketEvents() ?? .notifications
            )
            try checks.add(mapping, targetField)
            mappings.append(mapping)
        }
        return mappings
    }
}
