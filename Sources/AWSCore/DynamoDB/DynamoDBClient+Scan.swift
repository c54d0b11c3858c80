extension DynamoDBClient {
    /// Scan: one page of one segment.
    ///
    /// - Parameters:
    ///   - table: name or ARN; an ARN reads a table of another account that allows it.
    ///   - segment: below `totalSegments`, which is at most 1,000,000. A key goes on only in the segment it came from.
    ///   - exclusiveStartKey: the last page's ``ItemPage/lastEvaluatedKey``.
    ///   - limit: items to read at most; without it DynamoDB stops after 1 MB.
    ///   - consistentRead: sees all writes that were answered before; costs twice the units.
    ///   - attributes: names of top-level attributes to return alone; the units stay those of whole items.
    /// - Throws: ``AWSError``, with code `MalformedResponse` also when a page announces itself, which would never end.
    package func scan(
        table: String,
        segment: Int = 0,
        totalSegments: Int = 1,
        exclusiveStartKey: [UInt8]? = nil,
        limit: Int? = nil,
        consistentRead: Bool = false,
        attributes: [String]? = nil
    ) async throws -> ItemPage {
        try await scanAnswer(
            table: table,
            segment: segment,
            totalSegments: totalSegments,
            exclusiveStartKey: exclusiveStartKey,
            limit: limit,
            consistentRead: consistentRead,
            attributes: attributes
        ).page()
    }

    /// As ``scan(table:segment:totalSegments:exclusiveStartKey:limit:consistentRead:attributes:)``, without looking at
    /// what is answered.
    package func scanAnswer(
        table: String,
        segment: Int = 0,
        totalSegments: Int = 1,
        exclusiveStartKey: [UInt8]? = nil,
        limit: Int? = nil,
        consistentRead: Bool = false,
        attributes: [String]? = nil
    ) async throws -> ScanAnswer {
        var body: [UInt8] = []
        body.reserveCapacity(256 + table.utf8.count + (exclusiveStartKey?.count ?? 0))
        body.append("{\"TableName\":")
        body.appendJSON(table)
        body += ",\"Segment\":\(segment),\"TotalSegments\":\(totalSegments)".utf8
        if let limit { body += ",\"Limit\":\(limit)".utf8 }
        if consistentRead { body.append(",\"ConsistentRead\":true") }
        if let attributes { body.appendProjection(attributes) }
        if let exclusiveStartKey {
            body.append(",\"ExclusiveStartKey\":")
            body += exclusiveStartKey
        }
        body.append(",\"ReturnConsumedCapacity\":\"TOTAL\"}")
        let request = AWSClient.jsonRequest(.dynamoDB, "Scan", region: region, body: body, resource: table)
        return ScanAnswer(try await client.send(request), of: request, exclusiveStartKey: exclusiveStartKey)
    }
}

extension [UInt8] {
    /// A ProjectionExpression; names go in by reference, since any word may be one of DynamoDB's own.
    fileprivate mutating func appendProjection(_ attributes: [String]) {
        let references = attributes.indices.map { "#a\($0)" }
        append(",\"ProjectionExpression\":")
        appendJSON(references.joined(separator: ","))
        append(",\"ExpressionAttributeNames\":{")
        for (index, attribute) in attributes.enumerated() {
            if index > 0 { append(",") }
            appendJSON(references[index])
            append(":")
            appendJSON(attribute)
        }
        append("}")
    }
}
