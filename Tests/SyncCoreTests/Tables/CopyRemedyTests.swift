import AWSTesting
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

/// Remedies that random faults alone would seldom show to be missing.
@Suite("Single remedies of a table copy")
struct CopyRemedyTests {
    private static func item(_ number: Int) -> JSONObject {
        [
            "pk": ["S": .string("p\(number)")], "sk": ["N": .string("\(number)")], "a": ["N": "1.50"],
            "tags": ["SS": ["x", "y"]],
        ]
    }

    private static func isPut(_ call: FakeDynamoDB.Call, of number: Int) -> Bool {
        call.operation == "PutItem" && call.input["Item"]?["sk"]?["N"] == .string("\(number)")
    }

    @Test(
        "An item that was put by a call whose answer was lost is known again in any form, and looked at again (H16, H22)"
    )
    func lostAnswer() async throws {
        let live = LiveSimulation()
        let attempts = Mutex(0)
        let holder = Mutex<FakeDynamoDB?>(nil)
        var fixture = CopyFixture { call in
            guard Self.isPut(call, of: 7) else { return nil }
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            switch attempt {
            case 1:
                live.remove(["pk": ["S": "p7"], "sk": ["N": "7"]])
                live.apply()
                return .cut(isDone: true)
            case 2:
                // The call ends without an answer, and DynamoDB keeps things in its own form.
                holder.withLock { $0 }?.change { state in
                    _ = state.tables["Target"]?.put([
                        "tags": ["SS": ["y", "x"]], "a": ["N": "1.5"], "sk": ["N": "7"], "pk": ["S": "p7"],
                    ])
                }
                return .throttled
            default: return nil
            }
        }
        defer { fixture.remove() }
        holder.withLock { $0 = fixture.dynamoDB }
        fixture.options.mode = .merge
        fixture.dynamoDB.put((0..<20).map(Self.item), into: "Source")
        live.start(on: fixture.dynamoDB)
        let result = try await fixture.run()
        #expect(attempts.withLock { $0 } == 3)
        #expect(fixture.differences == [])
        #expect(result.counts.kept == 1 && result.counts.removed == 1)
    }

    @Test("A page is done only when it was looked at again: a merge that ends before that looks at it in its next run")
    func crashBeforeSecondLook() async throws {
        let live = LiveSimulation()
        let isDead = Mutex(false)
        let scans = Mutex(0)
        var fixture = CopyFixture(pageBytes: 1 << 20) { call in
            if Self.isPut(call, of: 7), scans.withLock({ $0 }) == 1 {
                live.remove(["pk": ["S": "p7"], "sk": ["N": "7"]])
                live.apply()
            }
            if call.operation == "Scan" {
                let scan = scans.withLock { scans in
                    scans += 1
                    return scans
                }
                if scan == 2 { isDead.withLock { $0 = true } }
            }
            guard isDead.withLock({ $0 }), call.operation != "DescribeTable" else { return nil }
            return .error(code: "AccessDeniedException", message: "the process has ended")
        }
        defer { fixture.remove() }
        fixture.segments = 1
        fixture.options.mode = .merge
        fixture.dynamoDB.put((0..<20).map(Self.item), into: "Source")
        live.start(on: fixture.dynamoDB)
        await #expect(throws: TableSideError.self) { try await fixture.run() }
        #expect(fixture.dynamoDB.table("Target").count == 20)
        isDead.withLock { $0 = false }
        let result = try await fixture.run()
        #expect(fixture.differences == [])
        #expect(result.counts.isBalanced && result.counts.read == 19)
    }

    /// Answers in which items that were not written come back with their numbers in another form.
    private struct RewritingTransport: HTTPTransport {
        let dynamoDB: FakeDynamoDB

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            var response = try await dynamoDB.send(request)
            guard request.headers["X-Amz-Target"]?.hasSuffix("BatchWriteItem") == true else { return response }
            response.body = Array(
                String(decoding: response.body, as: UTF8.self)
                    .replacing(/"sk":{"N":"(\d+)"}/) { "\"sk\":{\"N\":\"\($0.output.1).0\"}" }.utf8
            )
            response.headers["x-amz-crc32"] = "\(CRC32.checksum(response.body))"
            return response
        }

