import AWSCore
import Glibc

/// Uploads files.
struct FolderUpload: ObjectMover {
    let source: FolderTree
    let target: BucketSide
    let options: BucketSyncOptions
    let parts: TransferPace
    let progress: SyncProgress

    func move(_ task: TransferTask) async throws -> ObjectState {
        let path = source.path(of: task.key)
        let file = try FileDescriptor.open(path, O_RDONLY)
        guard try unchanged(file, path, task) else { throw ObjectMoveError.changed }
        let properties = S3ObjectProperties(
            content: S3ContentHeaders(contentType: ContentType.guess(task.key)),
            storageClass: options.storageClass,
            encryption: options.encryption
        )
        do {
            return task.source.size < options.streamPartThreshold
                ? try await uploadWhole(file, path, task, properties)
                : try await uploadInParts(file, path, task, properties)
        } catch let error as AWSError {
            throw error.asMoveError
        }
    }

    private func uploadWhole(
        _ file: FileDescriptor,
        _ path: String,
        _ task: TransferTask,
        _ properties: S3ObjectProperties
    ) async throws -> ObjectState {
        let bytes = try file.read(at: 0, count: task.source.size, path)
        guard bytes.count == task.source.size, try unchanged(file, path, task) else { throw ObjectMoveError.changed }
        let result = try await target.s3.putObject(
            PutObjectRequest(
                bucket: target.bucket,
                key: target.key(task.key),
                body: bytes.isEmpty ? .empty : .bytes(bytes),
                properties: properties,
                condition: task.condition,
                checksum: .computed(.crc64nvme)
            )
        )
        progress.moved(bytes.count)
        return ObjectState(size: bytes.count, etag: result.etag)
    }

    private func uploadInParts(
        _ file: FileDescriptor,
        _ path: String,
        _ task: TransferTask,
        _ properties: S3ObjectProperties
    ) async throws -> ObjectState {
        let result = try await MultipartWrite(
            target: target,
            parts: parts,
            journal: options.uploads,
            onPart: { progress.moved($0) }
        ).write(
            key: task.key,
            layout: PartLayout(size: task.source.size, preferredPartSize: options.partSize),
            properties: properties,
            checksum: .crc64nvme,
            condition: task.condition
        ) { [s3 = target.s3] upload, number, range in
            let part = try await s3.uploadPart(
                upload,
                number: number,
                body: .stream(Self.stream(file, path, range)),
                checksum: .computed(.crc64nvme)
            )
            guard try unchanged(file, path, task) else { throw ObjectMoveError.changed }
            return part
        }
        return ObjectState(size: task.source.size, etag: result.etag)
    }

    /// Whether the file is still the one that was listed.
    private func unchanged(_ file: FileDescriptor, _ path: String, _ task: TransferTask) throws -> Bool {
        let status = try file.status(path)
        guard status.isFile else { throw FileError(code: "NoFile", "\(path) is no file any more") }
        return ObjectState(status).isSameFile(as: task.source)
    }

    private static func stream(_ file: FileDescriptor, _ path: String, _ range: Range<Int>) -> HTTPRequestStream {
        HTTPRequestStream(length: range.count) {
            let reader = Reader(file: file, path: path, range: range)
            return { try await reader.next() }
        }
    }

    /// An actor only because a body's pieces are asked for from elsewhere, one after the other.
    private actor Reader {
        private let file: FileDescriptor
        private let path: String
        private var range: Range<Int>

        private static let pieceSize = 256 << 10

        init(file: FileDescriptor, path: String, range: Range<Int>) {
            self.file = file
            self.path = path
            self.range = range
        }

        func next() throws -> [UInt8]? {
            guard !range.isEmpty else { return nil }
            let count = min(Self.pieceSize, range.count)
            let bytes = try file.read(at: range.lowerBound, count: count, path)
            // It was made shorter meanwhile.
            guard bytes.count == count else { throw ObjectMoveError.changed }
            range = (range.lowerBound + count)..<range.upperBound
            return bytes
        }
    }
}
