package import AWSCore

/// A part of a table's copy: one segment, from where the last invocation has stopped.
///
/// An invocation gets a part as JSON, copies as many of its pages as its time allows, and answers with the part as it is
/// then. So the same answer is the next invocation's event, and an invocation that was killed is simply made again from
/// its event: what it had written is written once more. A merge writes what the invocation before has noted
/// (``NotedPage``), and notes what the next is to write.
package struct TableCopyPart: Sendable, Equatable {
    package let plan: TableCopyPlan
    package let segment: Int
    package internal(set) var result: TablePartResult
    /// Where the segment goes on; `nil` at its beginning and its end.
    var key: [UInt8]?
    /// Merge: what is to be written before the segment goes on.
    var noted: [NotedPage] = []
    package internal(set) var isDone = false
    /// Those that the part has taken.
    var invocations = 0

    /// - Throws: ``CopyPartError``.
    init(json: JSONValue) throws(CopyPartError) {
        guard let copy = json["copy"] else { throw CopyPartError("the event has no member \"copy\"") }
        plan = try TableCopyPlan(json: copy)
        guard let segment = json["segment"]?.integer, (0..<plan.segments).contains(segment) else {
            throw CopyPartError("\"segment\" is no number below \(plan.segments)")
        }
        self.segment = segment
        if let result = json["result"] {
            self.result = try TablePartResult(json: result)
            guard self.result.segment == segment else { throw CopyPartError("\"result\" is of another segment") }
            key = json["key"].flatMap { $0.isNull ? nil : $0.serialized() }
            isDone = json["done"]?.bool ?? false
            invocations = json["invocations"]?.integer ?? 0
            for page in json["noted"]?.array ?? [] { noted.append(try NotedPage(json: page)) }
            // Taken for the beginning, the segment would be counted twice.
            guard isDone || key != nil || !noted.isEmpty else {
                throw CopyPartError("\"key\" does not say where the segment goes on")
            }
        } else {
            result = TablePartResult(segment: segment)
        }
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "copy": plan.json,
            "segment": .number(JSONNumber(segment)),
            "key": key.flatMap { try? JSONValue(parsing: $0) } ?? .null,
            "done": .bool(isDone),
            "invocations": .number(JSONNumber(invocations)),
            "result": result.json,
        ]
        if !noted.isEmpty { object["noted"] = .array(noted.map(\.json)) }
        return .object(object)
    }

    /// Copies the part, or as much of it as there is time for.
    ///
    /// - Parameters:
    ///   - folder: for the checkpoint that the copy keeps while it runs.
    ///   - stopsReading: whether what is read by now is to be the last.
    /// - Returns: the part as it is then, and a line for each item that DynamoDB has refused (as ``FailedItem``).
    /// - Throws: as ``TableCopy/run(checkpoint:stopsReading:report:)``; ``CopyPartError`` when the tables are not those
    ///   with which the copy has begun, or when it has taken as many invocations as it may.
    package func run(
        source: TableSide,
        target: TableSide,
        folder: String,
        stopsReading: @escaping @Sendable () -> Bool,
        clock: SyncClock = SyncClock()
    ) async throws -> (part: TableCopyPart, failures: [UInt8]) {
        guard !isDone else { return (self, []) }
        try CopyKind.table.requireRoom(for: segment, of: plan.segments, after: invocations)
        let tables = try await CopyTables(source: source, target: target)
        let identity = CopyIdentity(tables, options: plan.options)
        if let difference = plan.identity.difference(from: identity) {
            throw CopyPartError("the tables are no longer those with which the copy has begun: now it is \(difference)")
        }
        var positions = Array(repeating: CopyCheckpoint.Position(isDone: true), count: plan.segments)
        positions[segment] = CopyCheckpoint.Position(key: key, isDone: false, counts: result.counts)
        let path = "\(folder)/copy-segment-\(UInt64.random(in: 0...UInt64.max)).checkpoint"
        let checkpoint = try CopyCheckpoint(path: path, identity: identity, positions: positions)
        defer {
            checkpoint.remove()
            JournalFile.remove(checkpoint.failuresPath)
        }
        let copy = TableCopy(source: source, target: target, tables: tables, options: plan.options, clock: clock)
        var next = self
        next.invocations += 1
        var failures: [UInt8] = []
        let progress: TableCopy.Progress
        switch plan.identity.mode {
        case .replace:
            progress = try await copy.run(checkpoint: checkpoint, stopsReading: stopsReading)
            let position = checkpoint.positions[segment]
            next.key = position.key
            next.isDone = position.isDone
            next.result.counts = position.counts
        case .merge: (progress, failures) = try await next.merge(copy, checkpoint, stopsReading)
        }
        next.result.readUnits += progress.readUnits
        next.result.writeUnits += progress.writeUnits
        next.result.throttled += progress.throttled
        return (next, failures + (try JournalFile.contents(ofFile: checkpoint.failuresPath) ?? []))
    }

    /// Writes what was noted, and notes what comes then.
    private mutating func merge(
        _ copy: TableCopy,
        _ checkpoint: CopyCheckpoint,
        _ stopsReading: @escaping @Sendable () -> Bool
    ) async throws -> (TableCopy.Progress, failures: [UInt8]) {
        let run = try CopyRun(copy, checkpoint: checkpoint, stopsReading: stopsReading)
        let written = noted
        return try await copy.namingSides {
            var outcome = CopyRun.NotedOutcome()
            if !written.isEmpty {
                outcome = try await run.copy(written, of: segment)
                try run.checkLedger(isPart: true)
                result.counts = checkpoint.positions[segment].counts
                result.counts += outcome.counts
            }
            var notes = CopyRun.Notes()
            if written.isEmpty || key != nil {
                notes = try await run.note(segment: segment, from: key, like: written)
                result.counts += notes.counts
            }
            noted = notes.pages
            key = notes.end
            isDone = noted.isEmpty && key == nil
            return (run.progress, outcome.failures)
        }
    }
}

