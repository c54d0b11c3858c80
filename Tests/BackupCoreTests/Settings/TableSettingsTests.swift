import FoundationEssentials
import Testing

@testable import AWSCore
@testable import BackupCore

@Suite("Table settings")
struct TableSettingsTests {
    private static let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders"

    private static let answers: [TableSettings.Part: JSONValue] = [
        .timeToLive: ["TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"],
        .tags: [
            ["Key": "team", "Value": "shop's"], ["Key": "aws:cloudformation:stack-name", "Value": "x"],
        ],
        .pointInTimeRecovery: ["PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 14],
        .kinesisStreamingDestinations: [
            ["StreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s", "DestinationStatus": "ACTIVE"]
        ],
        .contributorInsights: [
            ["TableName": "Orders", "ContributorInsightsStatus": "ENABLED"],
            ["TableName": "Orders", "IndexName": "by-status", "ContributorInsightsStatus": "DISABLED"],
        ],
        .resourcePolicy: .string(#"{"Resource":"\#(arn)"}"#),
        .autoScaling: [
            "ScalableTargets": [
                [
                    "ResourceId": "table/Orders/index/by-status",
                    "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
                    "MinCapacity": 1, "MaxCapacity": 10,
                ]
            ],
            "ScalingPolicies": [
                [
                    "ResourceId": "table/Orders/index/by-status",
                    "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
                    "PolicyName": "reads", "TargetTrackingScalingPolicyConfiguration": ["TargetValue": 70],
                ]
            ],
        ],
    ]

    private func capture(
        _ answers: [TableSettings.Part: JSONValue],
        failing: [TableSettings.Part: any Error] = [:]
    ) async throws -> TableSettings {
        var calls: TableSettings.Calls = [:]
        for (part, answer) in answers { calls[part] = { answer } }
        for (part, error) in failing { calls[part] = { throw error } }
        let description = try TableDescription(json: try TableDescriptions.onDemand())
        return try await TableSettings.capture(
            describing: description,
            calls: calls,
            now: Date(timeIntervalSince1970: 1_795_226_400)
        )
    }

    private static let denied = AWSError(
        code: "AccessDeniedException",
        message: "no",
        kind: .client,
        service: "DynamoDB",
        operation: "X",
        region: "us-east-1"
    )

    @Test("What was captured is written and read again")
    func roundTrip() async throws {
        let settings = try await capture(Self.answers, failing: [.tags: Self.denied])
        #expect(settings.sourceTableARN.description == Self.arn)
        #expect(settings.itemCount == 4321)
        #expect(settings.localSecondaryIndexes.count == 1)
        #expect(settings.table["KeySchema"] == nil)
        let read = try TableSettings(fileContents: settings.fileContents, source: "table_settings.json")
        #expect(read == settings)
        #expect(read.parts[.tags] == .unreadable(code: "AccessDeniedException", message: "no"))
        #expect(read.fileContents == settings.fileContents)
    }

    @Test("No failure of a part is a failure of the backup, but a cancelled task ends")
    func failures() async throws {
        var failing: [TableSettings.Part: any Error] = [:]
        for part in TableSettings.Part.allCases { failing[part] = Self.denied }
        failing[.autoScaling] = HTTPError(.timedOut, "too slow")
        let settings = try await capture([:], failing: failing)
        #expect(settings.parts.count == TableSettings.Part.allCases.count)
        #expect(settings.parts[.autoScaling] == .unreadable(code: "HTTPError", message: "too slow"))
        await #expect(throws: CancellationError.self) {
            try await capture(Self.answers, failing: [.tags: CancellationError()])
        }
    }

    @Test("Everything that an import drops is listed with what brings it back")
    func dropped() async throws {
        let region = try #require(Region("eu-west-1"))
        let settings = try await capture(Self.answers)
        let lines = settings.droppedByImport(target: "Orders-2", region: region).flatMap { dropped in
            [dropped.setting] + dropped.commands.map(\.description)
        }
        #expect(
            lines == [
                "local secondary index by-blob",
                "time to live on attribute expiresAt",
                "aws dynamodb update-time-to-live --table-name Orders-2 --time-to-live-specification Enabled=true,AttributeName=expiresAt --region eu-west-1",
                "1 tag",
                #"aws dynamodb tag-resource --resource-arn arn:aws:dynamodb:eu-west-1:123456789012:table/Orders-2 --tags '[{"Key":"team","Value":"shop'\''s"}]' --region eu-west-1"#,
                "stream (NEW_AND_OLD_IMAGES)",
                "aws dynamodb update-table --table-name Orders-2 --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES --region eu-west-1",
                "point-in-time recovery, which backups need",
                "aws dynamodb update-continuous-backups --table-name Orders-2 --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=14 --region eu-west-1",
                "table class STANDARD_INFREQUENT_ACCESS",
                "aws dynamodb update-table --table-name Orders-2 --table-class STANDARD_INFREQUENT_ACCESS --region eu-west-1",
                "deletion protection",
                "aws dynamodb update-table --table-name Orders-2 --deletion-protection-enabled --region eu-west-1",
                "Contributor Insights",
                "aws dynamodb update-contributor-insights --table-name Orders-2 --contributor-insights-action ENABLE --region eu-west-1",
                "resource policy",
                #"aws dynamodb put-resource-policy --resource-arn arn:aws:dynamodb:eu-west-1:123456789012:table/Orders-2 --policy '{"Resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/Orders-2"}' --region eu-west-1"#,
                "auto scaling of 1 capacity",
                "aws application-autoscaling register-scalable-target --service-namespace dynamodb --resource-id table/Orders-2/index/by-status --scalable-dimension dynamodb:index:ReadCapacityUnits --min-capacity 1 --max-capacity 10 --region eu-west-1",
                #"aws application-autoscaling put-scaling-policy --service-namespace dynamodb --resource-id table/Orders-2/index/by-status --scalable-dimension dynamodb:index:ReadCapacityUnits --policy-name reads --policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration '{"TargetValue":70}' --region eu-west-1"#,
                "Kinesis stream arn:aws:kinesis:us-east-1:123456789012:stream/s",
                "aws dynamodb enable-kinesis-streaming-destination --table-name Orders-2 --stream-arn arn:aws:kinesis:us-east-1:123456789012:stream/s --region eu-west-1",
                "warm throughput of 24000 reads and 4000 writes a second",
                "aws dynamodb update-table --table-name Orders-2 --warm-throughput ReadUnitsPerSecond=24000,WriteUnitsPerSecond=4000 --region eu-west-1",
            ]
        )
    }

