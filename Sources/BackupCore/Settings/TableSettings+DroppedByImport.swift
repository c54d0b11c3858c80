package import AWSCore

extension TableSettings {
    /// What a restore by ImportTable does not give back of this table, and how to bring each back.
    ///
    /// UpdateTable takes one change at a time: between its commands the table must be ACTIVE again.
    ///
    /// - Parameters:
    ///   - target: the name of the restored table, for the commands.
    ///   - region: the Region it is restored into.
    package func droppedByImport(target: String, region: Region) -> [DroppedSetting] {
        // Tables are restored into the account of the backup.
        let restored = RestoredTable(account: sourceTableARN.accountID, name: target, region: region)
        var dropped: [DroppedSetting] = []
        dropped += localIndexes()
        dropped += vectorIndexes()
        dropped += timeToLive(restored)
        dropped += tags(restored)
        dropped += stream(restored)
        dropped += pointInTimeRecovery(restored)
        dropped += tableClassAndProtection(restored)
        dropped += droppedEitherWay(restored)
        dropped += unreadableParts("when the backup was made")
        return dropped
    }

    /// What a table lacks that was made with CreateTable from this one's description, and how to bring each back.
    ///
    /// Time to live is not among it: whoever copies into the table says when it is to be enabled.
    ///
    /// - Parameter target: the new table.
    package func droppedByCreation(target: TableARN) -> [DroppedSetting] {
        let made = RestoredTable(account: target.accountID, name: target.tableName, region: target.region)
        return vectorIndexes() + pointInTimeRecovery(made) + droppedEitherWay(made) + unreadableParts("at the source")
    }

    private func droppedEitherWay(_ restored: RestoredTable) -> [DroppedSetting] {
        contributorInsights(restored) + resourcePolicy(restored) + autoScaling(restored)
            + kinesisDestinations(restored) + warmThroughput(restored) + replicas(restored)
    }

    private func localIndexes() -> [DroppedSetting] {
        localSecondaryIndexes.compactMap { $0["IndexName"]?.string }.map { name in
            DroppedSetting(
                "local secondary index \(name)",
                commands: [],
                note: "can only be made together with its table, which ImportTable does not do"
            )
        }
    }

    private func vectorIndexes() -> [DroppedSetting] {
        (table["VectorIndexes"]?.array ?? []).compactMap { $0["IndexName"]?.string }.map { name in
            DroppedSetting("vector index \(name)", commands: [], note: "make it anew when the items are there")
        }
    }

    private func timeToLive(_ restored: RestoredTable) -> [DroppedSetting] {
        guard let attribute = self[.timeToLive]?["AttributeName"]?.string,
            ["ENABLED", "ENABLING"].contains(self[.timeToLive]?["TimeToLiveStatus"]?.string)
        else { return [] }
        let command = restored.dynamoDB(
            "update-time-to-live",
            "--time-to-live-specification",
            "Enabled=true,AttributeName=\(attribute)"
        )
        return [
            DroppedSetting(
                "time to live on attribute \(attribute)",
                commands: [command],
                note: "items that have expired since the backup are deleted once it is on"
            )
        ]
    }

    private func tags(_ restored: RestoredTable) -> [DroppedSetting] {
        // Keys that begin with aws: are AWS's own and cannot be set.
        let tags = (self[.tags]?.array ?? []).filter { $0["Key"]?.string?.hasPrefix("aws:") == false }
        guard !tags.isEmpty else { return [] }
        let command = restored.command(
            "tag-resource",
            "--resource-arn",
            restored.arn,
            "--tags",
            JSONValue.array(tags).text()
        )
        return [DroppedSetting(tags.count == 1 ? "1 tag" : "\(tags.count) tags", commands: [command])]
    }

    private func stream(_ restored: RestoredTable) -> [DroppedSetting] {
        guard table["StreamSpecification"]?["StreamEnabled"]?.bool == true,
            let view = table["StreamSpecification"]?["StreamViewType"]?.string
        else { return [] }
        return [
            DroppedSetting(
                "stream (\(view))",
                commands: [
                    restored.updateTable("--stream-specification", "StreamEnabled=true,StreamViewType=\(view)")
                ],
                note: "the stream gets a new ARN; its consumers must be pointed at it"
            )
        ]
    }

    private func pointInTimeRecovery(_ restored: RestoredTable) -> [DroppedSetting] {
        guard let recovery = self[.pointInTimeRecovery],
            recovery["PointInTimeRecoveryStatus"]?.string == "ENABLED"
        else { return [] }
        var specification = "PointInTimeRecoveryEnabled=true"
        if let days = recovery["RecoveryPeriodInDays"]?.integer { specification += ",RecoveryPeriodInDays=\(days)" }
        let command = restored.dynamoDB(
            "update-continuous-backups",
            "--point-in-time-recovery-specification",
            specification
        )
        return [DroppedSetting("point-in-time recovery, which backups need", commands: [command])]
    }

