import Dispatch
import Glibc

/// How what was written gets onto the disk; tests look at when.
package struct DiskCalls: Sendable {
    /// Gives 0, or -1 with `errno` set.
    var synchronize: @Sendable (_ descriptor: Int32) -> Int32
    /// As pread: gives how many bytes were read, or -1 with `errno` set.
    var read: @Sendable (_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) -> Int
    /// As write: gives how many bytes were written, or -1 with `errno` set.
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
    /// Calls what takes its time on another thread, so that no task's thread is held up.
    var onAnotherThread: @Sendable (@escaping @Sendable () -> Void) -> Void

    package init() {
        synchronize = { fdatasync($0) }
        write = { Glibc.write($0, $1.baseAddress, $1.count) }
        read = { pread($0, $1.baseAddress, $1.count, off_t($2)) }
        onAnotherThread = { DispatchQueue.global().async(execute: $0) }
    }
}

/// A file of lines that one process at a time appends to, readable by its owner alone.
///
/// Locked by flock for as long as it is open. What was appended survives the end of the process at once, and that of the
/// machine after ``synchronize()``.
struct JournalFile: ~Copyable {
    let path: String
    private let disk: DiskCalls
    private var descriptor: Int32
    /// Bytes in it.
    private(set) var count: Int

    /// Opens the file, and makes it and its folders where there are none.
    init(path: String, disk: DiskCalls = DiskCalls()) throws(CheckpointError) {
        try Self.makeFolders(of: path)
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0o600)
            guard descriptor >= 0 else { throw Self.error(path, "open") }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let error = errno == EWOULDBLOCK ? CheckpointError.inUse(path: path) : Self.error(path, "lock")
                close(descriptor)
                throw error
            }
            // Whoever had the lock before may have put another file in its place, or removed it.
            var (opened, there) = (stat(), stat())
            guard fstat(descriptor, &opened) == 0 else {
                let error = Self.error(path, "open")
                close(descriptor)
                throw error
            }
            if stat(path, &there) == 0, there.st_ino == opened.st_ino, there.st_dev == opened.st_dev {
                self.path = path
                self.disk = disk
                self.descriptor = descriptor
                self.count = Int(opened.st_size)
                return
            }
            close(descriptor)
        }
    }

    deinit { close(descriptor) }

    /// The contents of a file that need not be there, without a lock.
    static func contents(ofFile path: String) throws(CheckpointError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw error(path, "open") }
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw error(path, "open") }
        return try read(descriptor, Int(status.st_size), path, DiskCalls())
    }

    func contents() throws(CheckpointError) -> [UInt8] { try Self.read(descriptor, count, path, disk) }

    private static func read(
        _ descriptor: Int32,
        _ count: Int,
        _ path: String,
        _ disk: DiskCalls
    ) throws(CheckpointError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < bytes.count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                disk.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[done...]), done)
            }
            if read < 0, errno == EINTR { continue }
            guard read > 0 else {
                if read == 0 { break }
                throw error(path, "read")
            }
            done += read
        }
        return Array(bytes[..<done])
    }

    /// - Throws: ``CheckpointError``; the file is as it was then, as far as the disk lets it.
    mutating func append(_ bytes: [UInt8]) throws(CheckpointError) {
        do throws(CheckpointError) {
            try Self.write(bytes, to: descriptor, path, disk)
        } catch {
            // Half a line would spoil the next one, too.
            _ = ftruncate(descriptor, off_t(count))
            throw error
        }
        count += bytes.count
    }

    mutating func truncate(to length: Int) throws(CheckpointError) {
        guard length < count else { return }
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw Self.error(path, "shorten") }
        count = length
    }

    /// Puts other contents in its place at one stroke: after a crash there is either the old file or the new one.
    mutating func replaceContents(_ bytes: [UInt8]) throws(CheckpointError) {
        let other = path + ".new"
        unlink(other)
        let new = open(other, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0o600)
        guard new >= 0 else { throw Self.error(other, "open") }
        do throws(CheckpointError) {
            // Locked before anybody can see it under its name.
            guard flock(new, LOCK_EX | LOCK_NB) == 0 else { throw Self.error(other, "lock") }
            try Self.write(bytes, to: new, other, disk)
            guard disk.synchronize(new) == 0, rename(other, path) == 0 else { throw Self.error(path, "write") }
        } catch {
            close(new)
            unlink(other)
            throw error
        }
        close(descriptor)
        descriptor = new
        count = bytes.count
        try synchronizeFolder()
    }

    /// Makes the file's name survive a power failure, without which its contents would be of no use.
    private func synchronizeFolder() throws(CheckpointError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.error(folder, "open") }
        defer { close(descriptor) }
        // There are file systems that cannot, and such that need not.
        guard disk.synchronize(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
            throw Self.error(folder, "write")
        }
    }

    /// A descriptor of its own, to make what was appended so far survive a power failure without holding up others.
    func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

    func remove() { unlink(path) }

    static func remove(_ path: String) { unlink(path) }

    // MARK: Calls of the system

    /// Waits on a thread of its own until what was appended is on the disk.
    static func synchronize(
        _ duplicate: Int32,
        path: String,
        disk: DiskCalls = DiskCalls()
    ) async throws(CheckpointError) {
        let failure: Int32 = await withCheckedContinuation { continuation in
            disk.onAnotherThread {
                let failure = duplicate < 0 || disk.synchronize(duplicate) == 0 ? 0 : errno
                if duplicate >= 0 { close(duplicate) }
                continuation.resume(returning: failure)
            }
        }
        // Files that cannot be synchronised, such as those on a pipe-like file system, need not be.
        guard failure == 0 || failure == EINVAL else { throw error(path, "write", failure) }
    }

    private static func write(
        _ bytes: [UInt8],
        to descriptor: Int32,
        _ path: String,
        _ disk: DiskCalls
    ) throws(CheckpointError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                disk.write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[done...]))
            }
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else { throw error(path, "write") }
            done += written
        }
    }

    private static func makeFolders(of path: String) throws(CheckpointError) {
        for place in path.utf8.indices where path.utf8[place] == UInt8(ascii: "/") && place != path.startIndex {
            let folder = String(path[..<place])
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST || access(folder, F_OK) == 0 else {
                throw error(folder, "make")
            }
        }
    }

    private static func error(_ path: String, _ action: String, _ code: Int32 = errno) -> CheckpointError {
        .file(path: path, action: action, reason: String(cString: strerror(code)))
    }
}
