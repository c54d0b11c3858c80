import AWSCore
import BackupCore

/// Reads the records of an event, one pass over its text.
struct TableStreamEventReader {
    private var scanner: JSONScanner
    private(set) var records: [TableStreamRecord] = []
    private(set) var streams: [TableStreamEvent.Stream] = []
    /// Where the last record named its stream: nearly always the next one names the same.
    private var lastStream: (name: Range<Int>, index: Int)?

    init(_ bytes: UnsafeRawBufferPointer) {
        scanner = JSONScanner(bytes)
        // Grown less often: records are seldom smaller.
        records.reserveCapacity(min(bytes.count / 512, 10_000))
    }

    /// What is known of a record while its members are read, in whatever order they stand.
    private struct Draft {
        var change: TableStreamRecord.Change?
        var stream: Int?
        var sequenceNumber: Range<Int>?
        var key: Range<Int>?
        var newImage: Range<Int>?
        var hasReplicationAttributes = false
        var creationTime: Double?
        var viewType: Range<Int>?
        var isService = false
        var isDynamoDB = false
        var hasVersion = false
    }

    /// Carries either kind of error through the scanner, which knows only its own.
    private var failure: TableStreamEventError?

    mutating func read() throws(TableStreamEventError) {
        do throws(JSONScanError) {
            try readEvent()
        } catch {
            if let failure { throw failure }
            throw TableStreamEventError(.malformed, "the event is not one of DynamoDB Streams: \(error)")
        }
    }

