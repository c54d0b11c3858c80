extension DynamoDBClient {
    /// BatchWriteItem: puts and deletes without conditions, in no particular order.
    ///
    /// - Parameter requests: at most 25 and 16 MB (``BatchWriteItem``), no key twice, or DynamoDB refuses them all.
    /// - Throws: ``AWSError``, of kind throttling when nothing at all was done for want of capacity. After any other
    ///   error, a lost answer above all, some of the requests may have been done.
    package func batchWriteItem(
        table: String,
        // An array and not any collection: generic code of another module is not specialized, which took a tenth of all
        // the processor time of a copy.
        _ requests: [WriteRequest]
    ) async throws -> BatchWriteItem.Outcome {
        let body = BatchWriteItem.body(table: table, requests)
        let sent = requests.count
        return try await callWithText("BatchWriteItem", body: body, resource: table) { answer throws(JSONScanError) in
            try BatchWriteItem.outcome(parsing: answer, sent: sent)
        }
    }

    /// BatchGetItem: up to 100 items of one table, in no particular order.
    ///
    /// - Parameter keys: the JSON texts of different keys.
    /// - Throws: ``AWSError``.
    package func batchGetItem(
        table: String,
        keys: some Collection<ArraySlice<UInt8>>,
        consistentRead: Bool = false
    ) async throws -> BatchGetItem.Outcome {
        let body = BatchGetItem.body(table: table, keys: keys, consistentRead: consistentRead)
        let sent = keys.count
        return try await callWithText("BatchGetItem", body: body, resource: table) { answer throws(JSONScanError) in
            try BatchGetItem.outcome(parsing: answer, sent: sent)
        }
    }
}
