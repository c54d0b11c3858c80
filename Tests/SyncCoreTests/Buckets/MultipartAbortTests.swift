import AWSCore
import AWSTesting
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import SyncCore

@Suite("An upload in parts that cannot be aborted")
struct MultipartAbortTests {
    private struct KeptLog: LogHandler {
        final class Lines: Sendable {
            let all = Mutex<[String]>([])
        }

        let lines = Lines()
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.all.withLock { $0.append("\(event.level): \(event.message)") }
        }
    }

    /// Uploads an object whose second part fails, and then the abort.
    private func lines(abort code: String, status: Int, journal: UploadJournal? = nil) async throws -> [String] {
        let fake = FakeS3 { call, _ in
            call.operation == "AbortMultipartUpload" ? .error(code, status: status) : nil
        }
        fake.createBucket("target")
        let log = KeptLog()
        let client = AWSClient(
            configuration: fake.client().configuration,
            transport: fake,
            environment: AWSClient.Environment(
                sleep: { _ in await Task.yield() },
                logger: Logger(label: "test") { _ in log }
            )
        )
        let s3 = S3Client(client: client, region: try #require(Region("us-east-1")))
        let clock = SyncClock(now: { ContinuousClock.now }, sleep: { _ in await Task.yield() }, random: { 0.5 })
        let write = MultipartWrite(
            target: BucketSide(s3: s3, bucket: "target", prefix: ""),
            parts: TransferPace(maximum: 1, clock: clock),
            journal: journal,
            onPart: { _ in }
        )
        await #expect(throws: CocoaError.self) {
            _ = try await write.write(
                key: "a b",
                layout: PartLayout(size: 20, partSize: 10),
                properties: S3ObjectProperties(),
                checksum: nil,
                condition: nil,
                part: { _, _, _ in throw CocoaError(.fileReadCorruptFile) }
            )
        }
        return log.lines.all.withLock { $0 }
    }

    @Test("is named in the log where nobody has noted it, with what clears it up")
    func named() async throws {
        let lines = try await lines(abort: "AccessDenied", status: 403)
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.hasPrefix("warning: the parts of s3://target/a b stay and cost money"), "\(line)")
        #expect(line.contains("AccessDenied") && line.contains("AbortIncompleteMultipartUpload"), "\(line)")
        #expect(
            line.contains("run aws s3api abort-multipart-upload --bucket target --key 'a b' --upload-id "),
            "\(line)"
        )
    }

    @Test("is none when it is gone already, or its bucket is", arguments: ["NoSuchUpload", "NoSuchBucket"])
    func gone(code: String) async throws {
        #expect(try await lines(abort: code, status: 404).isEmpty)
    }

    @Test("is forgotten by its journal, too, when it is gone already", arguments: ["NoSuchUpload", "NoSuchBucket"])
    func forgotten(code: String) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/aborts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = UploadJournal(folder: folder)
        #expect(try await lines(abort: code, status: 404, journal: journal).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test("is left to the next run where a journal has it")
    func noted() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/aborts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let lines = try await lines(abort: "AccessDenied", status: 403, journal: UploadJournal(folder: folder))
        #expect(lines.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }
}
