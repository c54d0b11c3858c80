import AWSCore

/// A parsed condition; paths and literals are numbers of the filter's tables.
indirect enum FilterCondition: Sendable {
    enum Comparator: Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    }

    case compare(Comparator, FilterOperand, FilterOperand)
    case between(FilterOperand, FilterOperand, FilterOperand)
    case isIn(FilterOperand, [FilterOperand])
    case exists(path: Int)
    case hasType(FilterOperand, AttributeType)
    case beginsWith(FilterOperand, FilterOperand)
    case contains(FilterOperand, FilterOperand)
    case all([FilterCondition])
    case any([FilterCondition])
    case not(FilterCondition)
}

enum FilterOperand: Sendable {
    case path(Int)
    case literal(Int)
    case sizeOfPath(Int)
    case sizeOfLiteral(Int)
}

/// A place inside of an item: `a.b[0]`.
struct FilterPath: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case member([UInt8])
        case element(Int)
    }

    /// The attribute's name.
    var root: [UInt8]
    var steps: [Step] = []
}

/// A value that stands in the expression.
struct FilterLiteral: Sendable {
    var type: AttributeType
    /// The bytes of a text or the text of a number, in the filter's pool of bytes.
    var content: Range<Int>
    var number = CanonicalNumber()
    var bool = false
}
