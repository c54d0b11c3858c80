import AWSCore
import AWSTesting
import Synchronization

@testable import SyncCore

/// The writers.
extension LiveBucketSimulation {
    /// What there is before anything happens.
    func prepare() {
        if let scene = plan.scene { return prepare(scene) }
        for key in plan.keys {
            if chance(60) { put(key) }
            for mapping in configuration.buckets where key.hasPrefix(mapping.source.prefix) {
                let name = mapping.target.prefix + key.dropFirst(mapping.source.prefix.count)
                guard !name.isEmpty else { continue }
                if let object = fake.object("source", key) {
                    // Without history somebody has copied it before.
                    guard !plan.copiesHistory || chance(50) else { continue }
                    fake.put(mapping.target.bucket, name, object.bytes) { $0 = object }
                    // And before that is up to date again.
                    if plan.copiesHistory, chance(50) { put(key) }
                } else if plan.copiesHistory, !plan.copiesParts, chance(40) {
                    // A copy on another machine was killed before it could take that back: --delete finds it.
                    state.withLock { $0.hasLeftovers = true }
                    put(key)
                    guard let object = fake.object("source", key) else { continue }
                    fake.put(mapping.target.bucket, name, object.bytes) { $0 = object }
                    fake.delete("source", key)
                }
            }
        }
        state.withLock { $0.targets = currentTargets() }
    }

    private func prepare(_ scene: LiveBucketScene) {
        for key in plan.keys {
            put(key)
            for mapping in configuration.buckets where scene.start != .sourceOnly {
                guard let object = fake.object("source", key) else { continue }
                let name = mapping.target.prefix + key.dropFirst(mapping.source.prefix.count)
                fake.put(mapping.target.bucket, name, object.bytes) { $0 = object }
            }
            switch scene.start {
            case .equal: break
            case .sourceOnly: putAlike(key)
            case .older: if chance(50) { put(key) } else { putAlike(key) }
            case .targetOnly:
                state.withLock { $0.hasLeftovers = true }
                fake.delete("source", key)
            }
        }
        state.withLock { $0.targets = currentTargets() }
    }

    /// Does what the scene wants, and tells of it.
    func perform(_ action: LiveBucketScene.Action) {
        guard let key = plan.keys.first, let mapping = configuration.buckets.first else { return }
        met("scenes")
        let there = fake.object("source", key)
        let name = mapping.target.prefix + key.dropFirst(mapping.source.prefix.count)
        let target = fake.object(mapping.target.bucket, name)
        switch action {
        case .put: put(andTell: key)
        case .delete:
            state.withLock { $0.last = there }
            fake.delete("source", key)
            send(key, "ObjectRemoved:Delete")
        case .expire:
            fake.delete("source", key)
            send(key, "LifecycleExpiration:Delete")
        case .putBack:
            guard let object = target ?? state.withLock({ $0.last }) else { return }
            fake.put("source", key, object.bytes) { new in
                let etag = new.etag
                new = object
                new.etag = etag
            }
            send(key, "ObjectCreated:Put")
        case .putAlike:
            putAlike(key)
            send(key, "ObjectCreated:Copy")
        case .tag:
            let values = (there?.tags ?? []).map(\.value)
            fake.update {
                $0.buckets["source"]?.objects[FakeS3Key(key)]?.tags = [S3Tag("t", "\(values.first ?? "")x")]
            }
            send(key, "ObjectTagging:Put")
        case .loseBucket: loseSource()
        }
    }

    /// The same bytes with metadata and tags that it never had.
    private func putAlike(_ key: String) {
        guard let there = fake.object("source", key) else { return }
        let number = state.withLock { state in
            state.lastContent += 1
            return state.lastContent
        }
        put(key, there.bytes, version: Int(number), tagged: true)
    }

    func currentTargets() -> [Place: FakeS3Object] {
        let buckets = fake.current.buckets
        var found: [Place: FakeS3Object] = [:]
        for bucket in ["whole", "part"] {
            for (key, object) in buckets[bucket]?.objects ?? [:] { found[Place(bucket: bucket, key: key)] = object }
        }
        return found
    }

    /// Puts an object of some content there, which tells of its storage class, too.
    private func put(_ key: String) {
        let content: UInt8 =
            plan.repeatsContents && plan.scene == nil
            ? UInt8(number(1..<3))
            : state.withLock { state in
                state.lastContent += 1
                return state.lastContent
            }
        // What stands for a folder is empty.
        let size = key.hasSuffix("/") ? 0 : chance(plan.large) ? [25, 60][number(0..<2)] : [1, 7][number(0..<2)]
        let bytes = Array(repeating: content, count: size)
        put(key, bytes, version: number(0..<2), tagged: plan.tellsTagCounts && chance(30))
    }

    private func put(_ key: String, _ bytes: [UInt8], version: Int, tagged: Bool) {
        state.withLock { _ = $0.held[FakeS3Key(key), default: []].insert(bytes) }
        fake.put("source", key, bytes, parts: bytes.count == 60 ? [20, 20, 20] : []) { [plan] object in
            object.metadata = ["v": "\(version)"]
            if tagged { object.tags = [S3Tag("t", "\(version)")] }
            let content = bytes.first ?? 0
            if content % 3 == 2 { object.storageClass = "STANDARD_IA" }
            // S3 copies that only with the other metadata, which history does not ask for.
            if content % 4 == 3, !plan.copiesHistory { object.content["x-amz-website-redirect-location"] = "/there" }
            if !plan.hasComparableSums {
                object.encryption = "aws:kms"
                object.checksums = [:]
            }
        }
    }