/// What a segment has come to, for the ledger.
package struct TablePartResult: CopyPartResult {
    package var segment: Int
    package var counts = CopyCounts()
    package var readUnits = 0.0
    package var writeUnits = 0.0
    package var throttled = 0

    package init(segment: Int) {
        self.segment = segment
    }

    package var isBalanced: Bool { counts.isBalanced }
    package var equation: String { counts.equation }

    package static func += (left: inout TablePartResult, right: TablePartResult) {
        left.counts += right.counts
        left.readUnits += right.readUnits
        left.writeUnits += right.writeUnits
        left.throttled += right.throttled
    }

    /// - Throws: ``CopyPartError``.
    package init(json: JSONValue) throws(CopyPartError) {
        guard let segment = json["segment"]?.integer, let counts = json["counts"]?.object else {
            throw CopyPartError("a result has no segment and counts")
        }
        self.segment = segment
        for (name, path) in CopyCounts.members { self.counts[keyPath: path] = counts[name]?.integer ?? 0 }
        readUnits = json["readUnits"].flatMap(Self.double) ?? 0
        writeUnits = json["writeUnits"].flatMap(Self.double) ?? 0
        throttled = json["throttled"]?.integer ?? 0
    }

    package var json: JSONValue {
        var members: JSONObject = [:]
        for (name, path) in CopyCounts.members where counts[keyPath: path] != 0 {
            members[name] = .number(JSONNumber(counts[keyPath: path]))
        }
        return [
            "segment": .number(JSONNumber(segment)), "counts": .object(members), "readUnits": Self.json(readUnits),
            "writeUnits": Self.json(writeUnits), "throttled": .number(JSONNumber(throttled)),
        ]
    }

    private static func json(_ value: Double) -> JSONValue {
        JSONNumber("\(value)").map { .number($0) } ?? .null
    }

    private static func double(_ value: JSONValue) -> Double? {
        guard case .number(let number) = value else { return nil }
        return Double(number.text)
    }
}
