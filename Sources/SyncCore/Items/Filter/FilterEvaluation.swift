import AWSCore

/// What a condition comes to for one item.
struct FilterEvaluation {
    /// The item's value for each path; `nil` where there is none.
    let values: UnsafeBufferPointer<FilterValue?>
    let literals: [FilterLiteral]
    let pool: UnsafeRawBufferPointer

    func isTrue(_ condition: FilterCondition) throws(JSONScanError) -> Bool {
        switch condition {
        case .compare(let comparator, let left, let right):
            return try compare(comparator, try value(left), try value(right))
        case .between(let operand, let lower, let upper):
            let value = try value(operand)
            guard try compare(.greaterOrEqual, value, try self.value(lower)) else { return false }
            return try compare(.lessOrEqual, value, try self.value(upper))
        case .isIn(let operand, let candidates):
            let value = try value(operand)
            for candidate in candidates where try compare(.equal, value, try self.value(candidate)) { return true }
            return false
        case .exists(let path): return values[path] != nil
        case .hasType(let operand, let type): return try value(operand)?.type == type
        case .beginsWith(let operand, let prefix):
            guard let value = try value(operand), let prefix = try self.value(prefix) else { return false }
            return try value.beginsWith(prefix)
        case .contains(let operand, let part):
            guard let value = try value(operand), let part = try self.value(part) else { return false }
            return try value.contains(part)
        case .all(let conditions):
            for condition in conditions where try !isTrue(condition) { return false }
            return true
        case .any(let conditions):
            for condition in conditions where try isTrue(condition) { return true }
            return false
        case .not(let condition): return try !isTrue(condition)
        }
    }

    /// DynamoDB takes an attribute that is not there for unequal to anything, and for without order.
    private func compare(
        _ comparator: FilterCondition.Comparator,
        _ left: FilterValue?,
        _ right: FilterValue?
    ) throws(JSONScanError) -> Bool {
        guard let left, let right else { return comparator == .notEqual }
        switch comparator {
        case .equal: return try left.equals(right)
        case .notEqual: return try !left.equals(right)
        case .less: return try left.precedes(right) ?? false
        case .greater: return try right.precedes(left) ?? false
        case .lessOrEqual: return try right.precedes(left).map { !$0 } ?? false
        case .greaterOrEqual: return try left.precedes(right).map { !$0 } ?? false
        }
    }

    /// - Returns: `nil` for what is not there, and for the size of what has none.
    private func value(_ operand: FilterOperand) throws(JSONScanError) -> FilterValue? {
        switch operand {
        case .path(let path): return values[path]
        case .literal(let literal): return FilterValue(literals[literal], pool: pool)
        case .sizeOfPath(let path): return try values[path]?.size().map { FilterValue(size: $0) }
        case .sizeOfLiteral(let literal):
            return try FilterValue(literals[literal], pool: pool).size().map { FilterValue(size: $0) }
        }
    }
}
