import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("One table's failure")
struct BackupRunFailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var operation: String
        var fault: SimulatedAWS.Fault
        var code: String
        var remedy: String?

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "not found",
            operation: "DescribeTable",
            fault: .answer(.dynamoDBError("ResourceNotFoundException")),
            code: "ResourceNotFoundException",
            remedy: "check the name and Region (aws dynamodb list-tables --region us-east-1), and config.json"
        ),
        Case(
            name: "access denied",
            operation: "DescribeTable",
            fault: .answer(.dynamoDBError("AccessDeniedException")),
            code: "AccessDeniedException",
            remedy: "allow dynamodb:DescribeTable on Broken in the caller's IAM policy; "
                + "./deploy.sh --check shows what is missing"
        ),
        Case(
            name: "no bucket",
            operation: "PutObject",
            fault: .answer(.s3Error("NoSuchBucket", status: 404)),
            code: "NoSuchBucket",
            remedy: "make the bucket my-backups in us-west-2 with ./deploy.sh, or correct bucket.name"
        ),
        Case(
            name: "forbidden bucket",
            operation: "PutObject",
            fault: .answer(.s3Error("AccessDenied", status: 403)),
            code: "AccessDenied",
            remedy: "allow s3:PutObject, s3:AbortMultipartUpload, s3:GetObject and s3:ListBucket on bucket my-backups "
                + "(./deploy.sh --check shows what is missing); a bucket of another account also needs a bucket policy "
                + "that allows them"
        ),
        Case(
            name: "connection cut",
            operation: "ExportTableToPointInTime",
            fault: .cut,
            code: "ConnectionLost",
            remedy: "the connection was cut each time; nothing is lost: run the same again"
        ),
        Case(
            name: "too many exports",
            operation: "ExportTableToPointInTime",
            fault: .answer(.dynamoDBError("LimitExceededException")),
            code: "LimitExceededException",
            remedy: "300 exports may run at once, of at most 100 TB: the retry, or the next run, starts what is missing"
        ),
        Case(
            name: "an answer that is none",
            operation: "ExportTableToPointInTime",
            fault: .answer(.json(["Unexpected": true])),
            code: "MalformedResponse",
            remedy: nil
        ),
    ]

    @Test("A failure is data, with code, message and remedy, and stops no other table", arguments: cases)
    func isolated(example: Case) async throws {
        let fixture = try BackupFixture(["Orders", "Broken", "Users"]) { call in
            call.operation == example.operation && call.resource.contains("Broken") ? example.fault : nil
        }
        let answer = await fixture.run()
        #expect(answer.results.map(\.table) == ["Orders", "Broken", "Users"])
        #expect(answer.results.map(\.status) == [.started, .failed, .started])
        let error = try #require(answer.results[1].error)
        #expect(error.code == example.code)
        #expect(error.remedy == example.remedy)
        #expect(error.message.contains(example.operation) && error.message.contains("Broken"), "\(error.message)")
        #expect(!error.message.contains("\n"))
        #expect(answer.results[1].exportARN == nil)
        #expect(answer.startedCount == 2 && answer.failedCount == 1)
        // Nothing that can be typed may name another thing than what failed.
        #expect(fixture.log.lines.contains { $0.contains("Backup not started") && $0.contains("Broken") })
        #expect(!fixture.log.lines.contains { $0.contains("SECRETKEY") })
    }

    @Test("Recovery that is off names the exact command")
    func recoveryOff() async throws {
        let fixture = try BackupFixture(["Orders", "Users"])
        fixture.aws.change { $0.tables["Orders"]?.isRecoverable = false }
        let answer = await fixture.run()
        #expect(answer.results.map(\.status) == [.failed, .started])
        let error = try #require(answer.results.first?.error)
        #expect(error.code == "PointInTimeRecoveryUnavailableException")
        #expect(
            error.remedy
                == "aws dynamodb update-continuous-backups --table-name Orders --point-in-time-recovery-specification "
                + "PointInTimeRecoveryEnabled=true --region us-east-1"
        )
        // The retry starts just this one, once it is turned on.
        fixture.aws.change { $0.tables["Orders"]?.isRecoverable = true }
        fixture.clock.advance(by: .seconds(60))
        #expect(await fixture.run().results.map(\.status) == [.started, .alreadyStarted])
    }

    @Test("A failure before AWS is asked is named after its kind")
    func noCredentials() async throws {
        struct Refusing: CredentialsProvider {
            func credentials() async throws -> Credentials {
                throw CredentialsError.notConfigured("no credentials found")
            }
        }
        let fixture = try BackupFixture()
        let answer = await BackupRun(
            configuration: fixture.configuration,
            client: AWSClient(
                configuration: AWSConfiguration(region: Region("us-east-1"), credentials: Refusing()),
                transport: fixture.transport
            ),
            logger: fixture.log.logger
        )
        .run(BackupEvent.Request(id: "x", time: BackupFixture.eventTime))
        #expect(answer.results.first?.error?.code == "CredentialsError")
        #expect(answer.results.first?.error?.message == "no credentials found")
        #expect(fixture.transport.requests.isEmpty)
    }
}
