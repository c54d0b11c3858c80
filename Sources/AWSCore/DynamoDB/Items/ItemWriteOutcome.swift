/// How a PutItem or DeleteItem with a condition ended.
package enum ItemWriteOutcome: Sendable, Equatable {
    /// It was done. `previous` is the JSON text of the item that was there before, if there was one: where the condition
    /// was that it equals another, comparing shows whether it had attributes besides, which DynamoDB cannot be asked.
    case written(previous: [UInt8]?)
    /// Nothing was changed by the last attempt.
    ///
    /// `existing` is the JSON text of the item that did not meet the condition; `nil` when there was none, or when the
    /// server does not return it.
    ///
    /// `mayBeOwn`: an earlier attempt of this call got no answer, or an error, and may have been done after all; what
    /// stands there may then be what this call wrote.
    case conditionFailed(existing: [UInt8]?, mayBeOwn: Bool)
}

/// An answer about one item: its text, and what the call has consumed.
struct SingleItemAnswer {
    /// `nil` when there is none.
    var item: [UInt8]?
    /// `nil` when the answer does not say.
    var consumedCapacityUnits: Double?

    /// - Parameter member: what holds the item.
    init(parsing bytes: [UInt8], member: StaticString) throws(JSONScanError) {
        let result = bytes.withUnsafeBytes { raw -> Result<(place: Range<Int>?, units: Double?), JSONScanError> in
            var scanner = JSONScanner(raw)
            var place: Range<Int>?
            var units: Double?
            do throws(JSONScanError) {
                try scanner.forEachMember { scanner, name throws(JSONScanError) in
                    if scanner.string(name, equals: "ConsumedCapacity") {
                        units = try scanner.readConsumedCapacity()
                        return
                    }
                    guard scanner.string(name, equals: member) else { return try scanner.skipValue() }
                    guard try !scanner.takeNull() else { return }
                    guard place == nil else { throw scanner.error("one item") }
                    let (range, attributes) = try ItemPage.skipItem(&scanner)
                    // No item is without its key; some servers write an empty map where there is no item.
                    if attributes > 0 { place = range }
                }
                try scanner.requireEnd()
                return .success((place, units))
            } catch {
                return .failure(error)
            }
        }
        let answer = try result.get()
        item = answer.place.map { Array(bytes[$0]) }
        consumedCapacityUnits = answer.units
    }
}
