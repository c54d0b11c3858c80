import AWSCore
import FoundationEssentials
import Glibc
import Terminal

/// The file in which every difference stands, a line of JSON each; readable by its owner only, since keys are data.
final class ReportFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isClosed = false

    /// Makes the file, or empties the one that is there, before anything is compared.
    ///
    /// - Throws: ``CommandFailure``.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit {
        if !isClosed { _ = Glibc.close(descriptor) }
    }

    /// - Throws: ``CommandFailure``.
    func append(_ value: JSONValue) throws {
        buffer += JSONOutput.text(value, .line).utf8
        if buffer.count >= 1 << 16 { try flush() }
    }

    /// Writes what is left; a file that was not closed may lack its end.
    ///
    /// - Throws: ``CommandFailure``.
    func close() throws {
        try flush()
        isClosed = true
        guard Glibc.close(descriptor) == 0 else { throw Self.failure(path) }
    }

    private func flush() throws {
        var rest = buffer[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure(path) }
            rest = rest.dropFirst(count)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure("the report \(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
