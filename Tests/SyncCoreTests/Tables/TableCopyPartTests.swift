import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

@Suite("A copy of a table done part by part")
struct TableCopyPartTests {
    static func plan(_ fixture: CopyFixture, segments: Int) async throws -> TableCopyPlan {
        let tables = try await CopyTables(source: fixture.side("Source"), target: fixture.side("Target"))
        return TableCopyPlan(
            identity: CopyIdentity(tables, options: fixture.options),
            segments: segments,
            sourceRole: nil,
            targetRole: nil,
            expiryAttribute: fixture.options.expiryAttribute,
            consistentRead: false
        )
    }

    static func event(_ plan: TableCopyPlan, segment: Int) -> [UInt8] {
        JSONValue.object(["copy": plan.json, "segment": .number(JSONNumber(segment))]).serialized()
    }

    /// One invocation, as the function makes it.
    static func invoke(_ event: [UInt8], _ fixture: CopyFixture, pages: Int) async throws -> [UInt8] {
        let read = Mutex(0)
        return try await TableCopyPart(json: JSONValue(parsing: event)).run(
            source: fixture.side("Source"),
            target: fixture.side("Target"),
            folder: fixture.folder,
            stopsReading: {
                read.withLock { read in
                    read += 1
                    return read > pages
                }
            },
            clock: CopyFixture.clock
        ).part.json.serialized()
    }

    static func execution(_ results: [JSONValue]) -> ExecutionDescription {
        ExecutionDescription(
            arn: "arn:aws:states:us-east-1:123456789012:execution:m:e",
            stateMachineARN: "arn:aws:states:us-east-1:123456789012:stateMachine:m",
            status: "SUCCEEDED",
            output: String(decoding: JSONValue.array(results).serialized(), as: UTF8.self)
        )
    }

    @Test("Every item arrives once counted, whatever goes wrong and whichever answers are lost", arguments: 0..<4)
    func arrives(run: UInt64) async throws {
        let seed = UInt64.random(in: 0...UInt64.max) &+ run
        let random = SharedRandom(seed: seed)
        var fixture = CopyFixture(pageBytes: 1_500) { CopyFaultTests.fault($0, random) }
        defer { fixture.remove() }
        fixture.options.filter = run.isMultiple(of: 2) ? nil : "sk < 300"
        let count = 500
        fixture.dynamoDB.put(
            (0..<count).map { number in random.with { RandomItems.item(number, using: &$0) } },
            into: "Source"
        )
        let plan = try await Self.plan(fixture, segments: 5)
        var results: [JSONValue] = []
        var invocations = 0
        for segment in 0..<plan.segments {
            var event = Self.event(plan, segment: segment)
            while true {
                invocations += 1
                let answer = try await Self.invoke(event, fixture, pages: 1 + random.below(4))
                // Killed before it could answer: made again from the same event.
                if random.chance(0.3) { continue }
                event = answer
                let json = try JSONValue(parsing: answer)
                guard json["done"]?.bool == true else { continue }
                results.append(try #require(json["result"]))
                break
            }
        }
        #expect(invocations > plan.segments * 2, "seed \(seed)")
        let outcome = try CopyExecution.balance(Self.execution(results.reversed()), plan)
        let wanted = fixture.options.filter == nil ? count : 300
        #expect(outcome.total.counts.read == count && outcome.total.counts.written == wanted, "seed \(seed)")
        #expect(outcome.total.counts.filtered == count - wanted && outcome.total.counts.isBalanced, "seed \(seed)")
        #expect(fixture.dynamoDB.table("Target").count == wanted, "seed \(seed)")
        if fixture.options.filter == nil { #expect(fixture.differences == [], "seed \(seed)") }
        // Nothing is left behind where the function runs.
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder).isEmpty)
    }

