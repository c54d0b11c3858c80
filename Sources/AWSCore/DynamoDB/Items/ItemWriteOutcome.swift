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

    /// - Parameter member: what holds the item.
    static func item(in bytes: [UInt8], member: StaticString) throws(JSONScanError) -> [UInt8]? {
        let result = bytes.withUnsafeBytes { raw -> Result<Range<Int>?, JSONScanError> in
            var scanner = JSONScanner(raw)
            var place: Range<Int>?
            do throws(JSONScanError) {
                try scanner.forEachMember { scanner, name throws(JSONScanError) in
                    guard scanner.string(name, equals: member) else { return try scanner.skipValue() }
                    guard try !scanner.takeNull() else { return }
                    guard place == nil else { throw scanner.error("one item") }
                    let (range, attributes) = try ItemPage.skipItem(&scanner)
                    // No item is without its key; some servers write an empty map where there is no item.
                    if attributes > 0 { place = range }
                }
                try scanner.requireEnd()
                return .success(place)
            } catch {
                return .failure(error)
            }
        }
        return try result.get().map { Array(bytes[$0]) }
    }
}
