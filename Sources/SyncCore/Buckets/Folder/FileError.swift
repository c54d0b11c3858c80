import Glibc

/// A file or folder with which something could not be done.
struct FileError: CodedError, Equatable, CustomStringConvertible {
    var code: String
    var message: String

    /// - Parameter action: What was tried: `cannot be read`.
    init(_ path: String, _ action: String, errno number: Int32) {
        code = Self.name(number)
        message = "\(path) \(action): \(String(cString: strerror(number)))"
    }

    init(code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    var description: String { message }

    /// Whether the next file would fail just the same.
    var endsEverything: Bool {
        ["NoSpaceLeft", "QuotaExceeded", "ReadOnlyFileSystem", "TooManyOpenFiles"].contains(code)
    }

    private static func name(_ number: Int32) -> String {
        switch number {
        case EACCES, EPERM: "PermissionDenied"
        case ENOENT: "NoSuchFile"
        case ENOSPC: "NoSpaceLeft"
        case EDQUOT: "QuotaExceeded"
        case EROFS: "ReadOnlyFileSystem"
        case EMFILE, ENFILE: "TooManyOpenFiles"
        case ENAMETOOLONG: "NameTooLong"
        case ENOTDIR, EISDIR, EEXIST, ENOTEMPTY: "FileAndFolder"
        case ELOOP: "SymbolicLink"
        default: "InputOutputError"
        }
    }
}
