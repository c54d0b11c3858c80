internal import CExpat

/// Reads XML and reports every element's start and end.
///
/// For AWS's answers: no attributes, no mixed content, no comments. A document type declaration is refused, because
/// AWS sends none and entities are a way to attack a parser. Use one from one task at a time, for one document.
package final class XMLEventParser {
    private let parser: XML_Parser
    private let onStart: (_ name: String) throws -> Void
    private let onEnd: (_ name: String, _ text: Text) throws -> Void
    /// The text since the last start or end of an element.
    private var text: [UInt8] = []
    private var depth = 0
    private var failure: (any Error)?

    /// The text of an element, to be read within the call that hands it over: most texts nobody wants as a string.
    package struct Text {
        let bytes: UnsafeBufferPointer<UInt8>

        package var string: String { String(decoding: bytes, as: UTF8.self) }

        static func == (text: Text, word: StaticString) -> Bool {
            word.withUTF8Buffer { $0.elementsEqual(text.bytes) }
        }
    }

    /// Deeper than any answer of AWS, so that a hostile one cannot exhaust the reader's stack.
    private static let maximumDepth = 64

    /// - Parameters:
    ///   - onStart: Called with the name of an element that begins.
    ///   - onEnd: Called with the name of an element that ends and, when it has no elements inside, its text.
    package init(
        onStart: @escaping (_ name: String) throws -> Void,
        onEnd: @escaping (_ name: String, _ text: Text) throws -> Void
    ) throws {
        guard let parser = XML_ParserCreate(nil) else { throw XMLError(message: "no memory for an XML parser") }
        self.parser = parser
        self.onStart = onStart
        self.onEnd = onEnd
        // Unretained: the parser lives no longer than this object, and calls back only from within `parse`.
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, _ in XMLEventParser.from(context)?.elementStarted(name) },
            { context, name in XMLEventParser.from(context)?.elementEnded(name) }
        )
        XML_SetCharacterDataHandler(parser) { context, bytes, count in
            XMLEventParser.from(context)?.textFound(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        }
        XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            XMLEventParser.from(context)?.stop(XMLError(message: "the answer has a document type declaration"))
        }
    }

    deinit {
        XML_ParserFree(parser)
    }

    /// Reads the whole document.
    ///
    /// - Throws: ``XMLError`` when the XML is broken or cut off; what the callbacks throw.
    package func parse(_ document: some Collection<UInt8>) throws {
        let isParsed: Void? = try document.withContiguousStorageIfAvailable { try parse(UnsafeRawBufferPointer($0)) }
        if isParsed == nil { try Array(document).withUnsafeBytes { try parse($0) } }
    }

    private func parse(_ document: UnsafeRawBufferPointer) throws {
        var rest = document
        repeat {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            let status = XML_Parse(
                parser,
                piece.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(piece.count),
                rest.isEmpty ? 1 : 0
            )
            if let failure { throw failure }
            guard status == XML_STATUS_OK else {
                let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "unknown error"
                throw XMLError(message: "\(reason), line \(XML_GetCurrentLineNumber(parser))")
            }
        } while !rest.isEmpty
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> XMLEventParser? {
        context.map { Unmanaged<XMLEventParser>.fromOpaque($0).takeUnretainedValue() }
    }

    private func elementStarted(_ name: UnsafePointer<CChar>?) {
        guard failure == nil, let name else { return }
        depth += 1
        guard depth <= Self.maximumDepth else { return stop(XMLError(message: "elements are nested too deeply")) }
        text.removeAll(keepingCapacity: true)
        do { try onStart(String(cString: name)) } catch { stop(error) }
    }

    private func elementEnded(_ name: UnsafePointer<CChar>?) {
        guard failure == nil, let name else { return }
        depth -= 1
        do {
            try text.withUnsafeBufferPointer { try onEnd(String(cString: name), Text(bytes: $0)) }
        } catch {
            stop(error)
        }
        text.removeAll(keepingCapacity: true)
    }

    private func textFound(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        text.append(contentsOf: bytes)
    }

    private func stop(_ error: any Error) {
        if failure == nil { failure = error }
        XML_StopParser(parser, 0)
    }
}

/// XML that is broken, cut off or not what it should be.
package struct XMLError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String

    package init(message: String) {
        self.message = message
    }

    package var description: String { "invalid XML: \(message)" }
}