    @Test("Results that do not account for every segment and item are no complete copy")
    func unbalanced() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        let plan = try await Self.plan(fixture, segments: 2)
        func result(_ segment: Int, read: Int, written: Int) -> JSONValue {
            var result = TablePartResult(segment: segment)
            result.counts.read = read
            result.counts.written = written
            return result.json
        }
        let good = [result(0, read: 5, written: 5), result(1, read: 0, written: 0)]
        #expect(try CopyExecution.balance(Self.execution(good), plan).total.counts.read == 5)
        for (results, text) in [
            ([good[0]], "segment 1: no result"),
            ([good[0], good[0], good[1]], "segment 0: not asked for, or twice"),
            ([good[0], good[1], result(2, read: 0, written: 0)], "segment 2: not asked for, or twice"),
            ([good[0], result(1, read: 7, written: 6)], "segment 1: read 7 = written 6"),
        ] {
            #expect(throws: CopyError.unbalanced([text])) { try CopyExecution.balance(Self.execution(results), plan) }
        }
        #expect(throws: CopyPartError.self) { try CopyExecution.balance(Self.execution([[:]]), plan) }
        var silent = Self.execution(good)
        silent.output = nil
        #expect(throws: CopyExecutionError.self) { try CopyExecution.balance(silent, plan) }
    }

    @Test("A table that was made anew meanwhile is not gone on with")
    func otherTable() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        let event = Self.event(try await Self.plan(fixture, segments: 1), segment: 0)
        fixture.dynamoDB.createTable("Target", keys: CopyFixture.keys)
        await #expect(throws: CopyPartError.self) { try await Self.invoke(event, fixture, pages: 9) }
        #expect(fixture.dynamoDB.table("Target").changes.isEmpty)
    }

    @Test("A part ends before Step Functions does, and names the option that helps")
    func tooManyInvocations() async throws {
        let fixture = CopyFixture(pageBytes: 1_500)
        defer { fixture.remove() }
        fixture.dynamoDB.put(
            (0..<300).map { number in
                ["pk": ["S": .string(String(repeating: "a", count: 100))], "sk": ["N": .string("\(number)")]]
            },
            into: "Source"
        )
        let plan = try await Self.plan(fixture, segments: 1)
        var event = Self.event(plan, segment: 0)
        for count in 1...3 {
            event = try await Self.invoke(event, fixture, pages: 1)
            #expect(try JSONValue(parsing: event)["invocations"]?.integer == count)
        }
        var late = try #require(JSONValue(parsing: event).object)
        late["invocations"] = .number(JSONNumber(CopyKind.maximumInvocations - 1))
        event = try await Self.invoke(JSONValue.object(late).serialized(), fixture, pages: 1)
        let before = fixture.dynamoDB.table("Target").count
        let error = await #expect(throws: CopyPartError.self) { try await Self.invoke(event, fixture, pages: 1) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("segment 0 has taken 3000 invocations") && text.contains("more --segments"), "\(text)")
        #expect(fixture.dynamoDB.table("Target").count == before)
    }

    @Test("Where there are as many parts as there can be, more of them are no advice", arguments: [1, 999, 1_000])
    func adviceAgainstTooManyInvocations(count: Int) throws {
        let error = #expect(throws: CopyPartError.self) {
            try CopyKind.table.requireRoom(for: 0, of: count, after: CopyKind.maximumInvocations)
        }
        let text = try #require(error).description
        #expect(text.contains("more --segments") == (count < 1_000), "\(text)")
        #expect(text.contains("from a machine, without --engine step-functions"), "\(text)")
        try CopyKind.table.requireRoom(for: 0, of: count, after: CopyKind.maximumInvocations - 1)
    }

    @Test("Only a merge needs more segments than were asked for, by items and by bytes")
    func minimumSegments() {
        func minimum(_ mode: TableCopy.Mode, _ items: Int?, _ bytes: Int?) -> Int {
            TableCopyPlan.minimumSegments(mode, items: items, bytes: bytes)
        }
        #expect(minimum(.replace, 5_000_000_000, 1 << 50) == 1)
        #expect(minimum(.merge, nil, nil) == 1 && minimum(.merge, 2_249_999, 1 << 30) == 1)
        #expect(minimum(.merge, 2_250_000, 0) == 2 && minimum(.merge, 22_500_000, 0) == 11)
        // Items of 400 KB.
        #expect(minimum(.merge, 1_000_000, 400_000_000_000) == 16)
        #expect(minimum(.merge, 1 << 50, 1 << 50) == CopyKind.maximumParts)
    }

    @Test("An event that is none says what is wrong, and one that would count twice is refused")
    func badEvents() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        let plan = try await Self.plan(fixture, segments: 2)
        var many = plan
        many.segments = CopyKind.maximumParts + 1
        let result = TablePartResult(segment: 0).json
        let events: [(JSONValue, String)] = [
            ([], "the event is no JSON object"),
            ([:], "the event has no member \"copy\""),
            (["copy": [:]], "\"copy\" does not say what is to be copied"),
            (["copy": many.json, "segment": 0], "\"copy.segments\" is no number from 1 to 1000"),
            (["copy": plan.json, "segment": 2], "\"segment\" is no number below 2"),
            (["copy": plan.json, "segment": 1, "result": result], "\"result\" is of another segment"),
            (
                [
                    "copy": plan.json, "segment": 0, "result": result, "key": nil, "done": false,
                    "noted": [["count": 1]],
                ],
                "\"noted\" has a page without count and keys"
            ),
            (
                ["copy": plan.json, "segment": 0, "result": result, "key": nil, "done": false],
                "\"key\" does not say where the segment goes on"
            ),
        ]
        for (event, message) in events {
            let error = #expect(throws: CopyPartError.self) { try CopyPart(parsing: event.serialized()) }
            #expect(error?.description == message)
        }
    }
}
