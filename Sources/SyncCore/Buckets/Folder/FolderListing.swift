package import AWSCore
import Glibc
import Synchronization

/// The files below a folder in the order of the keys that they have, or would have, in a bucket.
///
/// A folder's place among its siblings is that of its name with a slash: "a-b" comes before "a/b". Symbolic links are
/// followed, as by `aws s3 sync`, unless they lead into a folder that is being looked through.
///
/// Holds the names of the folders that it is in. Listed once, from the beginning.
package final class FolderListing: ListingSource {
    /// Something that is left out, and why.
    package struct Problem: Sendable, Equatable {
        package var path: String
        package var message: String
        /// Whether it should have been there: a device is not expected in a bucket, an unreadable folder is.
        package var isFailure: Bool
    }

    private struct Level {
        /// Below the folder, with a slash at its end; empty for the folder itself.
        var prefix: [UInt8]
        var entries: [Entry]
        var next = 0
        var device: dev_t
        var inode: ino_t
    }

    private struct Entry {
        /// With a slash at its end for a folder.
        var name: [UInt8]
        var size: Int
        var seconds: Int
        var nanoseconds: Int
        var isFolder: Bool
    }

    private struct State {
        var levels: [Level] = []
        var pages = 0
    }

    package let path: String
    private let followsLinks: Bool
    private let mayBeMissing: Bool
    private let removesPartialFiles: Bool
    private let onProblem: @Sendable (Problem) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - followsLinks: `false` leaves symbolic links out.
    ///   - mayBeMissing: Whether a folder that is not there counts as an empty one.
    ///   - removesPartialFiles: Whether to take away what an interrupted download left behind.
    package init(
        path: String,
        followsLinks: Bool,
        mayBeMissing: Bool,
        removesPartialFiles: Bool = false,
        onProblem: @escaping @Sendable (Problem) -> Void
    ) {
        self.path = path
        self.followsLinks = followsLinks
        self.mayBeMissing = mayBeMissing
        self.removesPartialFiles = removesPartialFiles
        self.onProblem = onProblem
    }

    package var keyPrefix: [UInt8] { [] }
    package var startsAnywhere: Bool { false }
    package var name: String { path }

    package func page(after key: [UInt8], continuing token: String?) async throws -> ListObjectsV2Page {
        var page = ListingPageBuilder()
        let hasMore = try state.withLock { state in
            if token == nil { try begin(&state) }
            while page.count < 1000, let level = state.levels.last {
                guard level.next < level.entries.count else {
                    state.levels.removeLast()
                    continue
                }
                let entry = level.entries[level.next]
                state.levels[state.levels.count - 1].next += 1
                if entry.isFolder {
                    enter(level.prefix + entry.name, &state)
                } else {
                    page.append(
                        key: level.prefix + entry.name,
                        size: entry.size,
                        lastModified: Self.time(entry.seconds, entry.nanoseconds)
                    )
                }
            }
            state.pages += 1
            return !state.levels.isEmpty
        }
        return try page.page(nextContinuationToken: hasMore ? "\(state.withLock { $0.pages })" : nil)
    }

    private func begin(_ state: inout State) throws {
        state = State()
        guard let folder = opendir(path) else {
            let code = errno
            if code == ENOENT, mayBeMissing { return }
            throw FileError(path, code == ENOTDIR ? "is no folder" : "cannot be read", errno: code)
        }
        state.levels.append(try read(folder, prefix: []))
    }

    private func enter(_ prefix: [UInt8], _ state: inout State) {
        let path = text(prefix)
        guard let folder = opendir(path) else {
            onProblem(Problem(path: path, message: "the folder cannot be read: \(Self.reason())", isFailure: true))
            return
        }
        var own = stat()
        if fstat(dirfd(folder), &own) == 0,
            state.levels.contains(where: { $0.device == own.st_dev && $0.inode == own.st_ino })
        {
            closedir(folder)
            onProblem(Problem(path: path, message: "it is a link back to a folder that it lies in", isFailure: false))
            return
        }
        do {
            state.levels.append(try read(folder, prefix: prefix))
        } catch {
            onProblem(Problem(path: path, message: "\(error)", isFailure: true))
        }
    }

    /// Reads all of a folder, and closes it.
    private func read(_ folder: OpaquePointer, prefix: [UInt8]) throws -> Level {
        defer { closedir(folder) }
        var own = stat()
        guard fstat(dirfd(folder), &own) == 0 else { throw FileError(text(prefix), "cannot be read", errno: errno) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let found = readdir(folder) else {
                guard errno == 0 else { throw FileError(text(prefix), "cannot be read to its end", errno: errno) }
                break
            }
            let name = withUnsafePointer(to: &found.pointee.d_name) {
                $0.withMemoryRebound(to: UInt8.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0)))
                }
            }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            if PartialFile.isName(name) {
                if removesPartialFiles { PartialFile.removeLeftover(name, in: dirfd(folder)) }
                continue
            }
            if let entry = entry(name, in: folder, prefix) { entries.append(entry) }
        }
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        return Level(prefix: prefix, entries: entries, device: own.st_dev, inode: own.st_ino)
    }

    private func entry(_ name: [UInt8], in folder: OpaquePointer, _ prefix: [UInt8]) -> Entry? {
        func leaveOut(_ message: String, isFailure: Bool) -> Entry? {
            onProblem(Problem(path: text(prefix + name), message: message, isFailure: isFailure))
            return nil
        }
        guard String(validating: name, as: UTF8.self) != nil else {
            return leaveOut("its name is not UTF-8, which keys are", isFailure: true)
        }
        var status = stat()
        let terminated = name.map { CChar(bitPattern: $0) } + [0]
        guard fstatat(dirfd(folder), terminated, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            // Deleted since the folder was read.
            if errno == ENOENT { return nil }
            return leaveOut("it cannot be read: \(Self.reason())", isFailure: true)
        }
        if status.isLink {
            guard followsLinks else { return nil }
            guard fstatat(dirfd(folder), terminated, &status, 0) == 0 else {
                return leaveOut("the link leads nowhere", isFailure: false)
            }
        }
        guard status.isFile || status.isFolder else {
            return leaveOut("it is neither a file nor a folder", isFailure: false)
        }
        guard status.isFolder || prefix.count + name.count <= 1024 else {
            return leaveOut("its path is longer than the 1024 bytes that a key may have", isFailure: true)
        }
        return Entry(
            name: status.isFolder ? name + [0x2F] : name,
            size: Int(status.st_size),
            seconds: Int(status.st_mtim.tv_sec),
            nanoseconds: Int(status.st_mtim.tv_nsec),
            isFolder: status.isFolder
        )
    }

    private func text(_ below: [UInt8]) -> String {
        path + (path.hasSuffix("/") ? "" : "/") + String(decoding: below, as: UTF8.self)
    }

    private static func reason() -> String { String(cString: strerror(errno)) }

    /// In the form that S3 gives, so that most times can be compared as texts.
    private static func time(_ seconds: Int, _ nanoseconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func digits(_ number: Int, _ count: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let date =
            "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
        let clock = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
        let fraction = nanoseconds % 1_000_000 == 0 ? digits(nanoseconds / 1_000_000, 3) : digits(nanoseconds, 9)
        return "\(date)T\(clock).\(fraction)Z"
    }
}
