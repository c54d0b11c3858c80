import AWSCore
import Testing

@testable import BackupCore

@Suite("Remedies")
struct RemedyTests {
    private func error(
        _ code: String,
        service: String = "DynamoDB",
        operation: String = "DescribeTable",
        status: Int = 400
    ) -> AWSError {
        AWSError(
            code: code,
            message: "m",
            kind: .client,
            status: status,
            service: service,
            operation: operation,
            region: "us-east-1"
        )
    }

    private func context() throws -> Remedy.Context {
        let region = try #require(Region("us-west-2"))
        return Remedy.Context(
            table: TableARN("arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"),
            bucket: BackupConfiguration.Bucket(name: "my-backups", region: region)
        )
    }

    @Test("Point-in-time recovery that is off comes with the very command")
    func pointInTimeRecovery() throws {
        #expect(
            Remedy.remedy(for: error("PointInTimeRecoveryUnavailableException"), context: try context())
                == "aws dynamodb update-continuous-backups --table-name Orders --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true --region eu-west-1"
        )
    }

    @Test("What was refused is named as IAM names it")
    func accessDenied() throws {
        let remedy = Remedy.remedy(
            for: error("AccessDeniedException", operation: "ExportTableToPointInTime"),
            context: try context()
        )
        #expect(
            remedy?.hasPrefix(
                "allow dynamodb:ExportTableToPointInTime on arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"
            ) == true
        )
        let bucket = Remedy.remedy(
            for: error("HTTP 403", service: "S3", operation: "HeadBucket", status: 403),
            context: try context()
        )
        #expect(bucket?.contains("bucket my-backups") == true)
        #expect(Remedy.remedy(code: "S3AccessDenied")?.contains("bucket BUCKET") == true)
    }

    @Test("The same code means another thing to another service")
    func byService() throws {
        let table = Remedy.remedy(for: error("ResourceNotFoundException"), context: try context())
        #expect(table == "check the name and Region (aws dynamodb list-tables --region eu-west-1), and config.json")
        #expect(
            Remedy.remedy(for: error("ResourceNotFoundException", service: "Lambda"))?.contains("./deploy.sh") == true
        )
        #expect(
            Remedy.remedy(for: error("LimitExceededException", operation: "ImportTable"))?.contains("50 imports")
                == true
        )
        #expect(
            Remedy.remedy(for: error("LimitExceededException", operation: "ExportTableToPointInTime"))?.contains(
                "300 exports"
            ) == true
        )
        #expect(
            Remedy.remedy(for: error("HTTP 404", service: "S3", status: 404), context: try context())?.contains(
                "my-backups in us-west-2"
            ) == true
        )
    }

    @Test("An error that ends a program brings what to do about it, with the names that it knows")
    func hints() {
        var missing = error("TableNotFoundException")
        missing.resource = "Orders"
        #expect(
            Remedy.hints(for: missing)
                == [
                    "What to do: check the name and Region (aws dynamodb list-tables --region us-east-1), and config.json"
                ]
        )
        var bucket = error("NoSuchBucket", service: "S3", operation: "ListObjectsV2", status: 404)
        bucket.resource = "s3://my-backups/daily/"
        #expect(Remedy.hints(for: bucket).first?.contains("make the bucket my-backups with") == true)
        bucket.code = "AccessDenied"
        #expect(Remedy.hints(for: bucket).first?.contains("allow s3:ListBucket on s3://my-backups/daily/ in") == true)
        let invoke = error("AccessDeniedException", service: "Lambda", operation: "Invoke")
        #expect(Remedy.hints(for: invoke).first?.contains("lambda:InvokeFunction") == true)
        #expect(Remedy.hints(for: error("Whatever")) == [])
        #expect(Remedy.hints(for: CancellationError()) == [])
    }

    @Test("An unknown code has no remedy, every known one is a single line")
    func lines() {
        #expect(Remedy.remedy(code: "Whatever") == nil)
        for code in [
            "ExpiredToken", "KmsNotFoundException", "SlowDown", "TableAlreadyExists", "InvalidObjectState",
            "PermanentRedirect", "ItemValidationError",
        ] {
            #expect(Remedy.remedy(code: code)?.contains("\n") == false, "\(code)")
        }
    }

    @Test(
        "A command can be pasted into a shell as it stands",
        arguments: [
            ("a", "a"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$(rm)", "'$(rm)'"), ("K=v,x", "K=v,x"),
        ]
    )
    func quoting(word: String, quoted: String) {
        #expect(ShellCommand([word]).description == quoted)
    }
}
