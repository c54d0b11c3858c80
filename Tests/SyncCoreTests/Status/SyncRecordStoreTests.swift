import AWSCore
import FoundationEssentials
import Testing

@testable import SyncCore

@Suite("What copies and comparisons leave in the state folder")
struct SyncRecordStoreTests {
    private static let pair = SyncPair(
        tables: "arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
        "arn:aws:dynamodb:eu-west-1:210987654321:table/Orders"
    )
    private static let noon = Date(timeIntervalSince1970: 1_795_262_400)

    private static func withStore(_ body: (SyncRecordStore) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/records-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(SyncRecordStore(folder: folder + "/deep"))
    }

    @Test("A comparison is found again by its two sides and by nothing else")
    func verification() throws {
        try Self.withStore { store in
            #expect(try store.verification(of: Self.pair) == nil)
            var result = TableVerificationResult()
            result.equal = 7
            result.settled = 2
            let record = VerificationRecord(
                Self.pair,
                result,
                filter: "kind = 'ü'",
                startDate: Self.noon,
                endDate: Self.noon.addingTimeInterval(60)
            )
            try store.save(record)
            #expect(try store.verification(of: Self.pair) == record && record.equal == 9)
            #expect(try store.verification(of: SyncPair(tables: Self.pair.target, Self.pair.source)) == nil)
            #expect(record.proves("kind = 'ü'") && !record.proves(nil) && !record.proves("kind = 'u'"))
            result.differences[.missing] = 1
            result.unmended = 1
            let worse = VerificationRecord(Self.pair, result, filter: nil, startDate: Self.noon, endDate: Self.noon)
            try store.save(worse)
            #expect(try store.verification(of: Self.pair)?.verdict == "DIFFERENT" && !worse.proves(nil))
        }
    }

    @Test("A comparison of everything proves also a part, and a sample nothing")
    func proof() throws {
        var result = TableVerificationResult()
        func record() -> VerificationRecord {
            VerificationRecord(Self.pair, result, filter: nil, startDate: Self.noon, endDate: Self.noon)
        }
        #expect(record().proves(nil) && record().proves("a = 1"))
        result.sample = TableVerificationResult.Sample(segments: 1, totalSegments: 2)
        #expect(!record().proves(nil))
    }

    @Test("A copy with a checkpoint is running while somebody has it open, and interrupted after that")
    func checkpoint() throws {
        try Self.withStore { store in
            let identity = CopyIdentity(
                source: .init(arn: Self.pair.source, id: "a", created: 1),
                target: .init(arn: Self.pair.target, id: "b", created: 1),
                mode: .merge,
                filter: "a = 1"
            )
            let path = "\(store.folder)/\(identity.fileName)"
            #expect(try store.history(of: Self.pair) == nil)
            do {
                let checkpoint = try CopyCheckpoint(path: path, identity: identity, segments: 4)
                var counts = CopyCounts()
                (counts.pages, counts.read, counts.written, counts.kept) = (1, 10, 8, 2)
                try checkpoint.record(.init(segment: 2, lastEvaluatedKey: nil, counts: counts))
                let progress = try #require(try store.history(of: Self.pair))
                #expect(progress.state == .running && progress.done == 10 && progress.mode == "merge")
                #expect(progress.segments?.finished == 1 && progress.segments?.all == 4 && progress.filter == "a = 1")
            }
            #expect(try store.history(of: Self.pair)?.state == .interrupted)
            // A finished copy of before does not hide that another one was begun.
            try store.save(
                HistoryRecord(
                    Self.pair,
                    state: .finished,
                    mode: "merge",
                    filter: nil,
                    startDate: Self.noon,
                    date: Self.noon,
                    done: 5,
                    total: 5,
                    failed: 0
                )
            )
            #expect(try store.history(of: Self.pair)?.state == .interrupted)
            try FileManager.default.removeItem(atPath: path)
            let finished = try #require(try store.history(of: Self.pair))
            #expect(finished.state == .finished && finished.done == 5 && finished.date == Self.noon)
        }
    }

    @Test("A copy without a checkpoint is running while its process holds on to it")
    func running() throws {
        try Self.withStore { store in
            let pair = SyncPair(places: "s3://old/", "s3://new/a/")
            do {
                let copy = try RunningHistory(pair, mode: "merge", filter: nil, store: store) { Self.noon }
                #expect(try store.history(of: pair)?.state == .running)
                #expect(throws: CheckpointError.self) {
                    _ = try RunningHistory(pair, mode: "merge", filter: nil, store: store)
                }
                copy.update(done: 3, total: 9, failed: 0)
                #expect(try store.history(of: pair)?.done == 0)
            }
            #expect(try store.history(of: pair)?.state == .interrupted)
            let again = try RunningHistory(pair, mode: "merge", filter: nil, store: store)
            try again.finish(done: 9, failed: 1)
            let finished = try #require(try store.history(of: pair))
            #expect(finished.state == .finished && finished.done == 9 && finished.failed == 1)
        }
    }

    @Test("A file that is no record is as good as none")
    func garbage() throws {
        try Self.withStore { store in
            try FileManager.default.createDirectory(atPath: store.folder, withIntermediateDirectories: true)
            for text in ["", "{", #"{"format":"sync verification","version":2}"#] {
                try Data(text.utf8).write(to: URL(filePath: "\(store.folder)/\(Self.pair.fileName).verification"))
                #expect(try store.verification(of: Self.pair) == nil)
            }
        }
    }
}
