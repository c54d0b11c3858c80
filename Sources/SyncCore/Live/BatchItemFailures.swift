import AWSCore

/// The partial batch response of Lambda's Developer Guide ("Reporting batch item failures"): what is not named in it never
/// comes again.
package enum BatchItemFailures {
    /// - Parameter identifiers: messages' ids of a queue, or sequence numbers of a stream.
    package static func answer(_ identifiers: [String]) -> [UInt8] {
        let failures = identifiers.map { JSONValue.object(["itemIdentifier": .string($0)]) }
        return JSONValue.object(["batchItemFailures": .array(failures)]).serialized()
    }
}
