import AWSTesting
import Testing

@testable import AWSCore

@Suite("The quick reader of small XML answers")
struct PlainXMLReaderTests {
    private static let copied = """
        <?xml version="1.0" encoding="UTF-8"?>
        <CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LastModified>2026-11-21T10:00:00.000Z\
        </LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag></CopyObjectResult>
        """

    @Test("takes what S3 answers to a copy, and gives what the parser gives")
    func copyResult() throws {
        let bytes = Array(Self.copied.utf8)
        let root = try #require(PlainXMLReader.read(bytes))
        #expect(root == (try XMLElement(parsingWithExpat: bytes[...])))
        #expect(root["ETag"]?.text == "\"d41d8cd98f00b204e9800998ecf8427e\"")
    }

    @Test(
        "leaves to the parser what it does not know",
        arguments: [
            "", "<a", "<a>", "<a></b>", "<a/><a/>", "<a>x</a>y", "<a b=\"c\"/>", "<a>\r\n</a>", "<a>]]></a>",
            "<a><!-- --></a>", "<a><![CDATA[x]]></a>", "<a>ü</a>", "<a>&no;</a>", "<!DOCTYPE a><a/>", "<a:b/>", "<1/>",
            "<a xmlns=\"x\"y/>",
        ]
    )
    func others(document: String) {
        #expect(PlainXMLReader.read(Array(document.utf8)) == nil)
    }

    @Test("never reads anything else than the parser, whatever becomes of a document")
    func mutations() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let documents = [
            Self.copied, "  <a><b>1</b> \n<b>&lt;&#x41;&amp;</b><c/>x<d><e>2</e></d></a>\n",
            "<Error><Code>SlowDown</Code><Message>a &gt; b</Message></Error>",
        ].map { Array($0.utf8) }
        let pieces = ["<", ">", "/", "&", ";", "\"", "]]>", "<b>", "</b>", "&amp;", "&#0;", "\r", "\0", " ", "x"]
        var taken = 0
        for _ in 0..<20_000 {
            var document = documents[Int.random(in: 0..<documents.count, using: &random)]
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let start = Int.random(in: 0...document.count, using: &random)
                let end = min(document.count, start + Int.random(in: 0...6, using: &random))
                let piece = pieces[Int.random(in: 0..<pieces.count, using: &random)]
                document.replaceSubrange(start..<end, with: Bool.random(using: &random) ? Array(piece.utf8) : [])
            }
            guard let quick = PlainXMLReader.read(document) else { continue }
            taken += 1
            let expected = try? XMLElement(parsingWithExpat: document.drop(while: \.isASCIIWhitespace))
            #expect(quick == expected, "seed \(seed): \(String(decoding: document, as: UTF8.self))")
        }
        #expect(taken > 2_000)
    }
}
