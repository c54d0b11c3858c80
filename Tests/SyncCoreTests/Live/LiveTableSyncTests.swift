import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Live sync of tables")
struct LiveTableSyncTests {
    private typealias Fixture = LiveTableFixture

    private func event(_ records: String...) -> String { TableStreamEventTests.event(records) }

    // MARK: What is written

    @Test("Puts and deletes arrive, the last change of an item alone")
    func lastChange() async throws {
        let fixture = try Fixture()
        fixture.dynamoDB.put([["pk": ["S": "gone"], "sk": ["N": "1"]]], into: "Orders-new")
        let result = try await fixture.apply(
            event(
                Fixture.record(1, "a", #""v":{"N":"1"}"#),
                Fixture.record(2, "gone", #""v":{"N":"1"}"#),
                Fixture.record(3, "a", #""v":{"N":"2"}"#),
                Fixture.record(4, "b", ""),
                Fixture.record(5, "gone", nil)
            )
        )
        #expect(
            fixture.items("Orders-new") == [
                #"{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"N":"2"}}"#, #"{"pk":{"S":"b"},"sk":{"N":"1"}}"#,
            ]
        )
        #expect(result.itemFailures.isEmpty && result.errors.isEmpty && result.didAnything)
        let figures = try #require(result.figures.first)
        #expect(figures.records == 5 && figures.puts == 2 && figures.deletes == 1)
        #expect(figures.lagMilliseconds == 7_000)
        // One write for each item: what is coalesced costs nothing.
        #expect(fixture.dynamoDB.table("Orders-new").changes.count == 1 + 3)
    }

    @Test("An item is one item, in whatever order its key's attributes are written")
    func keyOrder() async throws {
        let fixture = try Fixture()
        let result = try await fixture.apply(
            event(
                Fixture.record(1, "a", #""v":{"N":"1"}"#),
                Fixture.record(2, "a", #""v":{"N":"2"}"#, isReversed: true),
                Fixture.record(3, #"\u0061"#, #""v":{"N":"3"}"#)
            )
        )
        #expect(fixture.items("Orders-new") == [#"{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"N":"3"}}"#])
        #expect(result.figures.first?.puts == 1)
    }

    @Test("Within a batch the sequence number decides what is last")
    func disorder() async throws {
        let fixture = try Fixture()
        _ = try await fixture.apply(
            event(
                Fixture.record(10, "a", #""v":{"N":"10"}"#),
                Fixture.record(9, "a", #""v":{"N":"9"}"#),
                Fixture.record(8, "b", ""),
                Fixture.record(7, "b", nil)
            )
        )
        #expect(
            fixture.items("Orders-new") == [
                #"{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"N":"10"}}"#, #"{"pk":{"S":"b"},"sk":{"N":"1"}}"#,
            ]
        )
    }

    @Test("Every target gets every change, and a table that is no source is an error that names it")
    func targets() async throws {
        let fixture = try Fixture(targets: ["Orders-new", "Orders-archive"])
        let result = try await fixture.apply(event(Fixture.record(1, "a", "")))
        #expect(fixture.items("Orders-new") == fixture.items("Orders-archive"))
        #expect(fixture.items("Orders-new").count == 1)
        #expect(result.figures.map(\.target.tableName) == ["Orders-new", "Orders-archive"])
        let error = await #expect(throws: TableStreamEventError.self) {
            try await fixture.apply(
                event(Fixture.record(1, "b", ""), Fixture.record(1, "x", "", table: "Users"))
            )
        }
        #expect(error?.code == .unmappedTable)
        #expect(
            error?.message.contains(Fixture.home + "Users") == true && error?.message.contains("sync.tables") == true
        )
        // Before anything is written.
        #expect(fixture.items("Orders-new").count == 1)
    }

    @Test("Attributes of the old global tables stay where they are")
    func replication() async throws {
        let fixture = try Fixture()
        _ = try await fixture.apply(
            event(Fixture.record(1, "a", #""aws:rep:updateregion":{"S":"us-east-1"},"v":{"S":"aws:rep:x"}"#))
        )
        #expect(fixture.items("Orders-new") == [#"{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"S":"aws:rep:x"}}"#])
    }

    @Test("A table is divided by conditions, and an item that moves from one part to the other leaves the first")
    func division() async throws {
        var fixture = try Fixture(targets: ["Open", "Closed"])
        fixture.configuration.tables[0].targets[0].filter = try ItemFilter(parsing: "state = 'open'")
        fixture.configuration.tables[0].targets[1].filter = try ItemFilter(parsing: "NOT state = 'open'")
        let open = #""state":{"S":"open"}"#
        let closed = #""state":{"S":"closed"}"#
        _ = try await fixture.apply(
            event(Fixture.record(1, "a", open), Fixture.record(2, "b", closed), Fixture.record(3, "c", ""))
        )
        func line(_ name: String, _ rest: String) -> String { #"{"pk":{"S":"\#(name)"},"sk":{"N":"1"}\#(rest)}"# }
        #expect(fixture.items("Open") == [line("a", "," + open)])
        #expect(fixture.items("Closed") == [line("b", "," + closed), line("c", "")])
        let result = try await fixture.apply(
            event(Fixture.record(4, "a", closed), Fixture.record(5, "b", open), Fixture.record(6, "c", nil))
        )
        #expect(fixture.items("Open") == [line("b", "," + open)])
        #expect(fixture.items("Closed") == [line("a", "," + closed)])
        #expect(result.figures.map(\.puts) == [1, 1] && result.figures.map(\.deletes) == [2, 2])
    }

    @Test("Deletes of expired items are forwarded or not, as the mapping says; other deletes always")
    func timeToLive() async throws {
        for policy in TableMapping.TimeToLiveDeletes.allCases {
            let fixture = try Fixture(timeToLiveDeletes: policy)
            for name in ["expired", "deleted"] {
                fixture.dynamoDB.put(
                    [["pk": ["S": .string(name)], "sk": ["N": "1"]]],
                    into: "Orders-new"
                )
            }
            let result = try await fixture.apply(
                event(
                    Fixture.record(1, "expired", nil, isTimeToLive: true),
                    Fixture.record(2, "deleted", nil),
                    Fixture.record(3, "new", #""v":{"N":"1"}"#),
                    Fixture.record(4, "new", nil, isTimeToLive: true)
                )
            )
            let left = fixture.items("Orders-new")
            #expect(
                left
                    == (policy == .forward
                        ? []
                        : [
                            #"{"pk":{"S":"expired"},"sk":{"N":"1"}}"#,
                            // The ignored delete does not hide the change before it.
                            #"{"pk":{"S":"new"},"sk":{"N":"1"},"v":{"N":"1"}}"#,
                        ])
            )
            #expect(result.figures.first?.records == 4)
        }
    }

    // MARK: Failures

    @Test("Unprocessed items and throttled calls are written in the end, and nothing is reported")
    func throttling() async throws {
        let fixture = try Fixture { call in
            guard call.operation == "BatchWriteItem" else { return nil }
            switch call.number % 4 {
            case 0: return .throttled
            case 1: return .unprocessed { $0 % 3 != 0 }
            case 2: return .cut(isDone: call.number % 8 == 2)
            default: return nil
            }
        }
        let records = (1...200).map { Fixture.record($0, "k\($0)", $0 % 7 == 0 ? nil : #""v":{"N":"\#($0)"}"#) }
        let result = try await fixture.apply(TableStreamEventTests.event(records))
        #expect(result.itemFailures.isEmpty && result.errors.isEmpty)
        #expect(fixture.items("Orders-new").count == 200 - 200 / 7)
        #expect((result.figures.first?.throttled ?? 0) > 0)
    }

    @Test("Shortly before the deadline what is left is reported, from the first record of the first item that is left")
    func deadline() async throws {
        let fixture = try Fixture { call in
            let text = JSONValue.object(call.input.object ?? [:]).text()
            return call.operation == "BatchWriteItem" && text.contains("stuck") ? .unprocessed { _ in true } : nil
        }
        let started = fixture.clock.now
        // 5 and 9 are coalesced into 9, which is stuck: 5 is what Lambda must go on from.
        let result = try await fixture.apply(
            event(
                Fixture.record(4, "stuck-later", ""),
                Fixture.record(5, "stuck", #""v":{"N":"5"}"#),
                Fixture.record(3, "stuck-early", ""),
                Fixture.record(9, "stuck", #""v":{"N":"9"}"#)
            )
        )
        #expect(result.itemFailures == ["3"])
        #expect(result.figures.first?.failed == 3 && result.figures.first?.puts == 0)
        #expect(!result.didAnything && result.errors.isEmpty)
        #expect(fixture.clock.now.timeIntervalSince(started) < 60)
    }

    @Test("A failed item is reported with the earliest of its records, those that were coalesced away included")
    func lowestSequenceNumber() async throws {
        let fixture = try Fixture { call in
            // Batches come apart by key: one that holds the item "bad" is throttled for ever.
            call.operation == "BatchWriteItem" && call.input.text().contains(#""bad""#) ? .throttled : nil
        }
        // 26 good ones in between, so that there are two batches and the other one is done.
        var records = (100..<125).map { Fixture.record($0, "good\($0)", "") }
        records.append(Fixture.record(200, "bad", #""v":{"N":"1"}"#))
        records.append(Fixture.record(201, "good-between", ""))
        records.append(Fixture.record(300, "bad", #""v":{"N":"2"}"#))
        let result = try await fixture.apply(TableStreamEventTests.event(records))
        #expect(result.itemFailures == ["200"])
        #expect(fixture.items("Orders-new").count == 25)
        #expect(result.didAnything)
    }

    @Test("The earliest record is the one with the lowest number, in whatever order they stand")
    func lowestOfDisorder() async throws {
        let fixture = try Fixture { $0.operation == "BatchWriteItem" ? .throttled : nil }
        let result = try await fixture.apply(
            event(
                Fixture.record(100, "a", #""v":{"N":"100"}"#),
                Fixture.record(99, "a", #""v":{"N":"99"}"#),
                Fixture.record(101, "b", "")
            )
        )
        #expect(result.itemFailures == ["99"])
    }

    @Test("Lambda goes on from the earliest record that any target lacks")
    func lowestOfTargets() async throws {
        for targets in [["Orders-new", "Orders-archive"], ["Orders-archive", "Orders-new"]] {
            let fixture = try Fixture(targets: targets) { call in
                call.operation == "BatchWriteItem" && call.input.text().contains(#""bad""#) ? .throttled : nil
            }
            // One target lacks the last item, the other all of them.
            fixture.dynamoDB.change { $0.tables["Orders-archive"] = nil }
            var records = (100..<125).map { Fixture.record($0, "good\($0)", "") }
            records.append(Fixture.record(200, "bad", ""))
            let result = try await fixture.apply(TableStreamEventTests.event(records))
            #expect(result.itemFailures == ["100"])
            #expect(fixture.items("Orders-new").count == 25)
        }
    }

    @Test("All of what is refused goes to the queue, however much it is")
    func manyRefusals() async throws {
        let fixture = try Fixture()
        fixture.dynamoDB.change { $0.tables["Orders-new"]?.indexKeys = [FakeDynamoDBTable.Key("date", "S")] }
        let records = (1...33).map { Fixture.record($0, "k\($0)", #""date":{"N":"7"}"#) }
        let result = try await fixture.apply(TableStreamEventTests.event(records))
        #expect(result.itemFailures.isEmpty && result.figures.first?.refused == 33)
        #expect(Set(fixture.queue.messages.compactMap { $0["sequenceNumber"]?.string }).count == 33)
    }

    @Test("A target that is gone is named once and all of its batch is reported; the other target is written")
    func goneTarget() async throws {
        let fixture = try Fixture(targets: ["Orders-new", "Orders-archive"])
        fixture.dynamoDB.change { $0.tables["Orders-new"] = nil }
        let records = (1...100).map { Fixture.record($0, "k\($0)", "") }
        let result = try await fixture.apply(TableStreamEventTests.event(records))
        #expect(result.itemFailures == ["1"])
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.contains("100 of 100 changes of") == true)
        #expect(result.errors.first?.contains("ResourceNotFoundException") == true)
        #expect(fixture.items("Orders-archive").count == 100)
        #expect(result.didAnything)
    }

    @Test(
        "What the target refuses goes to the failure queue without its contents, and the rest of the batch is written"
    )
    func refusal() async throws {
        let fixture = try Fixture()
        fixture.dynamoDB.change { $0.tables["Orders-new"]?.indexKeys = [FakeDynamoDBTable.Key("date", "S")] }
        var records = (1...60).map { Fixture.record($0, "k\($0)", #""date":{"S":"x"}"#) }
        records[41] = Fixture.record(42, "k42", #""date":{"N":"7"},"secret":{"S":"confidential"}"#)
        records[7] = Fixture.record(8, "k8", #""date":{"N":"8"}"#)
        let result = try await fixture.apply(TableStreamEventTests.event(records))
        #expect(result.itemFailures.isEmpty)
        #expect(fixture.items("Orders-new").count == 58)
        #expect(result.figures.first?.refused == 2 && result.figures.first?.puts == 58)
        let messages = fixture.queue.messages.sorted {
            $0["sequenceNumber"]?.string ?? "" < $1["sequenceNumber"]?.string ?? ""
        }
        #expect(messages.count == 2)
        let failed = try #require(messages.first.flatMap(FailedTableChange.init(json:)))
        #expect(failed.source == Fixture.home + "Orders" && failed.target == Fixture.home + "Orders-new")
        #expect(failed.key == ["pk": ["S": "k42"], "sk": ["N": "1"]])
        #expect(failed.sequenceNumber == "42" && failed.stream.contains("/stream/"))
        #expect(failed.error.contains("ValidationException") && failed.error.contains("Index Key date"))
        #expect(!messages.map { $0.text() }.joined().contains("confidential"))
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.contains("2 changes of") == true)
        #expect(result.errors.first?.contains("sync replay") == true)
    }

    @Test("What cannot be put into the failure queue fails with its batch: nothing is lost without a word")
    func brokenQueue() async throws {
        for kind in ["none", "gone", "partly"] {
            let fixture = try Fixture()
            fixture.dynamoDB.change { $0.tables["Orders-new"]?.indexKeys = [FakeDynamoDBTable.Key("date", "S")] }
            fixture.queue.state.withLock { state in
                state.isBroken = kind == "gone"
                state.refuses = kind == "partly" ? #""k3""# : nil
            }
            let result = try await fixture.apply(
                event(
                    Fixture.record(1, "k1", ""),
                    Fixture.record(2, "k2", #""date":{"N":"7"}"#),
                    Fixture.record(3, "k3", #""date":{"N":"7"}"#)
                ),
                hasQueue: kind != "none"
            )
            #expect(result.itemFailures == [kind == "partly" ? "3" : "2"], "\(kind)")
            #expect(result.figures.first?.failed == (kind == "partly" ? 1 : 2))
            #expect(result.figures.first?.refused == (kind == "partly" ? 1 : 0))
            #expect(fixture.items("Orders-new").count == 1)
            let says =
                ["none": "FAILURE_QUEUE_URL", "gone": "QueueDoesNotExist", "partly": "InternalError"][kind] ?? ""
            #expect(result.errors.contains { $0.contains(says) }, "\(result.errors)")
        }
    }

    @Test("A target with another key is one clear error, and no queue full of items")
    func otherKey() async throws {
        let fixture = try Fixture()
        fixture.dynamoDB.createTable("Orders-new", keys: [FakeDynamoDBTable.Key("id", "S")])
        let result = try await fixture.apply(event(Fixture.record(1, "a", ""), Fixture.record(2, "b", nil)))
        #expect(result.itemFailures == ["1"] && !result.didAnything)
        #expect(fixture.queue.messages.isEmpty)
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.contains("has the key (id), and the items of") == true)
        #expect(result.errors.first?.contains("(pk, sk)") == true)
    }

    @Test("When the time is over, calls under way are cut off and reported")
    func hangingCall() async throws {
        let gate = Gate()
        let fixture = try Fixture { call in
            if call.operation == "BatchWriteItem", call.table == "Orders-new" { try await gate.pass() }
            return nil
        }
        let over = Gate()
        let client = fixture.dynamoDB.client()
        let sync = LiveTableSync(
            fixture.configuration,
            connections: TableConnections(fixture.configuration, own: client, assuming: { _ in client }),
            failures: nil,
            environment: fixture.environment,
            waitUntil: { _ in try await over.pass() }
        )
        let event = try TableStreamEvent(parsing: Array(event(Fixture.record(7, "a", "")).utf8))
        async let result = sync.apply(event, deadline: fixture.clock.now.addingTimeInterval(10))
        try await gate.waitForArrivals(1)
        over.open()
        #expect(try await result.itemFailures == ["7"])
        #expect(fixture.items("Orders-new").isEmpty)
    }

    @Test("An event without records is nothing to do")
    func empty() async throws {
        let result = try await Fixture().apply(#"{"Records":[]}"#)
        #expect(result.figures.isEmpty && result.itemFailures.isEmpty && !result.didAnything)
    }

    @Test(
        "Each role is assumed once, and a table of another account is named by its ARN unless its role is of that account"
    )
    func connections() async throws {
        let fixture = try Fixture()
        let source = try #require(fixture.configuration.tables.first?.source)
        let roles = ["arn:aws:iam::210987654321:role/R", nil, "arn:aws:iam::210987654321:role/R", nil]
        let accounts = ["210987654321", "123456789012", "123456789012", "210987654321"]
        var configuration = fixture.configuration
        configuration.tables[0].targets = try zip(roles, accounts).enumerated().map { index, pair in
            TableTarget(
                table: try #require(TableARN("arn:aws:dynamodb:eu-west-1:\(pair.1):table/T-\(index)")),
                role: pair.0
            )
        }
        let assumed = Mutex<[String]>([])
        let client = fixture.dynamoDB.client()
        let theirs = FakeDynamoDB()
        theirs.createTable("T-0", keys: [FakeDynamoDBTable.Key("pk", "S")])
        let connections = TableConnections(configuration, own: client) { role in
            assumed.withLock { $0.append(role) }
            return theirs.client()
        }
        #expect(assumed.withLock { $0 } == ["arn:aws:iam::210987654321:role/R"])
        let sides = configuration.tables[0].targets.map { connections.target($0, of: source) }
        #expect(
            sides.map(\.table) == [
                "T-0", "T-1", "arn:aws:dynamodb:eu-west-1:123456789012:table/T-2",
                "arn:aws:dynamodb:eu-west-1:210987654321:table/T-3",
            ]
        )
        #expect(sides.allSatisfy { $0.region.name == "eu-west-1" })
        // Written with the role's credentials, which are those of another client.
        _ = try await sides[0].dynamoDB.putItem(
            table: sides[0].table,
            item: Array(#"{"pk":{"S":"a"}}"#.utf8),
            condition: .none
        )
        #expect(theirs.table("T-0").count == 1)
    }
}