    @Test("A plain table loses nothing")
    func nothingDropped() async throws {
        let description = try TableDescription(json: try TableDescriptions.provisioned())
        let calls: TableSettings.Calls = [
            .timeToLive: { ["TimeToLiveStatus": "DISABLED"] }, .tags: { [] }, .resourcePolicy: { .null },
            .pointInTimeRecovery: { ["PointInTimeRecoveryStatus": "DISABLED"] },
            .autoScaling: { ["ScalableTargets": []] },
        ]
        let settings = try await TableSettings.capture(describing: description, calls: calls, now: Date())
        #expect(settings.droppedByImport(target: "Users", region: try #require(Region("us-east-1"))).isEmpty)
    }

    @Test("What could not be read is said, for nobody knows whether it was there")
    func unreadable() async throws {
        let settings = try await capture([:], failing: [.resourcePolicy: Self.denied])
        let dropped = settings.droppedByImport(target: "T_1", region: try #require(Region("us-east-1")))
        #expect(dropped.last?.setting == "resourcePolicy")
        #expect(dropped.last?.note?.contains("AccessDeniedException") == true)
    }

    @Test("A file that is none is refused by name")
    func brokenFile() {
        for (text, message) in [
            ("{", "s.json: not JSON: line 1, column 2"), ("{}", "s.json: sourceTableArn: missing"),
            (#"{"sourceTableArn":"Orders"}"#, "s.json: sourceTableArn: not a table's ARN"),
            (#"{"sourceTableArn":"\#(Self.arn)","capturedAt":"today"}"#, "s.json: capturedAt: not a time"),
        ] {
            let error = #expect(throws: TableSchemaError.self) {
                try TableSettings(fileContents: Array(text.utf8), source: "s.json")
            }
            #expect(error?.description.hasPrefix(message) == true)
        }
    }
}
