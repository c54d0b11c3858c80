import AWSCore
import AWSTesting
import FoundationEssentials
import SyncCore

/// A folder that is gone at the end of the test.
final class ScratchFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path() + "/sync-test-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = path + "/" + name
        let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file))
    }

    func read(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path + "/" + name).map { Array($0) }
    }

    /// All files below, partial ones too.
    var files: [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).filter { name in
            var isFolder = false
            _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
            return !isFolder
        }.sorted()
    }
}

/// Syncs with folders, in which everything from 1000 bytes on goes in parts of 300.
enum FolderSync {
    static func run(
        _ source: SyncSide,
        _ target: SyncSide,
        _ change: (inout BucketSyncOptions) -> Void = { _ in },
        onEvent: @escaping @Sendable (BucketSync.Event) -> Void = { _ in }
    ) async throws -> BucketSyncReport {
        var options = BucketSyncOptions()
        options.streamPartThreshold = 1000
        options.partSize = 300
        options.transfersAtOnce = 4
        change(&options)
        return try await BucketSync(
            source: source,
            target: target,
            options: options,
            clock: SyncClock(sleep: { _ in try Task.checkCancellation() }),
            onEvent: onEvent
        ).run()
    }

    static func bucket(_ fake: FakeS3, _ prefix: String = "") throws -> SyncSide {
        .bucket(BucketSide(s3: try fake.s3(), bucket: "bucket", prefix: prefix))
    }
}
