import AWSCore
import AWSTesting
import Foundation
import Testing

@testable import BackupCore

/// The AWS CLI checks parameters against botocore's model before it sends them: so does this.
@Suite("Table schema, checked by botocore", .enabled(if: Botocore.isAvailable, "python3 cannot import botocore"))
struct TableSchemaBotocoreTests {
    @Test("The schemas of described tables pass as TableCreationParameters")
    func accepted() throws {
        let schemas = try [TableDescriptions.onDemand(), TableDescriptions.provisioned()].flatMap { table in
            [try TableSchema(describing: table), try TableSchema(describing: table).removingSSE()]
        }
        #expect(try Botocore.report(on: schemas.map(\.fileContents)) == "")
    }

    @Test("Schemas made at random pass")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let schemas = try (0..<30).map { _ in try TableSchema(describing: Self.randomTable(using: &generator)) }
        for schema in schemas {
            #expect(try TableSchema(fileContents: schema.fileContents, source: "f") == schema, "seed \(seed)")
        }
        #expect(try Botocore.report(on: schemas.map(\.fileContents)) == "", "seed \(seed)")
    }

    @Test("The check itself finds what is wrong")
    func refused() throws {
        #expect(try Botocore.report(on: [try TableDescriptions.onDemand().serialized()]).contains("Unknown parameter"))
    }

    private static func randomTable(using generator: inout SeededGenerator) throws -> JSONValue {
        var table =
            Bool.random(using: &generator) ? try TableDescriptions.onDemand() : try TableDescriptions.provisioned()
        for key in ["SSEDescription", "LocalSecondaryIndexes", "OnDemandThroughput", "GlobalSecondaryIndexes"]
        where Bool.random(using: &generator) {
            table = table.setting(key, nil)
        }
        if Bool.random(using: &generator) { table = table.setting("BillingModeSummary", nil) }
        return table
    }
}

/// botocore's own check of parameters against the model of ImportTable.
private enum Botocore {
    static let isAvailable = (try? run("import botocore.session", [])) == ""

    /// What botocore finds wrong with any of the parameters; empty for nothing.
    static func report(on parameters: [[UInt8]]) throws -> String {
        let script = """
            import json, sys, botocore.session, botocore.validate
            model = botocore.session.get_session().get_service_model("dynamodb").operation_model("ImportTable").input_shape
            for line in open(sys.argv[1]):
                parameters = {"S3BucketSource": {"S3Bucket": "b"}, "InputFormat": "DYNAMODB_JSON",
                    "TableCreationParameters": json.loads(line)}
                print(botocore.validate.ParamValidator().validate(parameters, model).generate_report(), end="")
            """
        let lines = try parameters.map { try JSONValue(parsing: $0).text() }
        let file = FileManager.default.temporaryDirectory.appending(path: "schemas-\(UUID().uuidString).jsonl")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try run(script, [file.path])
    }

    private static func run(_ script: String, _ arguments: [String]) throws -> String {
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script] + arguments
        let output = Pipe()
        python.standardOutput = output
        python.standardError = FileHandle.nullDevice
        try python.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        python.waitUntilExit()
        return python.terminationStatus == 0 ? String(decoding: answer, as: UTF8.self) : "python3 failed"
    }
}
