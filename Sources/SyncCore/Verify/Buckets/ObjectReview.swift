import AWSCore

/// Looks again at the keys that listings could not call equal, until it is clear what they are.
///
/// A difference is what two looks in a row have seen alike; what changes each time is `changing`.
struct ObjectReview: Sendable {
    let inspector: ObjectInspector
    let repair: ObjectRepair?
    let clock: SyncClock
    let space: TemporarySpace
    /// Before each look; see ``DifferenceReview/pauses(settle:)``.
    let pauses: [Duration]
    /// Objects that are looked at at the same time.
    let concurrency: Int

    private enum Seen: Sendable {
        case settled(BucketVerificationResult.Basis?)
        case reported(ObjectDifference)
        case suspect(ObjectSuspect)
    }

    func run(
        _ suspects: consuming RecordSpool,
        progress: VerificationProgress,
        result: inout BucketVerificationResult,
        report: (ObjectDifference) throws -> Void
    ) async throws {
        var reader = suspects.makeReader()
        for (round, pause) in pauses.enumerated() where reader.remaining > 0 {
            try await clock.sleep(pause)
            let isLast = round == pauses.count - 1
            progress.beginReading(again: reader.remaining, round: round + 1)
            var next = RecordSpool(space: space)
            try await withThrowingTaskGroup(of: Seen.self) { group in
                var running = 0
                while true {
                    while running < concurrency, let bytes = try reader.next() {
                        let suspect = round == 0 ? ObjectSuspect(first: bytes) : ObjectSuspect(bytes: bytes)
                        group.addTask { try await look(at: suspect, isLast: isLast) }
                        running += 1
                    }
                    guard let seen = try await group.next() else { break }
                    running -= 1
                    progress.count(readAgain: 1)
                    switch seen {
                    case .settled(let basis?): result.equal[basis, default: 0] += 1
                    case .settled(nil): result.vanished += 1
                    case .reported(let difference):
                        result.count(difference)
                        try report(difference)
                    case .suspect(let suspect):
                        let bytes = suspect.bytes
                        try bytes.withUnsafeBytes { try next.append($0) }
                    }
                }
            }
            reader = next.makeReader()
        }
    }

    private func look(at suspect: ObjectSuspect, isLast: Bool) async throws -> Seen {
        let key = String(decoding: suspect.key, as: UTF8.self)
        let look: ObjectInspector.Look
        do {
            look = try await patiently { try await inspector.look(at: key) }
        } catch let error as AWSError where error.kind == .client && !Self.concernsAll.contains(error.code) {
            return .reported(ObjectDifference(kind: .unverified, key: key, reason: "\(error)"))
        } catch let error as FileError where !error.endsEverything {
            return .reported(ObjectDifference(kind: .unverified, key: key, reason: "\(error)"))
        }
        let difference: ObjectDifference
        switch look.finding {
        case .equal(let basis): return .settled(basis)
        case .gone: return .settled(nil)
        case .unverified(let reason):
            return .reported(ObjectDifference(kind: .unverified, key: key, reason: reason))
        case .missing: difference = ObjectDifference(kind: .missing, key: key)
        case .extra: difference = ObjectDifference(kind: .extra, key: key)
        case .different(let aspects): difference = ObjectDifference(kind: .different, key: key, aspects: aspects)
        case .inMotion: difference = ObjectDifference(kind: .changing, key: key)
        }
        let fingerprint = look.fingerprint
        if look.finding != .inMotion, suspect.fingerprint == fingerprint {
            return .reported(try await repair?.mend(difference) ?? difference)
        }
        guard isLast else { return .suspect(ObjectSuspect(key: suspect.key, fingerprint: fingerprint)) }
        return .reported(ObjectDifference(kind: .changing, key: key, aspects: difference.aspects))
    }

    /// Errors after which no other object would fare better.
    private static let concernsAll: Set<String> = [
        "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    ]

    private func patiently<Output>(_ call: () async throws -> Output) async throws -> Output {
        var failures = 0
        while true {
            do {
                return try await call()
            } catch let error as AWSError where failures < 8 && (error.kind == .transient || error.kind == .throttling)
            {
                failures += 1
                try await clock.sleep(Backoff.delay(afterFailures: failures, random: clock.random()))
            }
        }
    }
}

/// A key between two looks, as bytes for a ``RecordSpool``.
private struct ObjectSuspect: Sendable {
    var key: [UInt8]
    /// Of the last look; empty before the first.
    var fingerprint: [UInt8]

    init(key: [UInt8], fingerprint: [UInt8]) {
        self.key = key
        self.fingerprint = fingerprint
    }

    /// From a listing.
    init(first bytes: [UInt8]) {
        self.init(key: SuspectRecord(bytes: bytes).key, fingerprint: [])
    }

    init(bytes: [UInt8]) {
        let length = Int(bytes[0]) | Int(bytes[1]) << 8
        self.init(key: Array(bytes[2..<2 + length]), fingerprint: Array(bytes[(2 + length)...]))
    }

    var bytes: [UInt8] {
        [UInt8(truncatingIfNeeded: key.count), UInt8(truncatingIfNeeded: key.count >> 8)] + key + fingerprint
    }
}
