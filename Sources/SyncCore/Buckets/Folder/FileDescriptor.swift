import Glibc

import struct FoundationEssentials.Date

/// An open file or folder, closed with the last reference.
final class FileDescriptor: Sendable {
    let number: Int32

    init(owning number: Int32) {
        self.number = number
    }

    deinit { close(number) }

    /// - Throws: ``FileError``.
    static func open(_ path: String, _ flags: Int32, at folder: FileDescriptor? = nil, mode: mode_t = 0) throws
        -> FileDescriptor
    {
        while true {
            let number = openat(folder?.number ?? AT_FDCWD, path, flags | O_CLOEXEC, mode)
            if number >= 0 { return FileDescriptor(owning: number) }
            let code = errno
            if code != EINTR { throw FileError(path, "cannot be opened", errno: code) }
        }
    }

    func status(_ path: String) throws -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FileError(path, "cannot be read", errno: errno) }
        return status
    }

    /// Reads up to `count` bytes from a position; fewer only at the end.
    func read(at offset: Int, count: Int, _ path: String) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                guard let base = buffer.baseAddress else { return }
                let got = pread(number, base + filled, count - filled, off_t(offset + filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        guard failure == 0 else { throw FileError(path, "cannot be read", errno: failure) }
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: Int, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { all -> Int in
                guard let base = all.baseAddress else { return 0 }
                return pwrite(number, base + written, all.count - written, off_t(offset + written))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError(path, "cannot be written", errno: count < 0 ? errno : ENOSPC) }
            written += count
        }
    }
}

extension ObjectState {
    /// A file's.
    init(_ status: stat) {
        self.init(size: Int(status.st_size), lastModified: status.modified)
    }
}

extension stat {
    var isFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isLink: Bool { st_mode & S_IFMT == S_IFLNK }

    var modified: Date {
        Date(timeIntervalSince1970: Double(st_mtim.tv_sec) + Double(st_mtim.tv_nsec) / 1e9)
    }
}
