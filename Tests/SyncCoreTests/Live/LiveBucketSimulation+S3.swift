import AWSCore
import AWSTesting
import Synchronization

@testable import SyncCore

/// What S3 and the way to it do to a call.
extension LiveBucketSimulation {
    /// Carries the calls of one role.
    struct Wire: HTTPTransport {
        let simulation: LiveBucketSimulation

        var executor: (any TaskExecutor)? { simulation.time }

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            try await simulation.carry(request, { ($0.status, $0.headers) }) { [fake = simulation.fake] in
                try await fake.send($0)
            }
        }

        func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
            try await simulation.carry(request, { ($0.status, $0.headers) }) { [fake = simulation.fake] in
                try await fake.stream($0)
            }
        }
    }

    /// A call as S3 carries it out.
    final class Landing: Sendable {
        let call = Mutex<FakeS3Call?>(nil)
        /// The ETag of what it reads of the source.
        let read = Mutex<String?>(nil)
        let hasFault = Atomic(false)
    }

    @TaskLocal static var landing: Landing?

    private static let writes: Set<String> = [
        "CopyObject", "PutObject", "CompleteMultipartUpload", "DeleteObject", "PutObjectTagging", "DeleteObjectTagging",
    ]

    /// Sends a request on its way, lets S3 answer it, and brings the answer back; all of which takes its time, and goes on
    /// when nobody waits for it any more.
    func carry<Answer: Sendable>(
        _ request: HTTPRequest,
        _ head: @escaping @Sendable (Answer) -> (Int, HTTPHeaders),
        _ send: @escaping @Sendable (HTTPRequest) async throws -> Answer
    ) async throws -> Answer {
        guard let number = Self.invocation else { throw HTTPError(.connectionLost, "nobody calls") }
        let isKilled = try begin(request, by: number)
        var request = request
        if case .stream(let stream) = request.body {
            // Whoever sends it reads it.
            var bytes: [UInt8] = []
            let next = stream.makeChunks()
            while let chunk = try await next() { bytes += chunk }
            request.body = .bytes(bytes)
        }
        let isAbort = request.method == .delete && request.query.contains("uploadId")
        try await way(isShort: isAbort)
        let reply = WatchedValue<Result<Answer, any Error>?>(nil)
        let landing = Landing()
        let work = Task(executorPreference: time) { [self, request] in
            let result: Result<Answer, any Error>
            do {
                let answer = try await Self.$landing.withValue(landing) { try await send(request) }
                let (status, headers) = head(answer)
                landed(landing, number, status: status, headers, isAnswered: true)
                if let call = landing.call.withLock({ $0 }), let moment = moment(of: call, number, isBehind: true) {
                    await happen(moment)
                }
                result = .success(answer)
            } catch {
                landed(landing, number, status: 0, HTTPHeaders(), isAnswered: false)
                result = .failure(error)
            }
            reply.update { $0 = result }
        }
        state.withLock { $0.invocations[number]?.calls.append(work) }
        // S3 goes on without us.
        if isKilled { kill(number) }
        do {
            let result = try await reply.take { $0 }
            try await way(isShort: isAbort)
            return try result.get()
        } catch {
            trace("nobody waits for \(request.method) any more: \(error)")
            // Of an upload whose beginning nobody was told of, nobody knows.
            if landing.call.withLock({ $0?.operation }) == "CreateMultipartUpload" || isAbort,
                error is CancellationError
            {
                mayLeaveUploads(number)
            }
            throw error
        }
    }

    /// - Returns: whether the caller is killed while it waits for this call.
    private func begin(_ request: HTTPRequest, by number: Int) throws -> Bool {
        let now = time.now
        let (isDead, dies, isLate) = state.withLock { state -> (Bool, Bool, Bool) in
            guard var invocation = state.invocations[number] else { return (true, false, false) }
            defer { state.invocations[number] = invocation }
            invocation.callCount += 1
            let isLate =
                invocation.callCount == 1 && invocation.end.map { now >= $0 } ?? false && !invocation.isKilled
            return (invocation.isKilled, invocation.callCount == invocation.killedAt, isLate)
        }
        if isLate { violation("an object was begun when the time was over") }
        guard !isDead else { throw HTTPError(.connectionLost, "the caller is dead") }
        guard dies else { return false }
        met("kills")
        if chance(60) { return true }
        kill(number)
        throw HTTPError(.connectionLost, "the caller is dead")
    }

    private func kill(_ number: Int) {
        trace("killed")
        let task = state.withLock { state in
            state.invocations[number]?.isKilled = true
            state.invocations[number]?.mayLeaveUploads = true
            return state.invocations[number]?.task
        }
        task?.cancel()
    }

    func mayLeaveUploads(_ number: Int) { state.withLock { $0.invocations[number]?.mayLeaveUploads = true } }

    private func way(isShort: Bool) async throws {
        if !isShort, chance(plan.slowness / 3) { return try await time.sleep(seconds(1..<60)) }
        let length = number(0..<20)
        if length > 8 { try await time.sleep(Double(length) / 1_000) }
    }

    // MARK: S3

    /// Called when S3 begins with a call.
    func fault(for call: FakeS3Call) -> FakeS3.Fault? {
        guard let number = Self.invocation, let landing = Self.landing else { return nil }
        landing.call.withLock { $0 = call }
        fake.update { [now = time.now] in $0.now = max($0.now, now) }
        if chance(plan.writesBetween / 2) { write() }
        see(call, number, landing)
        let fault = trouble(for: call)
        if case .slow? = fault {} else if fault != nil { landing.hasFault.store(true, ordering: .relaxed) }
        trace("\(call.operation) \(call.bucket)/\(call.key)\(fault.map { " \($0)" } ?? "")")
        return fault
    }

    private func trouble(for call: FakeS3Call) -> FakeS3.Fault? {
        if call.operation == "AbortMultipartUpload" { return nil }
        if let number = Self.invocation, let moment = moment(of: call, number, isBehind: false) {
            if moment.kills {
                met("kills")
                kill(number)
            }
            if moment.isRefused { return .error("AccessDenied", status: 403) }
            return .slow(losesAnswer: moment.losesAnswer) { [self] _ in await happen(moment) }
        }
        if trouble(plan.faults, "faults") {
            switch self.number(0..<8) {
            case 0..<2: return .error("SlowDown", status: 503)
            case 2: return .error("InternalError", status: 500)
            case 3: return .cut
            case 4: return .error("AccessDenied", status: 403)
            case 5 where Self.writes.contains(call.operation): return .error("ConditionalRequestConflict", status: 409)
            case 6 where ["CopyObject", "UploadPartCopy", "CompleteMultipartUpload"].contains(call.operation):
                return .lateError
            default:
                if call.operation == "CreateMultipartUpload", let number = Self.invocation { mayLeaveUploads(number) }
                return .lostAnswer
            }
        }
        let replaces = plan.changesBack && call.headers["If-Match"] != nil
        guard Self.writes.contains(call.operation), chance(replaces ? 70 : plan.slowness) else { return nil }
        met("slow writes")
        return .slow { [self] _ in
            // Meanwhile others have the time to bring to the target what happens at the source.
            if replaces || chance(2 * plan.writesBetween) { meddle(with: call) }
            try? await time.sleep(seconds(1..<60))
        }
    }

    /// Takes the scene's next moment, if this call is it.
    private func moment(of call: FakeS3Call, _ number: Int, isBehind: Bool) -> LiveBucketScene.Moment? {
        state.withLock { state in
            guard let next = state.moments.first, next.isBehind == isBehind, next.operations.contains(call.operation),
                next.isAtSource == (call.bucket == "source"), call.bucket != Self.notes,
                // S3 may not copy for that role.
                call.copySource == nil || call.accessKeyID != Self.role,
                (next.caller == .history) == state.invocations[number]?.isHistory
            else { return nil }
            return state.moments.removeFirst()
        }
    }

    private func happen(_ moment: LiveBucketScene.Moment) async {
        if let action = moment.action { perform(action) }
        try? await time.sleep(seconds(moment.seconds))
    }

    /// Makes of the source what is worst for a write that is on its way: what the target has, nothing, or anything.
    private func meddle(with call: FakeS3Call) {
        guard let key = sourceKey(of: call) else { return }
        switch number(0..<3) {
        case 0...1 where plan.changesBack: changeBack(key, to: fake.object(call.bucket, call.key))
        case 1: delete(key)
        default: write(to: key)
        }
    }

    /// Of which of the source's objects a call to a target is about.
    private func sourceKey(of call: FakeS3Call) -> String? {
        configuration.buckets.first { $0.target.bucket == call.bucket }.map {
            $0.source.prefix + call.key.dropFirst($0.target.prefix.count)
        }
    }

    /// Notes what the caller is told of, and what S3 reads for it.
    private func see(_ call: FakeS3Call, _ number: Int, _ landing: Landing) {
        let buckets = fake.current.buckets
        func etag(_ bucket: String, _ key: FakeS3Key) -> String? { buckets[bucket]?.objects[key]?.etag }
        switch call.operation {
        case "HeadObject":
            let place = Place(bucket: call.bucket, key: FakeS3Key(call.key))
            let seen = etag(place.bucket, place.key)
            state.withLock { $0.invocations[number]?.seen[place] = .some(seen) }
        case "ListObjectsV2":
            for key in buckets[call.bucket]?.objects.keys ?? [:].keys {
                let seen = etag(call.bucket, key)
                state.withLock { $0.invocations[number]?.seen[Place(bucket: call.bucket, key: key)] = .some(seen) }
            }
        case "CopyObject", "UploadPartCopy":
            if let (bucket, key) = call.copySource { landing.read.withLock { $0 = etag(bucket, key) } }
        default: break
        }
    }

    /// Looks at what a call has done, in the same step as it was done.
    private func landed(_ landing: Landing, _ number: Int, status: Int, _ headers: HTTPHeaders, isAnswered: Bool) {
        guard let call = landing.call.withLock({ $0 }) else { return }
        if isAnswered { trace("  \(call.operation) \(status) \(headers["ETag"] ?? "")") }
        if call.operation == "CreateMultipartUpload",
            let id = fake.update({ $0.uploads.keys.max { Self.order($0, $1) } })
        {
            state.withLock { if $0.uploads[id] == nil { $0.uploads[id] = number } }
        }
        if isAnswered, (200..<300).contains(status), !landing.hasFault.load(ordering: .relaxed) {
            checkRead(call, landing, number, headers)
        }
        let before = state.withLock { $0.targets }
        let after = currentTargets()
        guard before != after else { return }
        state.withLock { $0.targets = after }
        for place in Set(before.keys).union(after.keys) where before[place] != after[place] {
            checkWrite(place, before[place], after[place], number)
            state.withLock { $0.invocations[number]?.seen[place] = .some(after[place]?.etag) }
        }
    }

    private static func order(_ left: String, _ right: String) -> Bool {
        left.count == right.count ? left < right : left.count < right.count
    }

    /// Hazard H8: what is read for a copy is what the caller has decided to copy.
    private func checkRead(_ call: FakeS3Call, _ landing: Landing, _ number: Int, _ headers: HTTPHeaders) {
        // With two mappings two of the caller's tasks look at the same object.
        guard !plan.repeatsContents, configuration.buckets.count == 1 else { return }
        let place: Place
        var etag: String?
        switch call.operation {
        case "GetObject": (place, etag) = (Place(bucket: call.bucket, key: FakeS3Key(call.key)), headers["ETag"])
        case "CopyObject", "UploadPartCopy":
            guard let (bucket, key) = call.copySource else { return }
            (place, etag) = (Place(bucket: bucket, key: key), landing.read.withLock { $0 })
        default: return
        }
        guard let etag, let seen = state.withLock({ $0.invocations[number]?.seen[place] }) else { return }
        if seen != etag { violation("\(call.operation) read \(place.key.text) as nobody had seen it") }
    }

    /// Hazard H9: nothing is overwritten or deleted that the caller has not seen, nothing that is as it should be is
    /// spoilt even for a moment, and what is written is something that the source has held.
    private func checkWrite(_ place: Place, _ before: FakeS3Object?, _ after: FakeS3Object?, _ number: Int) {
        let source = sourceObject(of: place)
        trace("  \(place.bucket)/\(place.key.text) is \(after?.essence ?? ["nothing"])")
        if let after, let key = sourceKey(of: place), state.withLock({ $0.held[key]?.contains(after.bytes) }) != true {
            violation("\(place.bucket)/\(place.key.text) has bytes that the source never had")
        }
        guard !plan.repeatsContents, let before, before.etag != after?.etag else { return }
        if let seen = state.withLock({ $0.invocations[number]?.seen[place] }), seen != before.etag {
            violation("\(place.bucket)/\(place.key.text) was replaced unseen")
        }
        if let source, source.bytes == before.bytes, after?.bytes != before.bytes {
            violation("\(place.bucket)/\(place.key.text) was as it should be, and was spoilt")
        }
    }

    private func sourceKey(of place: Place) -> FakeS3Key? {
        configuration.buckets.first { $0.target.bucket == place.bucket }.map {
            FakeS3Key($0.source.prefix + place.key.text.dropFirst($0.target.prefix.count))
        }
    }

    private func sourceObject(of place: Place) -> FakeS3Object? {
        sourceKey(of: place).flatMap { fake.current.buckets["source"]?.objects[$0] }
    }
}