        func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse { try await dynamoDB.stream(request) }
    }

    @Test("Unprocessed items that are not known again send the whole batch again, and none is lost")
    func unknownUnprocessed() async throws {
        let random = SharedRandom(seed: 7)
        let fixture = CopyFixture { call in
            guard call.operation == "BatchWriteItem", random.chance(0.5) else { return nil }
            let mask = random.below(1 << 25)
            return .unprocessed { mask >> $0 & 1 == 1 }
        }
        defer { fixture.remove() }
        fixture.dynamoDB.put((0..<300).map(Self.item), into: "Source")
        let region = try #require(Region("us-east-1"))
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: region,
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRETKEY"))
            ),
            transport: RewritingTransport(dynamoDB: fixture.dynamoDB),
            environment: AWSClient.Environment(sleep: { _ in await Task.yield() })
        )
        let source = try fixture.side("Source")
        let target = TableSide(table: "Target", dynamoDB: DynamoDBClient(client: client, region: region))
        let tables = try await CopyTables(source: source, target: target)
        let checkpoint = try CopyCheckpoint(
            path: fixture.path,
            identity: CopyIdentity(tables, options: fixture.options),
            segments: 2
        )
        let result = try await TableCopy(
            source: source,
            target: target,
            tables: tables,
            options: fixture.options,
            clock: CopyFixture.clock
        ).run(checkpoint: checkpoint)
        #expect(fixture.differences == [])
        #expect(result.counts.written == 300 && result.counts.isBalanced && result.throttled > 0)
    }

    @Test("A merge writes an item only when its key would survive a power failure")
    func keysOnTheDisk() async throws {
        // What the disk has: as much of the file as there was at its last synchronisation.
        let onDisk = Mutex<[UInt8]>([])
        let isNamed = Mutex(false)
        let early = Mutex<[String]>([])
        let folder = Mutex("")
        var fixture = CopyFixture(pageBytes: 1_000) { call in
            guard call.operation == "PutItem", let item = call.input["Item"], let partition = item["pk"]?["S"]?.string
            else { return nil }
            let key = Array("{\"pk\":{\"S\":\"\(partition)\"}".utf8)
            let isThere = isNamed.withLock { $0 } && onDisk.withLock { $0.firstRange(of: key) != nil }
            if !isThere { early.withLock { $0.append(partition) } }
            return nil
        }
        defer { fixture.remove() }
        folder.withLock { [folder = fixture.folder] in $0 = folder }
        fixture.options.mode = .merge
        fixture.segments = 3
        fixture.dynamoDB.put((0..<100).map(Self.item), into: "Source")
        var disk = DiskCalls()
        disk.synchronize = { descriptor in
            var (status, there) = (stat(), stat())
            guard fstat(descriptor, &status) == 0 else { return -1 }
            if status.st_mode & S_IFMT == S_IFDIR {
                let path = folder.withLock { $0 } + "/copy.checkpoint"
                isNamed.withLock { $0 = stat(path, &there) == 0 }
                return fdatasync(descriptor)
            }
            var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
            let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
            onDisk.withLock { $0 = Array(bytes.prefix(max(0, count))) }
            return fdatasync(descriptor)
        }
        let result = try await fixture.run(disk: disk)
        #expect(result.counts.written == 100)
        #expect(early.withLock { $0 } == [])
    }

    @Test("A journal that is written anew is on the disk before it takes the place of the old one")
    func replacementOnTheDisk() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/journal-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/journal"
        let order = Mutex<[String]>([])
        var disk = DiskCalls()
        disk.synchronize = { descriptor in
            var (status, there) = (stat(), stat())
            guard fstat(descriptor, &status) == 0 else { return -1 }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            let isInPlace = stat(path, &there) == 0 && there.st_size == 8
            order.withLock {
                $0.append("\(isFolder ? "folder" : "\(status.st_size) bytes"), new in place: \(isInPlace)")
            }
            return 0
        }
        var journal = try JournalFile(path: path, disk: disk)
        try journal.append(Array("old\n".utf8))
        try journal.replaceContents(Array("the new\n".utf8))
        #expect(order.withLock { $0 } == ["8 bytes, new in place: false", "folder, new in place: true"])
        #expect(try JournalFile.contents(ofFile: path) == Array("the new\n".utf8))
    }

    @Test("A refused item is named once, also when its page is copied again after a crash")
    func failuresAfterACrash() async throws {
        var fixture = CopyFixture(pageBytes: 1_000, indexKeys: [FakeDynamoDBTable.Key("day", "S")])
        defer { fixture.remove() }
        fixture.segments = 1
        fixture.dynamoDB.put(
            (0..<200).map { number in
                var item = Self.item(number)
                item["day"] = number.isMultiple(of: 20) ? ["N": "1"] : ["S": "monday"]
                return item
            },
            into: "Source"
        )
        #expect(try await fixture.run().counts.failed == 10)
        // What a crash leaves when the last page's failures are on the disk and its own line is not.
        let text = String(decoding: try #require(FileManager.default.contents(atPath: fixture.path)), as: UTF8.self)
        var lines = text.split(separator: "\n")
        func end(_ line: Substring) throws -> Int {
            try JSONValue(parsing: Array(line.utf8))["failuresEnd"]?.integer ?? 0
        }
        let whole = try end(try #require(lines.last))
        while let line = lines.last, try end(line) == whole { lines.removeLast() }
        try #require(try end(try #require(lines.last)) > 0)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: fixture.path))
        #expect(try await fixture.run().counts.failed == 10)
        let named = try #require(FileManager.default.contents(atPath: fixture.path + ".failures"))
            .split(separator: UInt8(ascii: "\n")).compactMap {
                try JSONValue(parsing: Array($0))["key"]?["pk"]?["S"]?.string
            }
        #expect(named.count == 10 && Set(named).count == 10)
    }
}