    private func tableClassAndProtection(_ restored: RestoredTable) -> [DroppedSetting] {
        var dropped: [DroppedSetting] = []
        if let tableClass = table["TableClassSummary"]?["TableClass"]?.string, tableClass != "STANDARD" {
            dropped.append(
                DroppedSetting(
                    "table class \(tableClass)",
                    commands: [restored.updateTable("--table-class", tableClass)]
                )
            )
        }
        if table["DeletionProtectionEnabled"]?.bool == true {
            dropped.append(
                DroppedSetting("deletion protection", commands: [restored.updateTable("--deletion-protection-enabled")])
            )
        }
        return dropped
    }

    private func contributorInsights(_ restored: RestoredTable) -> [DroppedSetting] {
        (self[.contributorInsights]?.array ?? []).compactMap { insights in
            guard ["ENABLED", "ENABLING"].contains(insights["ContributorInsightsStatus"]?.string) else { return nil }
            let index = insights["IndexName"]?.string
            var words = ["update-contributor-insights", "--contributor-insights-action", "ENABLE"]
            if let index { words += ["--index-name", index] }
            if let mode = insights["ContributorInsightsMode"]?.string {
                words += ["--contributor-insights-mode", mode]
            }
            return DroppedSetting(
                "Contributor Insights" + (index.map { " of index \($0)" } ?? ""),
                commands: [restored.dynamoDB(words)]
            )
        }
    }

    private func resourcePolicy(_ restored: RestoredTable) -> [DroppedSetting] {
        guard let policy = self[.resourcePolicy]?.string else { return [] }
        let rewritten = policy.replacing(each: sourceTableARN.description, by: restored.arn)
        return [
            DroppedSetting(
                "resource policy",
                commands: [
                    restored.command("put-resource-policy", "--resource-arn", restored.arn, "--policy", rewritten)
                ],
                note: "the command names the new table in the old table's place; read it before you run it"
            )
        ]
    }

    private func autoScaling(_ restored: RestoredTable) -> [DroppedSetting] {
        let targets = self[.autoScaling]?["ScalableTargets"]?.array ?? []
        guard !targets.isEmpty else { return [] }
        let policies = self[.autoScaling]?["ScalingPolicies"]?.array ?? []
        let commands =
            targets.compactMap { restored.registerScalableTarget($0) }
            + policies.compactMap { restored.putScalingPolicy($0) }
        return [
            DroppedSetting(
                targets.count == 1 ? "auto scaling of 1 capacity" : "auto scaling of \(targets.count) capacities",
                commands: commands
            )
        ]
    }

    private func kinesisDestinations(_ restored: RestoredTable) -> [DroppedSetting] {
        (self[.kinesisStreamingDestinations]?.array ?? []).compactMap { destination in
            guard let stream = destination["StreamArn"]?.string,
                ["ACTIVE", "ENABLING", "UPDATING"].contains(destination["DestinationStatus"]?.string)
            else { return nil }
            let isElsewhere = ARN(stream)?.region != restored.region.name
            return DroppedSetting(
                "Kinesis stream \(stream)",
                commands: [restored.dynamoDB("enable-kinesis-streaming-destination", "--stream-arn", stream)],
                note: isElsewhere ? "needs a stream in \(restored.region): put that one's ARN into the command" : nil
            )
        }
    }

    private func warmThroughput(_ restored: RestoredTable) -> [DroppedSetting] {
        // Every new on-demand table starts with 12,000 and 4,000.
        guard let read = table["WarmThroughput"]?["ReadUnitsPerSecond"]?.integer,
            let write = table["WarmThroughput"]?["WriteUnitsPerSecond"]?.integer, read > 12_000 || write > 4_000
        else { return [] }
        let units = "ReadUnitsPerSecond=\(max(read, 12_000)),WriteUnitsPerSecond=\(max(write, 4_000))"
        return [
            DroppedSetting(
                "warm throughput of \(read) reads and \(write) writes a second",
                commands: [restored.updateTable("--warm-throughput", units)],
                note: "costs money once, and only a sudden full load needs it"
            )
        ]
    }

    private func replicas(_ restored: RestoredTable) -> [DroppedSetting] {
        (table["Replicas"]?.array ?? []).compactMap { replica in
            guard let name = replica["RegionName"]?.string, name != restored.region.name else { return nil }
            let update: JSONValue = [["Create": ["RegionName": .string(name)]]]
            return DroppedSetting(
                "global table replica in \(name)",
                commands: [restored.updateTable("--replica-updates", update.text())],
                note: "no table of that name may be there"
            )
        }
    }

    /// - Parameter occasion: when or where they could not be read.
    private func unreadableParts(_ occasion: String) -> [DroppedSetting] {
        Part.allCases.compactMap { part in
            guard case .unreadable(let code, _) = parts[part] else { return nil }
            return DroppedSetting(
                part.rawValue,
                commands: [],
                note: "could not be read \(occasion) (\(code)): it is not known whether the table had any"
            )
        }
    }
}
