import Glibc

import struct FoundationEssentials.Date

/// A folder whose files are reached by keys, and out of which no key leads.
///
/// Every part of a key must be a name, and every folder on the way is opened from the one above it without following
/// symbolic links: a link at the target would lead elsewhere.
struct FolderTree: Sendable {
    let path: String

    /// What messages call the file.
    func path(of key: String) -> String { path + (path.hasSuffix("/") ? "" : "/") + key }

    /// A key's folder and name.
    struct Place: Sendable {
        let folder: FileDescriptor
        let name: String
        /// For messages.
        let path: String
    }

    /// - Throws: ``FileError`` of code `UnsafeKey` for a key that is no path below a folder.
    static func components(of key: String) throws -> [String] {
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String($0) }
        for part in parts.compactMap({ $0 }) {
            guard part != "", part != ".", part != "..", !part.utf8.contains(0) else {
                throw FileError(
                    code: "UnsafeKey",
                    "the key cannot be a path in a folder: \(part.isEmpty ? "a name is empty" : "\"\(part)\" is no name")"
                )
            }
            guard !PartialFile.isName(Array(part.utf8)) else {
                throw FileError(
                    code: "UnsafeKey",
                    "the key cannot be a path in a folder: \(part) is a name for files in the making"
                )
            }
        }
        return parts.compactMap { $0 }
    }

    /// The place of a key's file.
    ///
    /// - Parameter creates: Whether folders that are missing are made, the tree's own included.
    /// - Returns: `nil` when a folder on the way is missing, or is none.
    func place(of key: String, creates: Bool) throws -> Place? {
        var names = try Self.components(of: key)
        let name = names.removeLast()
        var way = path
        var folder: FileDescriptor
        do {
            if creates { try Self.makeFolders(path) }
            folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            for part in names {
                way += "/" + part
                if creates, mkdirat(folder.number, part, 0o777) != 0, errno != EEXIST {
                    throw FileError(way, "cannot be made", errno: errno)
                }
                folder = try FileDescriptor.open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: folder)
            }
        } catch let error as FileError {
            if !creates, error.code == "NoSuchFile" || error.code == "FileAndFolder" { return nil }
            guard error.code == "FileAndFolder" || error.code == "SymbolicLink" else { throw error }
            throw FileError(
                code: error.code,
                "\(way) is a file or a link, and the key needs a folder there; nothing is written through links"
            )
        }
        return Place(folder: folder, name: name, path: path(of: key))
    }

    /// What a file is like; `nil` when there is none.
    ///
    /// - Parameter followsLinks: What is read follows links; what is written does not.
    func state(of key: String, followsLinks: Bool) throws -> ObjectState? {
        var status = stat()
        if followsLinks {
            guard stat(path(of: key), &status) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return nil }
                throw FileError(path(of: key), "cannot be read", errno: errno)
            }
        } else {
            guard let place = try place(of: key, creates: false) else { return nil }
            guard fstatat(place.folder.number, place.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                if errno == ENOENT { return nil }
                throw FileError(place.path, "cannot be read", errno: errno)
            }
        }
        return status.isFile ? ObjectState(status) : nil
    }

    /// Deletes a file, unless it is another one by now.
    ///
    /// - Returns: whether it was deleted.
    func delete(_ key: String, ifUnchangedSince state: ObjectState) throws -> Bool {
        guard let now = try self.state(of: key, followsLinks: false), now.isSameFile(as: state),
            let place = try place(of: key, creates: false)
        else { return false }
        guard unlinkat(place.folder.number, place.name, 0) == 0 else {
            if errno == ENOENT { return false }
            throw FileError(place.path, "cannot be deleted", errno: errno)
        }
        return true
    }

    private static func makeFolders(_ path: String) throws {
        guard access(path, F_OK) != 0 else { return }
        var way = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            way += part + "/"
            guard mkdir(way, 0o777) == 0 || errno == EEXIST else {
                throw FileError(way, "cannot be made", errno: errno)
            }
        }
    }
}

extension ObjectState {
    /// Whether a file was not written in between, as far as size and time tell; listings cut times to microseconds.
    func isSameFile(as other: ObjectState) -> Bool {
        guard size == other.size, let lastModified, let otherTime = other.lastModified else { return false }
        return abs(lastModified.timeIntervalSince(otherTime)) < 0.001
    }
}
