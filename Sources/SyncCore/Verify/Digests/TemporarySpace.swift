import Glibc
import Synchronization

/// Where a comparison puts what does not fit in memory: files without a name, which end with the process.
package final class TemporarySpace: Sendable {
    /// Why a temporary file cannot be made, written or read.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// `ENOSPC` when the disk is full.
        package let code: Int32
        let directory: String
        let action: String
        let bytesWritten: Int

        package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

        package var description: String {
            let reason = String(cString: strerror(code))
            guard isDiskFull else {
                return "the temporary files of the comparison in \(directory) cannot be \(action): \(reason)"
            }
            return "the temporary files of the comparison do not fit in \(directory): \(reason)"
                + " after \(bytesWritten) bytes; free some space or name another directory"
        }
    }

    package let directory: String
    private let limit: Int
    private let written = Atomic(0)

    /// - Parameters:
    ///   - directory: must exist and be writable, which is found out with the first file.
    ///   - limit: bytes after which the disk counts as full.
    package init(directory: String, limit: Int = .max) {
        self.directory = directory
        self.limit = limit
    }

    /// Bytes that went to temporary files so far.
    package var bytesWritten: Int { written.load(ordering: .relaxed) }

    /// Bytes that are free for this user; `nil` where the system does not say.
    package var bytesFree: Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflow ? Int.max : bytes
    }

    /// A file that nobody else can open: mode 0600, its name removed before anything is written.
    ///
    /// - Throws: ``Failure``.
    func makeFile() throws(Failure) -> TemporaryFile {
        var path = ""
        var descriptor: Int32 = -1
        repeat {
            path = "\(directory)/sync-verify.\(String(UInt64.random(in: 0 ... .max), radix: 36))"
            descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        } while descriptor < 0 && errno == EEXIST
        guard descriptor >= 0 else { throw failure("made") }
        guard unlink(path) == 0 else {
            let error = failure("unlinked")
            close(descriptor)
            throw error
        }
        return TemporaryFile(descriptor: descriptor, space: self)
    }

    fileprivate func count(written bytes: Int) throws(Failure) {
        guard written.wrappingAdd(bytes, ordering: .relaxed).newValue <= limit else {
            throw failure("written", code: ENOSPC)
        }
    }

    /// The failure that `errno` tells of.
    func failure(_ action: String, code: Int32 = errno) -> Failure {
        Failure(code: code, directory: directory, action: action, bytesWritten: bytesWritten)
    }
}

/// One file of a ``TemporarySpace``, written at its end and read anywhere; closing it frees its space.
struct TemporaryFile: ~Copyable {
    private let descriptor: Int32
    private let space: TemporarySpace
    /// The file's length.
    private(set) var count = 0

    fileprivate init(descriptor: Int32, space: TemporarySpace) {
        self.descriptor = descriptor
        self.space = space
    }

    deinit {
        close(descriptor)
    }

    /// Writes all of the bytes behind those that are there.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(TemporarySpace.Failure) {
        var done = 0
        while done < bytes.count {
            let step = pwrite(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(count))
            if step < 0 {
                if errno == EINTR { continue }
                throw space.failure("written")
            }
            done += step
            count += step
            try space.count(written: step)
        }
    }

    /// Fills the buffer from an offset on.
    ///
    /// - Throws: ``TemporarySpace/Failure``, with `EIO` when the file is shorter.
    borrowing func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(TemporarySpace.Failure) {
        var done = 0
        while done < buffer.count {
            let rest = buffer.count - done
            let step = pread(descriptor, buffer.baseAddress?.advanced(by: done), rest, off_t(offset + done))
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw space.failure("read", code: step == 0 ? EIO : errno) }
            done += step
        }
    }
}
