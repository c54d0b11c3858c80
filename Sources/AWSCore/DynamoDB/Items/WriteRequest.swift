/// One element of a BatchWriteItem.
package enum WriteRequest: Sendable, Equatable {
    /// The JSON text of an item.
    case put(item: ArraySlice<UInt8>)
    /// The JSON text of a key.
    case delete(key: ArraySlice<UInt8>)

    /// The text of the item or key.
    package var bytes: ArraySlice<UInt8> {
        switch self {
        case .put(let item): item
        case .delete(let key): key
        }
    }

    /// What the request adds to a BatchWriteItem's body, to keep it within ``BatchWriteItem/maximumBytes``.
    package var bodyBytes: Int { prefix.utf8CodeUnitCount + bytes.count + Self.suffix.utf8CodeUnitCount + 1 }

    fileprivate var prefix: StaticString {
        switch self {
        case .put: "{\"PutRequest\":{\"Item\":"
        case .delete: "{\"DeleteRequest\":{\"Key\":"
        }
    }

    fileprivate static let suffix: StaticString = "}}"
}

/// The body of a BatchWriteItem for one table, and what its answer says.
package enum BatchWriteItem {
    /// Requests in a call at most (API Reference, "BatchWriteItem").
    package static let maximumRequests = 25
    /// Bytes of a call at most.
    package static let maximumBytes = 16 << 20

    package struct Outcome: Sendable {
        /// What DynamoDB did not do, for want of capacity as a rule, and what is to be sent again after a wait.
        ///
        /// The same requests as were sent; their attributes may stand in another order.
        package var unprocessed: [WriteRequest]
        /// Write capacity units; `nil` when the answer does not say.
        package var consumedCapacityUnits: Double?
    }

    private static let head: StaticString = "{\"RequestItems\":{"
    private static let tail: StaticString = "]},\"ReturnConsumedCapacity\":\"TOTAL\"}"

    /// Copies the texts into one buffer of exactly the size they need.
    package static func body(table: String, _ requests: some Collection<WriteRequest>) -> [UInt8] {
        let name = JSONValue.string(table).serialized()
        var size = head.utf8CodeUnitCount + name.count + 2 + tail.utf8CodeUnitCount - (requests.isEmpty ? 0 : 1)
        for request in requests { size += request.bodyBytes }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var writer = ByteWriter(buffer)
            writer.append(head)
            name.withUnsafeBytes { writer.append($0) }
            writer.append(":[")
            var isFirst = true
            for request in requests {
                if !isFirst { writer.append(UInt8(ascii: ",")) }
                isFirst = false
                writer.append(request.prefix)
                request.bytes.withUnsafeBytes { writer.append($0) }
                writer.append(WriteRequest.suffix)
            }
            writer.append(tail)
            count = writer.count
        }
    }

    /// - Parameter sent: how many requests there were; an answer that hands back more is refused.
    package static func outcome(parsing bytes: [UInt8], sent: Int) throws(JSONScanError) -> Outcome {
        let result = bytes.withUnsafeBytes { raw -> Result<(places: [Place], units: Double?), JSONScanError> in
            var scanner = JSONScanner(raw)
            do throws(JSONScanError) {
                return .success(try readAnswer(&scanner, sent: sent))
            } catch {
                return .failure(error)
            }
        }
        let answer = try result.get()
        let unprocessed = answer.places.map { place -> WriteRequest in
            place.isPut ? .put(item: bytes[place.text]) : .delete(key: bytes[place.text])
        }
        return Outcome(unprocessed: unprocessed, consumedCapacityUnits: answer.units)
    }

    private struct Place {
        var isPut: Bool
        var text: Range<Int>
    }

    private static func readAnswer(
        _ scanner: inout JSONScanner,
        sent: Int
    ) throws(JSONScanError) -> (places: [Place], units: Double?) {
        var places: [Place] = []
        var units: Double?
        var hasUnprocessedItems = false
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: "UnprocessedItems") {
                guard !hasUnprocessedItems else { throw scanner.error("UnprocessedItems only once") }
                hasUnprocessedItems = true
                var tables = 0
                try scanner.forEachMember { scanner, _ throws(JSONScanError) in
                    tables += 1
                    guard tables == 1 else { throw scanner.error("UnprocessedItems of one table") }
                    try scanner.forEachElement { scanner throws(JSONScanError) in
                        places.append(try readRequest(&scanner))
                    }
                }
            } else if scanner.string(name, equals: "ConsumedCapacity") {
                units = try scanner.readConsumedCapacity()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.requireEnd()
        // DynamoDB sends an empty one when all is done; without it nothing says that anything is.
        guard hasUnprocessedItems else { throw scanner.error("a member UnprocessedItems in the answer") }
        guard places.count <= sent else { throw scanner.error("no more UnprocessedItems than were sent") }
        return (places, units)
    }

    private static func readRequest(_ scanner: inout JSONScanner) throws(JSONScanError) -> Place {
        var place: Place?
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            let isPut = scanner.string(name, equals: "PutRequest")
            guard isPut || scanner.string(name, equals: "DeleteRequest") else {
                throw scanner.error("PutRequest or DeleteRequest")
            }
            guard try !scanner.takeNull() else { return }
            try scanner.forEachMember { scanner, name throws(JSONScanError) in
                guard isPut ? scanner.string(name, equals: "Item") : scanner.string(name, equals: "Key") else {
                    try scanner.skipValue()
                    return
                }
                guard place == nil else { throw scanner.error("one request") }
                place = Place(isPut: isPut, text: try ItemPage.skipItem(&scanner).range)
            }
        }
        guard let place else { throw scanner.error("a request with its item or key before this") }
        return place
    }
}

extension ByteWriter {
    fileprivate mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
