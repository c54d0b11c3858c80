/// The sections of one of AWS's configuration files, as the AWS SDKs and the aws command read them.
///
/// Lines that begin with `#` or `;` are comments, and so is what follows ` #` or ` ;` in a value (in all but
/// `credential_process`, where the aws command passes it on). Keys are case-insensitive. A line that is indented
/// deeper than the property above it continues that property: below an empty value the lines are a nested block
/// (`s3 =`), otherwise more text. A section or key that comes again is merged, the later value wins.
struct INIFile {
    struct Section {
        /// Between the brackets, without white space at the ends.
        var name: String
        var line: Int
        var values: [String: String] = [:]
        var blocks: [String: [String: String]] = [:]
    }

    private(set) var sections: [Section] = []

    /// - Parameter path: for messages, which name file and line but never show what stands there: it may be a secret.
    init(_ bytes: [UInt8], path: String) throws {
        var bytes = bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw ConfigurationError("\(path) is not UTF-8 text")
        }
        var property: Property?
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, lineBytes) in lines.enumerated() {
            let line = Line(lineBytes, number: index + 1, path: path)
            if line.isBlankOrComment { continue }
            if property != nil, let indentation = property?.indentation, line.indentation > indentation {
                try property?.append(line)
                continue
            }
            finish(&property)
            if line.text.hasPrefix("[") {
                sections.append(Section(name: try line.sectionName(), line: line.number))
            } else if sections.isEmpty {
                throw line.error("expected a section such as [default] before the first setting")
            } else {
                property = try Property(line)
            }
        }
        finish(&property)
    }

    private mutating func finish(_ property: inout Property?) {
        guard let finished = property else { return }
        let last = sections.count - 1
        if finished.value.isEmpty, !finished.block.isEmpty {
            sections[last].blocks[finished.key, default: [:]].merge(finished.block) { $1 }
        } else {
            sections[last].values[finished.key] = finished.value
        }
        property = nil
    }

    /// One line without its end, and what an error about it says.
    private struct Line {
        let text: String
        let indentation: Int
        let number: Int
        let path: String

        init(_ bytes: ArraySlice<UInt8>, number: Int, path: String) {
            self.text = String(decoding: bytes, as: UTF8.self).strippingASCIIWhitespace
            self.indentation = bytes.prefix { $0 == 0x20 || $0 == 0x09 }.count
            self.number = number
            self.path = path
        }

        var isBlankOrComment: Bool { text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";") }

        func error(_ problem: String) -> ConfigurationError {
            ConfigurationError("\(path), line \(number): \(problem)")
        }

        func sectionName() throws -> String {
            guard let end = text.firstIndex(of: "]") else { throw error("the section's closing bracket is missing") }
            let rest = text[text.index(after: end)...].strippingASCIIWhitespace
            guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else {
                throw error("only a comment may follow the section's closing bracket")
            }
            let name = text[text.index(after: text.startIndex)..<end].strippingASCIIWhitespace
            guard !name.isEmpty else { throw error("the section has no name") }
            return name
        }
    }

    /// A key, its value and, below an empty value, its nested block.
    private struct Property {
        let key: String
        let indentation: Int
        var value: String
        var block: [String: String] = [:]

        init(_ line: Line) throws {
            guard let delimiter = line.text.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw line.error("expected \"name = value\"")
            }
            let key = line.text[..<delimiter].strippingASCIIWhitespace.lowercased()
            guard !key.isEmpty else { throw line.error("the setting has no name") }
            let raw = line.text[line.text.index(after: delimiter)...]
            self.key = key
            self.indentation = line.indentation
            self.value = key == "credential_process" ? raw.strippingASCIIWhitespace : Self.withoutComment(raw)
        }

        mutating func append(_ line: Line) throws {
            guard value.isEmpty else {
                value += "\n" + line.text
                return
            }
            guard let delimiter = line.text.firstIndex(of: "=") else {
                throw line.error("expected \"name = value\" in the block of \"\(key)\"")
            }
            let nested = line.text[..<delimiter].strippingASCIIWhitespace.lowercased()
            block[nested] = Self.withoutComment(line.text[line.text.index(after: delimiter)...])
        }

        private static func withoutComment(_ text: Substring) -> String {
            var previousIsSpace = false
            for (index, byte) in zip(text.utf8.indices, text.utf8) {
                if previousIsSpace, byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") {
                    return text[..<index].strippingASCIIWhitespace
                }
                previousIsSpace = byte.isASCIIWhitespace
            }
            return text.strippingASCIIWhitespace
        }
    }
}
