/// The type of an attribute value, under DynamoDB's name for it (API Reference, "AttributeValue").
package enum AttributeType: UInt8, Sendable {
    case string
    case number
    case binary
    case bool
    case null
    case list
    case map
    case stringSet
    case numberSet
    case binarySet
    /// One that DynamoDB did not have when this was written; passed on as it is.
    case unknown

    /// The member that holds the value in JSON: `S`, `NULL`.
    package var tag: String {
        switch self {
        case .string: "S"
        case .number: "N"
        case .binary: "B"
        case .bool: "BOOL"
        case .null: "NULL"
        case .list: "L"
        case .map: "M"
        case .stringSet: "SS"
        case .numberSet: "NS"
        case .binarySet: "BS"
        case .unknown: "?"
        }
    }

    /// The raw value; unlike that, it costs nothing in another module.
    @inlinable @inline(__always)
    package var code: UInt8 {
        switch self {
        case .string: 0
        case .number: 1
        case .binary: 2
        case .bool: 3
        case .null: 4
        case .list: 5
        case .map: 6
        case .stringSet: 7
        case .numberSet: 8
        case .binarySet: 9
        case .unknown: 10
        }
    }

    /// The one of all enumerations with raw values is called through a table of functions.
    @inlinable @inline(__always)
    package static func == (left: AttributeType, right: AttributeType) -> Bool { left.code == right.code }

    @inlinable
    init(tag: UnsafeRawBufferPointer) {
        switch (tag.count, tag.first ?? 0, tag.last ?? 0) {
        case (1, UInt8(ascii: "S"), _): self = .string
        case (1, UInt8(ascii: "N"), _): self = .number
        case (1, UInt8(ascii: "B"), _): self = .binary
        case (1, UInt8(ascii: "M"), _): self = .map
        case (1, UInt8(ascii: "L"), _): self = .list
        case (2, UInt8(ascii: "S"), UInt8(ascii: "S")): self = .stringSet
        case (2, UInt8(ascii: "N"), UInt8(ascii: "S")): self = .numberSet
        case (2, UInt8(ascii: "B"), UInt8(ascii: "S")): self = .binarySet
        // Four bytes in one comparison: BOOL and NULL are in many items, and a string's bytes are slow to go through.
        case (4, UInt8(ascii: "B"), _) where Self.word(tag) == 0x4C4F_4F42: self = .bool
        case (4, UInt8(ascii: "N"), _) where Self.word(tag) == 0x4C4C_554E: self = .null
        default: self = .unknown
        }
    }

    /// Four bytes, the first of them lowest.
    @inlinable @inline(__always)
    static func word(_ tag: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(littleEndian: tag.loadUnaligned(as: UInt32.self))
    }
}
