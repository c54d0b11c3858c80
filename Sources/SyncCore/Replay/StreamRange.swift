import AWSCore

/// Reads the records of a failed batch once more, for the keys in them; the images are of no interest, being old.
struct StreamRange {
    let streams: DynamoDBStreamsClient
    let batch: FailedStreamBatch
    let sleep: @Sendable (Duration) async throws -> Void

    /// What is still there of a batch.
    struct Reading: Sendable, Equatable {
        /// The JSON texts of the items' keys, each once.
        var keys: [[UInt8]] = []
        var records = 0
        /// Whether records were deleted before they could be read: DynamoDB keeps them for 24 hours.
        var isTrimmed = false
    }

    /// Pages without a record, one after the other, of a range whose end has not come.
    private static let maximumEmptyPages = 50

    /// - Throws: ``AWSError``; ``ReplayError`` when the end of the range does not come; `CancellationError`.
    func read() async throws -> Reading {
        do {
            return try await read(from: .at(sequenceNumber: batch.first), isTrimmed: false)
        } catch let error as AWSError where error.code == "TrimmedDataAccessException" {
            // The end of the batch may be there still.
            return try await read(from: .trimHorizon, isTrimmed: true)
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return Reading(isTrimmed: true)
        }
    }

    private func read(from position: DynamoDBStreamsClient.Position, isTrimmed: Bool) async throws -> Reading {
        var reading = Reading(isTrimmed: isTrimmed)
        var seen: Set<[UInt8]> = []
        var iterator: String?
        do {
            iterator = try await streams.shardIterator(stream: batch.stream, shard: batch.shard, position)
        } catch let error as AWSError where isTrimmed && error.isAboutMissingRecords {
            return reading
        }
        guard let first = SequenceNumber(batch.first), let last = SequenceNumber(batch.last) else { return reading }
        var emptyPages = 0
        while let current = iterator {
            let page = try await streams.records(current, stream: batch.stream)
            for record in page.records {
                guard let number = SequenceNumber(record.sequenceNumber), number >= first else { continue }
                guard number <= last else { return reading }
                reading.records += 1
                let key = Array(record.key.text(keys: .sorted).utf8)
                if seen.insert(key).inserted { reading.keys.append(key) }
                if number == last { return reading }
            }
            iterator = page.nextIterator
            emptyPages = page.records.isEmpty ? emptyPages + 1 : 0
            if emptyPages > 0, iterator != nil {
                // With nothing but its newest end to read, an older range is gone.
                if isTrimmed, emptyPages > 5 { return reading }
                guard emptyPages < Self.maximumEmptyPages else {
                    throw ReplayError(
                        "the records up to \(batch.last) of the shard \(batch.shard) do not come from the stream"
                            + " \(batch.stream); run sync replay again"
                    )
                }
                // Five calls a second and shard is all that there is, and Lambda reads there, too.
                try await sleep(.milliseconds(400))
            }
        }
        return reading
    }
}

extension AWSError {
    fileprivate var isAboutMissingRecords: Bool {
        code == "TrimmedDataAccessException" || code == "ResourceNotFoundException"
    }
}

/// Why something was not replayed; one line that says what to do.
package struct ReplayError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
