import AWSTesting
import Testing

@testable import AWSCore

@Suite("AWS configuration files")
struct INIFileTests {
    private func parse(_ text: String) throws -> [INIFile.Section] {
        try INIFile(Array(text.utf8), path: "config").sections
    }

    @Test("Comments, white space and the case of keys do not matter")
    func lenient() throws {
        let sections = try parse(
            """
            # first
            ; second
            [ profile one ] # a comment
            REGION=us-east-1
              output  =   json   ; not the value
            ca_bundle : /a b#c
            empty =
            [default]
            """
        )
        #expect(sections.map(\.name) == ["profile one", "default"])
        // "output" is indented deeper than "region" and so continues it, as the aws command has it.
        #expect(sections[0].values["region"] == "us-east-1\noutput  =   json   ; not the value")
        #expect(sections[0].values["ca_bundle"] == "/a b#c")
        #expect(sections[0].values["empty"] == "")
    }

    @Test("A value ends at a comment after white space, credential_process does not")
    func inlineComments() throws {
        let values = try parse("[a]\nregion = us-east-1 # home\ncredential_process = sh -c 'a ; b' # c\nx = a#b")[0]
            .values
        #expect(values["region"] == "us-east-1")
        #expect(values["credential_process"] == "sh -c 'a ; b' # c")
        #expect(values["x"] == "a#b")
    }

    @Test("Indented lines below an empty value are a block")
    func nestedBlocks() throws {
        let text =
            "[services local]\r\ndynamodb =\r\n  endpoint_url = http://a?b=c\r\n  # no\r\n\r\ns3 =\r\n\tX = 1\r\nregion = r\r\n"
        let section = try parse(text)[0]
        #expect(section.blocks == ["dynamodb": ["endpoint_url": "http://a?b=c"], "s3": ["x": "1"]])
        #expect(section.values == ["region": "r"])
    }

    @Test("A byte order mark is no part of the first section")
    func byteOrderMark() throws {
        #expect(try parse("\u{FEFF}[default]\na=1")[0].name == "default")
    }

    @Test(
        "Errors name file and line, never what stands there",
        arguments: [
            ("secret-value = x", 1, "section"),
            ("[default]\nsecret-value", 2, "name = value"),
            ("[default\nregion = x", 1, "bracket"),
            ("[default] secret-value\n", 1, "bracket"),
            ("[]\n", 1, "no name"),
            ("[default]\n= secret-value", 2, "no name"),
            ("[default]\ns3 =\n  secret-value\n", 3, "\"s3\""),
        ]
    )
    func errors(text: String, line: Int, reason: String) {
        let message = message { try parse(text) }
        #expect(message.hasPrefix("config, line \(line): "))
        #expect(message.contains(reason))
        #expect(!message.contains("secret"))
    }

    @Test("A file that is not UTF-8 is refused")
    func notUTF8() {
        let message = message { try INIFile([0x5B, 0xFF, 0x5D], path: "config") }
        #expect(message == "config is not UTF-8 text")
    }

    @Test("No text makes the parser fail in any other way than with its own error")
    func random() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let pieces = ["[", "]", "profile", "\"", "\\", " ", "\n", "\r\n", "=", ":", "#", ";", "s3", "\t", "é", "\u{0}"]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0..<30, using: &generator))
                .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
            do {
                _ = try parse(text)
            } catch let error as ConfigurationError {
                #expect(error.message.hasPrefix("config, line "), "seed \(seed)")
            }
        }
    }
}
