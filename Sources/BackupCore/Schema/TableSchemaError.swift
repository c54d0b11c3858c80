internal import AWSCore

/// Why something is not a table's schema: one line that names the file, the field, and what belongs there.
package struct TableSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file's name or key, or the operation whose answer it was.
    package var source: String
    /// `KeySchema[0].KeyType`; `nil` when it is about the whole.
    package var field: String?
    package var message: String

    package init(source: String, field: String? = nil, message: String) {
        self.source = source
        self.field = field
        self.message = message
    }

    package var description: String { [source, field, message].compactMap(\.self).joined(separator: ": ") }
}

/// A value inside a schema that knows its place, so that every error can name it.
struct TableSchemaField {
    let source: String
    let path: String
    let value: JSONValue

    init(source: String, path: String = "", value: JSONValue) {
        self.source = source
        self.path = path
        self.value = value
    }

    func error(_ message: String) -> TableSchemaError {
        TableSchemaError(source: source, field: path.isEmpty ? nil : path, message: message)
    }

    private func mismatch(_ expected: String) -> TableSchemaError {
        switch value {
        case .string(let text): error("\"\(text)\" where \(expected) is expected")
        case .number(let number): error("\(number) where \(expected) is expected")
        default: error("\(value.kindName) where \(expected) is expected")
        }
    }

    func object() throws(TableSchemaError) -> JSONObject {
        guard let object = value.object else { throw mismatch("an object") }
        return object
    }

    /// The member of that name; `nil` when it is not there, or `null` as some tools write for that.
    func member(_ name: String) throws(TableSchemaError) -> TableSchemaField? {
        guard let value = try object()[name], !value.isNull else { return nil }
        return TableSchemaField(source: source, path: path.isEmpty ? name : "\(path).\(name)", value: value)
    }

    func required(_ name: String, _ expected: String) throws(TableSchemaError) -> TableSchemaField {
        guard let field = try member(name) else {
            let place = path.isEmpty ? name : "\(path).\(name)"
            throw TableSchemaError(source: source, field: place, message: "missing; \(expected) is expected")
        }
        return field
    }

    func elements(_ expected: String) throws(TableSchemaError) -> [TableSchemaField] {
        guard let array = value.array else { throw mismatch(expected) }
        return array.enumerated().map { index, value in
            TableSchemaField(source: source, path: "\(path)[\(index)]", value: value)
        }
    }

    func string(_ expected: String) throws(TableSchemaError) -> String {
        guard let string = value.string, !string.isEmpty else { throw mismatch(expected) }
        return string
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type
    ) throws(TableSchemaError) -> Choice where Choice.RawValue == String {
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            let choices = Choice.allCases.map(\.rawValue)
            let last = choices.suffix(1).joined()
            throw mismatch(choices.count > 1 ? choices.dropLast().joined(separator: ", ") + " or " + last : last)
        }
        return choice
    }

    func integer(minimum: Int) throws(TableSchemaError) -> Int {
        guard let integer = value.integer, integer >= minimum else {
            throw mismatch("a whole number of at least \(minimum)")
        }
        return integer
    }

    func refuseUnknown(_ known: [String]) throws(TableSchemaError) {
        for key in try object().keys where !known.contains(key) {
            throw TableSchemaError(
                source: source,
                field: path.isEmpty ? key : "\(path).\(key)",
                message: "unknown; expected only \(known.joined(separator: ", "))"
            )
        }
    }
}
