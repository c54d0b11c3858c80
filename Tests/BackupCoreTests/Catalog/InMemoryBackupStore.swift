import FoundationEssentials
import Synchronization

@testable import AWSCore
@testable import BackupCore

/// A bucket in memory that lists as S3 does, and counts how often it is asked.
final class InMemoryBackupStore: BackupObjectStore {
    struct Object: Sendable {
        var bytes: [UInt8] = []
        var lastModified = Date(timeIntervalSince1970: 0)
        var storageClass = S3StorageClass.standard
        var restoreStatus: S3RestoreStatus?
        /// Other than the bytes', so that terabytes fit.
        var size: Int?
    }

    let bucket = "memory"
    private let objects: [String: Object]
    private let keys: [[UInt8]]
    private let pageSize: Int
    /// A store that does not know delimiters of several characters gives all keys.
    private let rollsUpLongDelimiters: Bool
    private let counter = Mutex(0)

    init(_ objects: [String: Object], pageSize: Int = 1_000, rollsUpLongDelimiters: Bool = true) {
        self.objects = objects
        self.keys = objects.keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        self.pageSize = pageSize
        self.rollsUpLongDelimiters = rollsUpLongDelimiters
    }

    var listCount: Int { counter.withLock { $0 } }

    func list(
        prefix: String,
        delimiter: String?,
        startAfter: String?,
        continuationToken: String?
    ) async throws -> ListObjectsV2Page {
        counter.withLock { $0 += 1 }
        let delimiter = delimiter.flatMap { $0.utf8.count > 1 && !rollsUpLongDelimiters ? nil : Array($0.utf8) }
        let prefix = Array(prefix.utf8)
        var page = ListingPageBuilder()
        // Everything up to this is done; a token may be a common prefix, whose keys then all are.
        var last = Array((continuationToken ?? startAfter ?? "").utf8)
        var index = firstIndex(notBefore: prefix.lexicographicallyPrecedes(last) ? last : prefix)
        while index < keys.count, keys[index].starts(with: prefix) {
            let key = keys[index]
            let isDone = key == last || (continuationToken != nil && last.last == 0x2F && key.starts(with: last))
            guard !isDone else {
                index += 1
                continue
            }
            guard page.count < pageSize else {
                return try page.page(nextContinuationToken: String(decoding: last, as: UTF8.self))
            }
            let text = String(decoding: key, as: UTF8.self)
            if let delimiter, let end = end(of: delimiter, in: key, from: prefix.count) {
                last = Array(key[..<end])
                page.append(commonPrefix: last)
                index = firstIndex(notBefore: Array(last.dropLast()) + [last[last.count - 1] + 1])
            } else {
                let object = objects[text] ?? Object()
                page.append(object, key: key)
                last = key
                index += 1
            }
        }
        return try page.page(nextContinuationToken: nil)
    }

    private func firstIndex(notBefore key: [UInt8]) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Where the delimiter ends that stands first behind the prefix.
    private func end(of delimiter: [UInt8], in key: [UInt8], from start: Int) -> Int? {
        guard key.count - start >= delimiter.count else { return nil }
        for index in start...(key.count - delimiter.count) where key[index...].starts(with: delimiter) {
            return index + delimiter.count
        }
        return nil
    }

    /// S3 gives nobody the bytes of an archived object.
    private func requireReadable(_ key: String) throws {
        guard let object = objects[key], object.storageClass.needsRestore, object.restoreStatus == nil else { return }
        throw AWSError(
            code: "InvalidObjectState",
            message: "The operation is not valid for the object's storage class",
            kind: .client,
            status: 403,
            service: "S3",
            operation: "GetObject",
            region: "us-west-2",
            resource: key
        )
    }

    func get(_ key: String, maximumBytes: Int) async throws -> [UInt8]? {
        try requireReadable(key)
        guard let object = objects[key] else { return nil }
        guard object.bytes.count <= maximumBytes else { throw HTTPError(.responseTooLarge, "too large") }
        return object.bytes
    }

    func head(_ key: String) async throws -> S3ObjectHead? {
        guard let object = objects[key] else { return nil }
        return S3ObjectHead(headers: ["Content-Length": String(object.size ?? object.bytes.count)])
    }

    func stream(_ key: String) async throws -> HTTPResponseStream? {
        try requireReadable(key)
        guard let object = objects[key] else { return nil }
        let rest = Mutex(object.bytes[...])
        return HTTPResponseStream {
            rest.withLock { rest in
                guard !rest.isEmpty else { return nil }
                defer { rest = rest.dropFirst(100) }
                return Array(rest.prefix(100))
            }
        }
    }
}

extension ListingPageBuilder {
    fileprivate mutating func append(_ object: InMemoryBackupStore.Object, key: [UInt8]) {
        var expiry: String?
        if case .restored(let until) = object.restoreStatus { expiry = until?.formatted(.iso8601) ?? "unknown" }
        append(
            key: key,
            size: object.size ?? object.bytes.count,
            lastModified: object.lastModified.formatted(.iso8601),
            storageClass: object.storageClass.name,
            isRestoreInProgress: object.restoreStatus == .inProgress,
            restoreExpiry: expiry
        )
    }
}
