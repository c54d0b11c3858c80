/// One element of a small XML document; its attributes are left out.
package struct XMLElement: Sendable, Equatable {
    package var name: String
    /// Its text; empty when it has elements inside.
    package var text: String
    package var children: [XMLElement]

    package init(name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// Reads a whole document and returns its root.
    ///
    /// - Throws: ``XMLError``.
    package init(parsing bytes: [UInt8]) throws {
        // While it copies, S3 keeps the connection alive with blanks, which other servers send before the declaration.
        let document = bytes.drop(while: \.isASCIIWhitespace)
        if let root = PlainXMLReader.read(document) {
            self = root
        } else {
            try self.init(parsingWithExpat: document)
        }
    }

    init(parsingWithExpat document: ArraySlice<UInt8>) throws {
        var open: [XMLElement] = []
        var root: XMLElement?
        let parser = try XMLEventParser(
            onStart: { open.append(XMLElement(name: $0)) },
            onEnd: { _, text in
                guard var element = open.popLast() else { return }
                if element.children.isEmpty { element.text = text.string }
                if open.isEmpty {
                    root = element
                } else {
                    open[open.count - 1].children.append(element)
                }
            }
        )
        try parser.parse(document)
        guard let root else { throw XMLError(message: "there is no element") }
        self = root
    }

    /// The first element inside of that name.
    package subscript(name: String) -> XMLElement? {
        children.first { $0.name == name }
    }

    /// All elements inside of that name.
    package func all(_ name: String) -> [XMLElement] {
        children.filter { $0.name == name }
    }

    /// The document's bytes, without a declaration; for request bodies.
    ///
    /// `namespace` becomes the root's `xmlns`.
    package func serialized(namespace: String? = nil) -> [UInt8] {
        var output: [UInt8] = []
        append(to: &output, attributes: namespace.map { " xmlns=\"\($0)\"" } ?? "")
        return output
    }

    private func append(to output: inout [UInt8], attributes: String) {
        output.append(contentsOf: "<\(name)\(attributes)>".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): output.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): output.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): output.append(contentsOf: "&gt;".utf8)
            // A reader would turn a plain carriage return into a line feed, and might drop line feeds at an end.
            case 0x0d: output.append(contentsOf: "&#xD;".utf8)
            case 0x0a: output.append(contentsOf: "&#xA;".utf8)
            default: output.append(byte)
            }
        }
        for child in children { child.append(to: &output, attributes: "") }
        output.append(contentsOf: "</\(name)>".utf8)
    }
}
