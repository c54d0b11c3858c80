import AWSCore
import AWSTesting
import Testing

@Suite("A limit to requests in flight")
struct LimitedTransportTests {
    private static func request(_ number: Int) -> HTTPRequest {
        HTTPRequest(method: .get, scheme: .https, authority: "host", path: "/\(number)")
    }

    @Test("Never more than the limit are in flight, and all are answered", arguments: [1, 3, 16])
    func limit(limit: Int) async throws {
        let gate = Gate()
        let inner = FakeTransport { _, _ in .response(200).after(gate) }
        let transport = LimitedTransport(inner, limit: limit)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<50 { group.addTask { try await transport.send(Self.request(number)).status } }
            try await gate.waitForArrivals(limit)
            #expect(inner.requests.count == limit)
            gate.open()
            for try await status in group { #expect(status == 200) }
        }
        #expect(inner.requests.count == 50)
        #expect(inner.maximumRunning == limit)
    }

    @Test("Those who wait are served in the order in which they came")
    func order() async throws {
        let gate = Gate()
        let inner = FakeTransport { _, _ in .response(200).after(gate) }
        let transport = LimitedTransport(inner, limit: 1)
        var tasks = [Task { try await transport.send(Self.request(0)).status }]
        try await gate.waitForArrivals(1)
        for number in 1..<10 {
            let isAboutToWait = Gate()
            tasks.append(
                Task {
                    isAboutToWait.open()
                    return try await transport.send(Self.request(number)).status
                }
            )
            try await isAboutToWait.pass()
            while transport.waiting < number { await Task.yield() }
        }
        gate.open()
        for task in tasks { #expect(try await task.value == 200) }
        #expect(inner.requests.map(\.request.path) == (0..<10).map { "/\($0)" })
    }

    @Test("A failed request makes room for the next")
    func failure() async throws {
        let inner = FakeTransport([.failure(HTTPError(.timedOut, "x")), .failure(CancellationError()), .response(200)])
        let transport = LimitedTransport(inner, limit: 1)
        await #expect(throws: HTTPError.self) { try await transport.send(Self.request(0)) }
        await #expect(throws: CancellationError.self) { _ = try await transport.stream(Self.request(1)) }
        #expect(try await transport.send(Self.request(2)).status == 200)
    }

    @Test("Someone who is cancelled while waiting takes no room and sends nothing")
    func cancelledWaiter() async throws {
        let gate = Gate()
        let inner = FakeTransport { _, _ in .response(200).after(gate) }
        let transport = LimitedTransport(inner, limit: 1)
        let first = Task { try await transport.send(Self.request(0)).status }
        try await gate.waitForArrivals(1)
        let waiters = (1...20).map { number in Task { try await transport.send(Self.request(number)).status } }
        for waiter in waiters.dropLast() { waiter.cancel() }
        for waiter in waiters.dropLast() {
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        #expect(inner.requests.count == 1)
        gate.open()
        #expect(try await first.value == 200)
        #expect(try await waiters[19].value == 200)
        #expect(inner.requests.map(\.request.path) == ["/0", "/20"])
        #expect(try await transport.send(Self.request(21)).status == 200)
    }

    @Test("A streamed answer counts until its body has ended")
    func streamedToTheEnd() async throws {
        let inner = FakeTransport { recorded, _ in
            recorded.isStreaming ? .chunks(200, [[1], [2]]) : .response(200)
        }
        let transport = LimitedTransport(inner, limit: 1)
        let response = try await transport.stream(Self.request(0))
        let next = Task { try await transport.send(Self.request(1)).status }
        while transport.waiting < 1 { await Task.yield() }
        var received: [UInt8] = []
        for try await chunk in response.body {
            #expect(inner.requests.count == 1)
            received += chunk
        }
        #expect(received == [1, 2])
        #expect(try await next.value == 200)
    }

    @Test("A streamed answer that fails or is let go of makes room, once")
    func streamedAndDropped() async throws {
        let inner = FakeTransport { recorded, number in
            number == 0 ? .chunks(200, [[1]], failure: HTTPError(.connectionLost, "x")) : .chunks(200, [[1], [2]])
        }
        let transport = LimitedTransport(inner, limit: 1)
        let failing = try await transport.stream(Self.request(0))
        await #expect(throws: HTTPError.self) { _ = try await failing.body.collect(maximumBytes: 9) }
        await #expect(throws: HTTPError.self) { _ = try await failing.body.collect(maximumBytes: 9) }
        for number in 1..<20 {
            let response = try await transport.stream(Self.request(number))
            if number.isMultiple(of: 2) {
                for try await chunk in response.body {
                    #expect(chunk == [1])
                    break
                }
            }
        }
        #expect(inner.requests.count == 20)
        // Room was given back once each: two at a time are still too many.
        let held = try await transport.stream(Self.request(20))
        let next = Task { try await transport.send(Self.request(21)).status }
        while transport.waiting < 1 { await Task.yield() }
        #expect(inner.requests.count == 21)
        _ = try await held.body.collect(maximumBytes: 9)
        #expect(try await next.value == 200)
    }

    @Test("Requests that come, wait and are cancelled at random leave the limit as it was")
    func random() async throws {
        var random = SeededGenerator(seed: freshSeed())
        let inner = FakeTransport { _, _ in .chunks(200, [[1], [2]]) }
        let transport = LimitedTransport(inner, limit: 3)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                let yields = Int.random(in: 0...30, using: &random)
                let isStreaming = Bool.random(using: &random)
                let isCancelled = Int.random(in: 0..<3, using: &random) == 0
                group.addTask {
                    let task = Task {
                        if isStreaming {
                            _ = try await transport.stream(Self.request(number)).body.collect(maximumBytes: 2)
                        } else {
                            _ = try await transport.send(Self.request(number))
                        }
                    }
                    for _ in 0..<yields { await Task.yield() }
                    if isCancelled { task.cancel() }
                    if case .failure(let error) = await task.result { #expect(error is CancellationError) }
                }
            }
        }
        #expect(inner.maximumRunning <= 3)
        #expect(transport.waiting == 0)
        var held: [HTTPStreamingResponse] = []
        for number in 0..<3 { held.append(try await transport.stream(Self.request(number))) }
        #expect(held.count == 3)
    }
}