    private mutating func readEvent() throws(JSONScanError) {
        var scanner = scanner
        var hasRecords = false
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            guard scanner.string(name, equals: "Records") else { return try scanner.skipValue() }
            guard !hasRecords else { throw scanner.error("Records only once") }
            hasRecords = true
            try scanner.forEachElement { scanner throws(JSONScanError) in try readRecord(&scanner) }
        }
        try scanner.requireEnd()
        // An event without them is somebody else's, and taking it for an empty one would lose it.
        guard hasRecords else { throw scanner.error("a member Records in the event") }
    }

    private mutating func readRecord(_ scanner: inout JSONScanner) throws(JSONScanError) {
        var draft = Draft()
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: "dynamodb") {
                try readChange(&scanner, &draft)
            } else if scanner.string(name, equals: "eventName") {
                draft.change = try readEventName(&scanner)
            } else if scanner.string(name, equals: "eventSourceARN") {
                draft.stream = try readStream(&scanner)
            } else if scanner.string(name, equals: "eventVersion") {
                try readVersion(&scanner)
                draft.hasVersion = true
            } else if scanner.string(name, equals: "userIdentity") {
                try readUserIdentity(&scanner, &draft)
            } else {
                try scanner.skipValue()
            }
        }
        records.append(try finish(draft, scanner))
    }

    private mutating func readChange(_ scanner: inout JSONScanner, _ draft: inout Draft) throws(JSONScanError) {
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: "NewImage") {
                guard try !scanner.takeNull() else { return }
                let start = scanner.position
                draft.hasReplicationAttributes = try skipImage(&scanner)
                draft.newImage = start..<scanner.position
            } else if scanner.string(name, equals: "Keys") {
                draft.key = try scanner.skipObject()
            } else if scanner.string(name, equals: "SequenceNumber") {
                let range = try scanner.skipString().content
                guard !range.isEmpty, scanner.bytes[range].allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
                    throw JSONScanError(offset: range.lowerBound, expected: "a sequence number of digits")
                }
                draft.sequenceNumber = range
            } else if scanner.string(name, equals: "ApproximateCreationDateTime") {
                guard try !scanner.takeNull() else { return }
                draft.creationTime = try scanner.readDouble()
            } else if scanner.string(name, equals: "StreamViewType") {
                draft.viewType = try scanner.skipString().content
            } else {
                try scanner.skipValue()
            }
        }
    }

    /// Goes behind an image.
    ///
    /// - Returns: whether it has attributes of the old global tables.
    private func skipImage(_ scanner: inout JSONScanner) throws(JSONScanError) -> Bool {
        var reader = try ItemReader(scanner.bytes, at: scanner.position)
        var found = false
        while let attribute = try reader.next() {
            found = found || ReplicationAttributes.contains(attribute.name, in: scanner.bytes)
        }
        scanner.position = reader.scanner.position
        return found
    }

    private func readEventName(_ scanner: inout JSONScanner) throws(JSONScanError) -> TableStreamRecord.Change {
        let name = try scanner.skipString()
        if scanner.string(name, equals: "INSERT") { return .insert }
        if scanner.string(name, equals: "MODIFY") { return .modify }
        if scanner.string(name, equals: "REMOVE") { return .remove }
        throw JSONScanError(offset: name.content.lowerBound, expected: "the event name INSERT, MODIFY or REMOVE")
    }

    private mutating func readVersion(_ scanner: inout JSONScanner) throws(JSONScanError) {
        let version = try scanner.skipString().content
        guard scanner.bytes[version].starts(with: "1.".utf8) else {
            let text = OneLine.text(String(decoding: scanner.bytes[version].prefix(40), as: UTF8.self))
            throw fail(
                .unknownVersion,
                "record \(records.count) of the event has version \"\(text)\", and this function reads versions 1.x;"
                    + " deploy a newer release of sync",
                scanner
            )
        }
    }

    private mutating func readStream(_ scanner: inout JSONScanner) throws(JSONScanError) -> Int {
        let name = try scanner.skipString().content
        if let last = lastStream, scanner.bytes[last.name].elementsEqual(scanner.bytes[name]) { return last.index }
        let arn = OneLine.text(String(decoding: scanner.bytes[name], as: UTF8.self))
        guard let table = ARN(arn)?.table.flatMap({ TableARN($0.description) }) else {
            throw fail(
                .malformed,
                "record \(records.count) of the event is not one of DynamoDB Streams: its eventSourceARN is \"\(arn)\";"
                    + " give this function only event source mappings of tables' streams",
                scanner
            )
        }
        let index: Int
        if let known = streams.firstIndex(where: { $0.arn == arn }) {
            index = known
        } else {
            index = streams.count
            streams.append(TableStreamEvent.Stream(arn: arn, table: table))
        }
        lastStream = (name, index)
        return index
    }

    /// TTL's deletes carry `{"type":"Service","principalId":"dynamodb.amazonaws.com"}` (Developer Guide, "DynamoDB
    /// Streams and Time to Live"); the stream's own API writes the names with capitals.
    private func readUserIdentity(_ scanner: inout JSONScanner, _ draft: inout Draft) throws(JSONScanError) {
        guard try !scanner.takeNull() else { return }
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            let isType = scanner.string(name, equals: "type") || scanner.string(name, equals: "Type")
            let isPrincipal =
                scanner.string(name, equals: "principalId") || scanner.string(name, equals: "PrincipalId")
            guard isType || isPrincipal, scanner.peek() == UInt8(ascii: "\"") else { return try scanner.skipValue() }
            let value = try scanner.skipString()
            if isType { draft.isService = scanner.string(value, equals: "Service") }
            if isPrincipal { draft.isDynamoDB = scanner.string(value, equals: "dynamodb.amazonaws.com") }
        }
    }

    private mutating func finish(
        _ draft: Draft,
        _ scanner: JSONScanner
    ) throws(JSONScanError) -> TableStreamRecord {
        guard let change = draft.change else { throw scanner.error("a record with an eventName before this") }
        guard let stream = draft.stream else { throw scanner.error("a record with an eventSourceARN before this") }
        guard draft.hasVersion else { throw scanner.error("a record with an eventVersion before this") }
        guard let sequenceNumber = draft.sequenceNumber else {
            throw scanner.error("a record with a SequenceNumber before this")
        }
        guard let key = draft.key else { throw scanner.error("a record with Keys before this") }
        guard change == .remove || draft.newImage != nil else {
            throw fail(.missingImage, missingImage(draft, streams[stream], scanner), scanner)
        }
        return TableStreamRecord(
            change: change,
            stream: stream,
            sequenceNumber: sequenceNumber,
            key: key,
            newImage: change == .remove ? nil : draft.newImage,
            hasReplicationAttributes: draft.hasReplicationAttributes,
            creationTime: draft.creationTime,
            isTimeToLiveDelete: change == .remove && draft.isService && draft.isDynamoDB
        )
    }

    private func missingImage(
        _ draft: Draft,
        _ stream: TableStreamEvent.Stream,
        _ scanner: JSONScanner
    ) -> String {
        let table = stream.table
        let type = draft.viewType.map { OneLine.text(String(decoding: scanner.bytes[$0].prefix(40), as: UTF8.self)) }
        guard type != "NEW_IMAGE", type != "NEW_AND_OLD_IMAGES" else {
            return "record \(records.count) of the stream of \(table) has no new image, although the stream is of type"
                + " \(type ?? ""); nothing can be written from it"
        }
        return "the stream of \(table) is of type \(type ?? "unknown") and does not carry the items; it must be"
            + " NEW_AND_OLD_IMAGES or NEW_IMAGE: turn it off and on again (aws dynamodb update-table --region"
            + " \(table.region) --table-name \(table.tableName) --stream-specification StreamEnabled=false, then"
            + " StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES) and deploy again, for the new stream has a new ARN"
    }

    /// Remembers an error that is not about the text, and gives one that ends the reading.
    private mutating func fail(
        _ code: TableStreamEventError.Code,
        _ message: String,
        _ scanner: JSONScanner
    ) -> JSONScanError {
        failure = TableStreamEventError(code, message)
        return scanner.error("another event")
    }
}
