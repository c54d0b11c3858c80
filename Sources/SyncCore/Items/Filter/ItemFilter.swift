package import AWSCore

/// Which items are meant: `--where` of every command that copies, compares or follows a table.
///
/// The language is that of DynamoDB's condition expressions with values in place: `'text'` (a quote inside is written
/// twice), numbers, `true`, `false`, `null`; attributes as `a.b[0]`, unusual names as `"name"`; `=` `<>` `<` `<=` `>` `>=`,
/// `BETWEEN x AND y`, `IN (x, …)`, `AND`, `OR`, `NOT`, parentheses; `attribute_exists(a)`, `attribute_not_exists(a)`,
/// `attribute_type(a, 'S')`, `begins_with(a, 'x')`, `contains(a, x)`, `size(a)`.
///
/// It means what it means to DynamoDB: values of different types are never equal and have no order; an attribute that is
/// not there makes every comparison false except `<>`, which it makes true; texts and binaries order by their bytes.
/// `size` of a text is its length in UTF-8.
package struct ItemFilter: Sendable {
    /// The text that it was made of.
    package let expression: String
    let condition: FilterCondition
    let paths: [FilterPath]
    let literals: [FilterLiteral]
    let pool: [UInt8]

    /// - Throws: ``ItemFilterError``, one line with the place.
    package init(parsing expression: String) throws(ItemFilterError) {
        var parser = try FilterParser(expression)
        self.expression = expression
        condition = try parser.parse()
        paths = parser.paths
        literals = parser.literals
        pool = parser.pool
    }

    /// Whether an item, given as its JSON text, is one of those.
    ///
    /// - Throws: ``JSONScanError`` when the text is no item as far as it was looked at.
    package func matches(_ item: UnsafeRawBufferPointer) throws(JSONScanError) -> Bool {
        let result = pool.withUnsafeBytes { pool in
            withUnsafeTemporaryAllocation(of: FilterValue?.self, capacity: paths.count) { values in
                values.initialize(repeating: nil)
                defer { values.deinitialize() }
                return Result { () throws(JSONScanError) in
                    try find(in: item, values)
                    let evaluation = FilterEvaluation(
                        values: UnsafeBufferPointer(values),
                        literals: literals,
                        pool: pool
                    )
                    return try evaluation.isTrue(condition)
                }
            }
        }
        return try result.get()
    }

    /// See ``matches(_:)``.
    package func matches(_ item: ArraySlice<UInt8>) throws(JSONScanError) -> Bool {
        let result = item.withUnsafeBytes { bytes in
            Result { () throws(JSONScanError) in try matches(bytes) }
        }
        return try result.get()
    }

    /// Looks for every path in one walk.
    private func find(
        in item: UnsafeRawBufferPointer,
        _ values: UnsafeMutableBufferPointer<FilterValue?>
    ) throws(JSONScanError) {
        var reader = try ItemReader(item)
        var left = paths.count
        while left > 0, let attribute = try reader.next() {
            for index in 0..<paths.count where Self.isSame(attribute.name, in: item, paths[index].root) {
                values[index] = try Self.value(attribute, in: item, paths[index].steps[...])
                left -= 1
            }
        }
    }

    /// Follows a path into a value; `nil` where it leads nowhere.
    private static func value(
        _ attribute: ItemReader.Attribute,
        in item: UnsafeRawBufferPointer,
        _ steps: ArraySlice<FilterPath.Step>
    ) throws(JSONScanError) -> FilterValue? {
        guard let step = steps.first else { return FilterValue(attribute, in: item) }
        switch (step, attribute.type) {
        case (.member(let name), .map):
            var reader = try ItemReader(item, at: attribute.value.lowerBound)
            while let member = try reader.next() {
                if isSame(member.name, in: item, name) { return try value(member, in: item, steps.dropFirst()) }
            }
            return nil
        case (.element(let number), .list):
            var scanner = JSONScanner(item, at: attribute.value.lowerBound)
            var index = 0
            var found: ItemReader.Attribute?
            try scanner.forEachElement { scanner throws(JSONScanError) in
                let element = try scanner.readAttributeValue()
                if index == number { found = element }
                index += 1
            }
            guard let found else { return nil }
            return try value(found, in: item, steps.dropFirst())
        default: return nil
        }
    }

    @inline(__always)
    private static func isSame(_ name: JSONStringRange, in item: UnsafeRawBufferPointer, _ expected: [UInt8]) -> Bool {
        if name.hasEscapes { return JSONStringBytes.unescaped(item, name.content) == expected }
        guard name.content.count == expected.count else { return false }
        let start = name.content.lowerBound
        for index in 0..<expected.count where item[start &+ index] != expected[index] { return false }
        return true
    }
}

extension ItemFilter: Equatable {
    /// Whether both were made of the same text.
    package static func == (left: ItemFilter, right: ItemFilter) -> Bool {
        left.expression.utf8.elementsEqual(right.expression.utf8)
    }
}