    /// One write of one of the writers, and the event that tells of it.
    ///
    /// - Parameter wanted: of which key; `nil` for any.
    func write(to wanted: String? = nil) {
        guard takeWrite() else { return }
        if plan.losesSource, state.withLock({ $0.writesLeft == 0 }) { return loseSource() }
        let key = wanted ?? plan.keys[number(0..<plan.keys.count)]
        let there = fake.object("source", key)
        switch number(0..<10) {
        case 0..<3:
            put(key)
            // The second is what is left when a delete marker is taken away.
            send(key, chance(80) ? "ObjectCreated:Put" : "ObjectRemoved:Delete")
        case 3..<6 where !plan.losesSource:
            fake.delete("source", key)
            send(
                key,
                ["ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:Delete"][
                    number(0..<3)
                ]
            )
        case 6..<8:
            guard there != nil else { return put(andTell: key) }
            let value = number(0..<3)
            fake.update {
                $0.buckets["source"]?.objects[FakeS3Key(key)]?.tags = value == 0 ? [] : [S3Tag("t", "\(value)")]
            }
            send(key, value == 0 ? "ObjectTagging:Delete" : "ObjectTagging:Put")
        case 8:
            guard let there, plan.tellsTagCounts else { return put(andTell: key) }
            // The same bytes with other metadata.
            put(key, there.bytes, version: there.metadata["v"] == "0" ? 1 : 0, tagged: chance(30))
            send(key, "ObjectCreated:Copy")
        // A version was deleted, and not the newest.
        default: send(key, "ObjectRemoved:Delete")
        }
    }

    /// Whether the writers go on.
    private func takeWrite() -> Bool {
        state.withLock { state in
            guard state.writesLeft > 0, !state.isSourceLost else {
                state.writesLeft = 0
                return false
            }
            state.writesLeft -= 1
            return true
        }
    }

    /// Puts the very object there that the target has.
    func changeBack(_ key: String, to there: FakeS3Object?) {
        guard let there, !plan.losesSource, takeWrite() else { return }
        state.withLock { _ = $0.held[FakeS3Key(key), default: []].insert(there.bytes) }
        fake.put("source", key, there.bytes) { object in
            let etag = object.etag
            object = there
            object.etag = etag
        }
        send(key, "ObjectCreated:Put")
    }

    func delete(_ key: String) {
        guard !plan.losesSource, takeWrite() else { return }
        fake.delete("source", key)
        send(key, "ObjectRemoved:Delete")
    }

    private func put(andTell key: String) {
        put(key)
        send(key, "ObjectCreated:Put")
    }

    /// The bucket is deleted, by mistake or because it is not needed any more.
    private func loseSource() {
        trace("the source is gone")
        met("lost source")
        let source = fake.current.buckets["source"]
        let places = configuration.buckets.flatMap { mapping in
            plan.keys.compactMap { key -> Place? in
                guard key.hasPrefix(mapping.source.prefix), source?.objects[FakeS3Key(key)] != nil else { return nil }
                let name = mapping.target.prefix + key.dropFirst(mapping.source.prefix.count)
                let place = Place(bucket: mapping.target.bucket, key: FakeS3Key(name))
                return fake.current.buckets[place.bucket]?.objects[place.key] == nil ? nil : place
            }
        }
        fake.update { $0.buckets["source"] = nil }
        state.withLock { state in
            state.isSourceLost = true
            state.keptWithoutSource = places
        }
    }

    // MARK: Events

    private func send(_ key: String, _ name: String) {
        trace("source: \(name) \(key) \(fake.object("source", key)?.essence ?? [])")
        // The source is copied from in both, so let both be told now and then.
        for _ in 0..<(chance(15) ? 2 : 1) {
            let record = BucketEvents.records([BucketEvents.s3(key, name: name)])
            let type =
                name.hasPrefix("ObjectTagging")
                ? "Object Tags Added" : name.hasPrefix("ObjectCreated") ? "Object Created" : "Object Deleted"
            let bridged = BucketEvents.eventBridge(key, type: type)
            let (body, isQueued): (JSONValue, Bool) =
                switch number(0..<9) {
                case 0: (BucketEvents.topic(record), true)
                case 1..<3: (bridged, true)
                case 3: (bridged, false)
                case 4: (record, false)
                case 5: (Self.fromTopic(record), false)
                default: (record, true)
                }
            enqueue(Message(body: body.text(), isQueued: isQueued, key: key))
        }
        if chance(plan.poison) {
            let (text, isQueued) = poison(key)
            enqueue(Message(body: text, isQueued: isQueued, key: nil))
        }
    }

    /// As a topic invokes a function.
    private static func fromTopic(_ record: JSONValue) -> JSONValue {
        BucketEvents.records([["EventSource": "aws:sns", "Sns": ["Message": .string(record.text())]]])
    }

    /// Something that must be reported, because nobody knows what it is about, or nobody copies it.
    private func poison(_ key: String) -> (String, Bool) {
        met("poison")
        let good = BucketEvents.s3(key)
        let messages: [JSONValue] = [
            BucketEvents.records([BucketEvents.s3(key, version: "3.0")]),
            BucketEvents.eventBridge(key, version: "1"),
            BucketEvents.records([BucketEvents.s3(key, bucket: "nobodys")]),
            BucketEvents.records([good, BucketEvents.s3(key, bucket: "nobodys")]),
            BucketEvents.records([good, ["eventSource": "aws:sqs"]]),
            BucketEvents.records([["eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"]]),
            BucketEvents.eventBridge("", type: "Object Created"),
            BucketEvents.topic(BucketEvents.topic(BucketEvents.topic(BucketEvents.records([good])))),
            ["Records": "none"], [],
        ]
        let number = number(0..<messages.count + 1)
        return (number < messages.count ? messages[number].text() : "{\"Records\":[", chance(70))
    }
}
