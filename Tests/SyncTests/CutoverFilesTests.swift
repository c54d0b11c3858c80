import AWSCore
import FoundationEssentials
import Terminal
import Testing

@testable import Sync

@Suite("The files of a cut-over's report")
struct CutoverFilesTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/cutover-files-\(UUID().uuidString)"

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body()
    }

    private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? [] }

    @Test("have the report's name, whichever of both was given, and nothing is there before they are written")
    func written() throws {
        try inFolder {
            for name in ["report", "report.txt", "report.json"] {
                let files = try CutoverFiles(path: "\(folder)/\(name)", date: Date())
                #expect([files.textPath, files.jsonPath] == ["\(folder)/report.txt", "\(folder)/report.json"])
            }
            #expect(files.isEmpty)
            try CutoverFiles(path: "\(folder)/report", date: Date()).write(text: "text\n", json: ["a": 1])
            #expect(files == ["report.json", "report.txt"])
            #expect(try String(contentsOfFile: "\(folder)/report.txt", encoding: .utf8) == "text\n")
        }
    }

    @Test("are never written over one that is there", arguments: ["report.txt", "report.json"])
    func existing(name: String) throws {
        try inFolder {
            let path = "\(folder)/\(name)"
            try Data("signed".utf8).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: CommandFailure.self) {
                try CutoverFiles(path: "\(folder)/report", date: Date())
            }
            #expect(error?.description == "\(path) is there already; --report names another file")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "signed" && files == [name])
        }
    }

    @Test("are tried before anything is done")
    func unwritable() throws {
        let error = #expect(throws: CommandFailure.self) {
            try CutoverFiles(path: "\(folder)/none/report", date: Date())
        }
        #expect(error?.description.contains("\(folder)/none/report.json cannot be written: No such file") == true)
    }
}
