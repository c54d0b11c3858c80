import AWSCore
import FoundationEssentials
import Glibc
import Terminal

/// The two files of a cut-over's report.
struct CutoverFiles {
    let textPath: String
    let jsonPath: String

    /// - Throws: ``CommandFailure`` when no file can be made there, before anything is done; or when one is there already,
    ///   for a signed report is not overwritten.
    init(path: String?, date: Date) throws {
        let time = date.iso8601.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
        var base = path ?? "sync-cutover-\(String(decoding: time, as: UTF8.self))"
        for ending in [".txt", ".json"] where base.hasSuffix(ending) { base = String(base.dropLast(ending.count)) }
        textPath = base + ".txt"
        jsonPath = base + ".json"
        for path in [textPath, jsonPath] {
            guard access(path, F_OK) != 0 else {
                throw CommandFailure("\(path) is there already; --report names another file")
            }
        }
        let descriptor = open(jsonPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(jsonPath) }
        close(descriptor)
        unlink(jsonPath)
    }

    /// - Throws: ``CommandFailure``.
    func write(text: String, json: JSONValue) throws {
        try Self.write(JSONOutput.text(json), to: jsonPath)
        try Self.write(text, to: textPath)
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandFailure("the report \(path) cannot be written: \(error)")
        }
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure("the report \(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
