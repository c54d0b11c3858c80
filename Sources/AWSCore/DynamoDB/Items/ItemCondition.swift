/// What must be true of the item that has the same key for a PutItem or DeleteItem to happen.
package enum ItemCondition: Sendable, Equatable {
    /// Nothing.
    case none
    /// There is no item with this key. The name is that of the table's partition key.
    case notExists(partitionKey: String)
    /// There is an item, and each attribute of this item's JSON text has the same value in it.
    ///
    /// DynamoDB has no way to ask that an item have no attribute besides these: one that only gained attributes passes.
    /// What is known to be added by others can be named: no attribute of `lackingAttributesOf` (JSON text of an item)
    /// may be there unless `item` has it too. For the rest see ``ItemWriteOutcome/written(previous:)``.
    ///
    /// An expression holds 300 operators and 4 KB (Developer Guide, "Constraints: Expression parameters"), which is 150
    /// attributes of an item. `mayLeaveOut` says what to do with more: leave out what does not fit, for callers that
    /// make sure in another way, or throw ``ItemConditionError``.
    case equals(item: ArraySlice<UInt8>, lackingAttributesOf: ArraySlice<UInt8>? = nil, mayLeaveOut: Bool = false)
}

/// A condition that DynamoDB cannot be asked for.
package enum ItemConditionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Too many attributes to compare each within DynamoDB's limits for one expression.
    case tooManyAttributes(Int)
    /// The item is not one: nothing to compare with, or malformed text.
    case malformedItem(String)

    package var description: String {
        switch self {
        case .tooManyAttributes(let count):
            "the item has \(count) attributes, more than a condition can compare (DynamoDB allows 300 operators)"
        case .malformedItem(let reason): "the item to compare with is malformed: \(reason)"
        }
    }
}

extension ItemCondition {
    /// DynamoDB's limits for one expression.
    static let maximumOperators = 300
    static let maximumExpressionBytes = 4096

    /// Appends ConditionExpression and what it refers to, each with a leading comma; nothing for no condition.
    func append(to body: inout [UInt8]) throws(ItemConditionError) {
        switch self {
        case .none: return
        case .notExists(let partitionKey):
            body.append(",\"ConditionExpression\":\"attribute_not_exists(#k)\",\"ExpressionAttributeNames\":{\"#k\":")
            body.appendJSON(partitionKey)
            body.append("}")
        case .equals(let item, let other, let mayLeaveOut):
            var expression = ItemConditionExpression(mayLeaveOut: mayLeaveOut)
            do throws(JSONScanError) {
                try expression.addEqualities(to: item)
                if let other { try expression.addAbsences(of: other, unlessIn: item) }
            } catch {
                throw .malformedItem("\(error)")
            }
            guard mayLeaveOut || !expression.isIncomplete else {
                throw .tooManyAttributes(expression.termsWanted)
            }
            guard !expression.text.isEmpty else { throw .malformedItem("it has no attributes") }
            body.append(",\"ConditionExpression\":\"")
            body += expression.text
            body.append("\",\"ExpressionAttributeNames\":{")
            body += expression.names
            body.append("},\"ExpressionAttributeValues\":{")
            body += expression.values
            body.append("}")
        }
        body.append(",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"")
    }
}

/// Terms joined by AND, within DynamoDB's limits.
private struct ItemConditionExpression {
    let mayLeaveOut: Bool
    var text: [UInt8] = []
    /// Members of ExpressionAttributeNames and ExpressionAttributeValues.
    var names: [UInt8] = []
    var values: [UInt8] = []
    var termsWanted = 0
    var isIncomplete = false
    private var terms = 0

    init(mayLeaveOut: Bool) {
        self.mayLeaveOut = mayLeaveOut
    }

    /// Terms `#0=:0`; names and values go in by reference, spliced as they are.
    mutating func addEqualities(to item: ArraySlice<UInt8>) throws(JSONScanError) {
        try item.forEachAttribute { bytes, attribute in
            let reference = String(terms, radix: 36)
            guard addTerm("#\(reference)=:\(reference)") else { return }
            appendName(reference, bytes, attribute)
            values += "\(values.isEmpty ? "" : ",")\":\(reference)\":".utf8
            values += bytes[attribute.typedValue]
        }
    }

    mutating func addAbsences(of other: ArraySlice<UInt8>, unlessIn item: ArraySlice<UInt8>) throws(JSONScanError) {
        var present: Set<[UInt8]> = []
        try item.forEachAttribute { bytes, attribute in
            present.insert(JSONStringBytes.unescaped(bytes, attribute.name.content))
        }
        try other.forEachAttribute { bytes, attribute in
            guard !present.contains(JSONStringBytes.unescaped(bytes, attribute.name.content)) else { return }
            let reference = String(terms, radix: 36)
            guard addTerm("attribute_not_exists(#\(reference))") else { return }
            appendName(reference, bytes, attribute)
        }
    }

    private mutating func appendName(
        _ reference: String,
        _ bytes: UnsafeRawBufferPointer,
        _ attribute: ItemReader.Attribute
    ) {
        names += "\(names.isEmpty ? "" : ",")\"#\(reference)\":\"".utf8
        names += bytes[attribute.name.content]
        names.append("\"")
    }

    /// A term is one operator or function, and each AND between two is another.
    private mutating func addTerm(_ term: String) -> Bool {
        termsWanted += 1
        let addition = (text.isEmpty ? "" : " AND ") + term
        guard 2 * terms + 1 <= ItemCondition.maximumOperators,
            text.count + addition.utf8.count <= ItemCondition.maximumExpressionBytes
        else {
            isIncomplete = true
            return false
        }
        text += addition.utf8
        terms += 1
        return true
    }
}

extension ArraySlice<UInt8> {
    /// Goes through the attributes of an item; places count from the start of the slice.
    fileprivate func forEachAttribute(
        _ body: (UnsafeRawBufferPointer, ItemReader.Attribute) -> Void
    ) throws(JSONScanError) {
        let result = withUnsafeBytes { bytes -> Result<Void, JSONScanError> in
            do throws(JSONScanError) {
                var reader = try ItemReader(bytes)
                while let attribute = try reader.next() { body(bytes, attribute) }
                try reader.scanner.requireEnd()
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
