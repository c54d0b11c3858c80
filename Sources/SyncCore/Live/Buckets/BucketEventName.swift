/// What is to be done about an event by its name, in the form of the notifications (`ObjectCreated:Put`) or that of
/// EventBridge (`Object Created`).
///
/// Whatever may have changed what a copy consists of is settled, and so is a name that nobody knows yet: to look once
/// too often costs two requests. What says nothing about that is passed over: restores (the object in its archive stays
/// the same), lists of access rights (copies keep the target's), changes of the storage class by rules, and replication.
enum BucketEventName: Sendable, Equatable {
    case settled
    /// Settled with a look at the tags.
    case tags
    case ignored

    init(_ name: some Collection<UInt8>) {
        func begins(_ prefix: StaticString) -> Bool {
            name.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        }
        // Amazon S3 User Guide, "Supported event types"; the two forms begin in different ways, so one list does.
        if begins("ObjectCreated:") || begins("ObjectRemoved:") {
            self = .settled
        } else if begins("ObjectTagging:") || begins("Object Tags ") {
            self = .tags
        } else if begins("ObjectRestore:") || begins("Object Restore ") || begins("ObjectAcl:")
            || begins("Object ACL ") || begins("Replication:") || begins("LifecycleTransition")
            || begins("Object Storage Class ") || begins("IntelligentTiering") || begins("Object Access Tier ")
        {
            self = .ignored
        } else {
            self = .settled
        }
    }
}
