internal import AWSCore

/// The idempotency token of an export.
enum ClientToken {
    /// A token that is the same for the same event, table, destination and attempt, and for nothing else.
    ///
    /// EventBridge and Lambda deliver an event at least once: the second delivery then gets the first one's export. A
    /// token whose export has failed gives that failed export for ever, so a new attempt needs a new number.
    ///
    /// - Returns: 64 hexadecimal digits.
    static func make(eventID: String, tableARN: String, bucket: String, prefix: String, attempt: Int) -> String {
        // Newlines cannot stand in any of the parts, so no two lists of parts give the same text.
        let text = [eventID, tableARN, bucket, prefix, String(attempt)].joined(separator: "\n")
        return SHA256.digest(Array(text.utf8)).hexadecimal
    }
}
