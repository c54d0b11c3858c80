import Glibc

import struct FoundationEssentials.Date

/// A file in the making beside the one that it is to become: complete, or not there.
///
/// It is locked while it is written, so that the next sync can tell what an interrupted one left behind.
final class PartialFile: Sendable {
    let descriptor: FileDescriptor
    private let place: FolderTree.Place
    private let name: String

    private static let prefix = ".sync-partial-"

    /// Whether a file of this name is one in the making; no key may be called so, and no listing has it.
    static func isName(_ name: [UInt8]) -> Bool { name.starts(with: prefix.utf8) }

    /// - Throws: ``FileError``.
    init(for place: FolderTree.Place) throws {
        self.place = place
        name = Self.prefix + String(UInt64.random(in: .min ... .max), radix: 16)
        descriptor = try FileDescriptor.open(
            name,
            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
            at: place.folder,
            mode: 0o666
        )
        flock(descriptor.number, LOCK_EX | LOCK_NB)
    }

    /// Puts the file in its place, with its time set.
    ///
    /// - Parameter expected: what must be there now; `nil` for nothing.
    /// - Throws: ``FileError``; ``ObjectMoveError/changed`` when something else is there.
    func complete(modified: Date?, replacing expected: ObjectState?) throws {
        if let modified {
            let microseconds = Int((modified.timeIntervalSince1970 * 1e6).rounded())
            let seconds = microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
            let time = timespec(tv_sec: seconds, tv_nsec: (microseconds - seconds * 1_000_000) * 1000)
            guard futimens(descriptor.number, [time, time]) == 0 else {
                throw FileError(place.path, "cannot get its time", errno: errno)
            }
        }
        var status = stat()
        let isThere = fstatat(place.folder.number, place.name, &status, AT_SYMLINK_NOFOLLOW) == 0
        if let expected {
            guard isThere, status.isFile, ObjectState(status).isSameFile(as: expected) else {
                throw ObjectMoveError.changed
            }
        } else if isThere {
            guard !status.isFolder else {
                throw FileError(code: "FileAndFolder", "\(place.path) is a folder, and the key needs a file there")
            }
            // A link is no file of the listing, and renaming onto it would take it away.
            guard !status.isLink else {
                throw FileError(
                    code: "SymbolicLink",
                    "\(place.path) is a link; nothing is written through or over links"
                )
            }
            throw ObjectMoveError.changed
        }
        guard renameat(place.folder.number, name, place.folder.number, place.name) == 0 else {
            throw FileError(place.path, "cannot be put in its place", errno: errno)
        }
    }

    /// Takes the file away; call when it was not completed.
    func discard() {
        unlinkat(place.folder.number, name, 0)
    }

    /// Takes away what an interrupted sync left in a folder, unless its writer is still at it.
    static func removeLeftover(_ name: [UInt8], in folder: Int32) {
        let terminated = name.map { CChar(bitPattern: $0) } + [0]
        let number = openat(folder, terminated, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { return }
        defer { close(number) }
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else { return }
        unlinkat(folder, terminated, 0)
    }
}
