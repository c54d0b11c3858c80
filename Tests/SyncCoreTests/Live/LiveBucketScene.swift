import AWSTesting

/// A rare moment for which a round is made: who calls what, and what happens at the source meanwhile.
///
/// Chance alone meets some of them once in a thousand rounds.
struct LiveBucketScene: Sendable {
    /// What the source and the target have when it begins.
    enum Start: Sendable {
        case equal
        case older
        case sourceOnly
        case targetOnly
    }

    /// What a writer does to the source.
    enum Action: Sendable {
        case put
        case delete
        /// By a lifecycle rule.
        case expire
        /// What the target has, or has had last.
        case putBack
        /// The same bytes with other metadata and tags.
        case putAlike
        case tag
        /// The source's whole bucket.
        case loseBucket
    }

    enum Caller: Sendable {
        case live
        case history
    }

    enum Parts: Sendable {
        /// The invocation is made again.
        case goesOn
        /// The user starts another one.
        case isStartedAnew
    }

    /// A call that something happens to.
    struct Moment: Sendable {
        var caller: Caller
        var operations: Set<String>
        var isAtSource = false
        /// Whether it happens when S3 has done what it was told, and the answer is on its way; otherwise S3 has read what
        /// it copies, and not written yet.
        var isBehind = false
        var action: Action?
        /// How long it takes, in seconds: long enough for others to bring to the target what happens meanwhile.
        var seconds = 5..<60
        var isRefused = false
        var losesAnswer = false
        var kills = false
    }

    var name: String
    var start: Start
    var copiesHistory: Bool
    /// Whether the history is copied by invocations, part by part, and what becomes of its execution when one of them dies.
    var parts: Parts?
    /// What the writers do at first, all at once.
    var first: [Action] = []
    /// One after the other.
    var moments: [Moment]
    /// Whether all objects are copied in parts, or none; `nil` for either.
    var isLarge: Bool?
    /// Whether the bytes go through the function or program, or S3 copies by itself; `nil` for either.
    var isStreamed: Bool?
    /// Whether S3 says of an object how many tags it has.
    var countsTags = true
    /// How many seconds the first invocation has, or the first one of a part that writes.
    var time: Double?

    /// Whether contents come back, so that a moment's state may be an older one again.
    var repeatsContents: Bool {
        (first + moments.compactMap(\.action)).contains { $0 == .putBack || $0 == .putAlike }
    }

    private static let writing: Set<String> = ["CopyObject", "PutObject", "CompleteMultipartUpload"]

    private static func live(_ action: Action, on operations: Set<String> = writing) -> Moment {
        Moment(caller: .live, operations: operations, action: action)
    }

    private static func history(
        _ action: Action,
        on operations: Set<String> = writing,
        isAtSource: Bool = false,
        isBehind: Bool = false,
        losesAnswer: Bool = false,
        kills: Bool = false
    ) -> Moment {
        var moment = Moment(caller: .history, operations: operations, action: action)
        (moment.isAtSource, moment.isBehind) = (isAtSource, isBehind)
        (moment.losesAnswer, moment.kills) = (losesAnswer, kills)
        return moment
    }

    private static let refusal = Moment(caller: .live, operations: ["HeadObject"], seconds: 0..<1, isRefused: true)

    /// The source's object is put anew when it was looked at, or a part of it was read.
    private static func reading(_ operations: Set<String>) -> Moment {
        Moment(caller: .live, operations: operations, isAtSource: true, isBehind: true, action: .put, seconds: 0..<1)
    }

    private static let liveOnes: [LiveBucketScene] = [
        .init("put back while S3 deletes it", .equal, [.delete], [live(.putBack, on: ["DeleteObject"])]),
        .init("put while S3 deletes it", .equal, [.delete], [live(.put, on: ["DeleteObject"])]),
        .init("put while S3 replaces it", .equal, [.put], [live(.put)], isLarge: false, isStreamed: false),
        .init("put while its bytes replace it", .equal, [.put], [live(.put)], isLarge: false, isStreamed: true),
        .init("put while S3 puts its parts together", .equal, [.put], [live(.put)], isLarge: true),
        .init("changed back while S3 replaces it", .equal, [.put], [live(.putBack)]),
        .init("like it while S3 replaces it", .equal, [.putAlike], [live(.putAlike)]),
        .init(
            "tagged while S3 tags it",
            .equal,
            [.tag],
            [live(.tag, on: ["PutObjectTagging", "DeleteObjectTagging"])]
        ),
        .init("expired", .equal, [.expire], []),
        .init("put before it is read", .equal, [.put], [reading(["HeadObject"])]),
        .init(
            "put between two parts",
            .equal,
            [.put],
            [live(.put, on: ["UploadPartCopy"])],
            isLarge: true,
            isStreamed: false
        ),
        .init(
            "put between two parts that are read",
            .equal,
            [.put],
            [reading(["GetObject"])],
            isLarge: true,
            isStreamed: true
        ),
        .init("tagged where HEAD counts no tags", .equal, [.tag], [], countsTags: false),
        .init("refused", .equal, [.put], [refusal]),
        .init("refused with several messages", .equal, [.put, .put, .put], [refusal]),
        .init(
            "out of time between two parts",
            .equal,
            [.put],
            [Moment(caller: .live, operations: ["UploadPart", "UploadPartCopy"], seconds: 20..<60)],
            isLarge: true,
            time: 10
        ),
        .init(
            "deleted and put back while S3 puts its parts together",
            .equal,
            [.put],
            [
                live(.delete, on: ["CompleteMultipartUpload"]),
                Moment(caller: .live, operations: ["CompleteMultipartUpload"], isBehind: true, action: .putBack),
            ],
            isLarge: true
        ),
    ]

    private static let historyOnes: [LiveBucketScene] = [
        .init("copied with its metadata and tags", .sourceOnly, []),
        .init("deleted while it is copied", .sourceOnly, [history(.delete)]),
        .init(
            "put while an older one is copied",
            .sourceOnly,
            [history(.put), Moment(caller: .live, operations: writing, seconds: 61..<90)]
        ),
        .init("copied before its bucket is gone", .sourceOnly, [history(.loseBucket, isBehind: true)]),
        .init(
            "brought by live sync before its bucket is gone",
            .sourceOnly,
            [history(.put), history(.loseBucket, on: ["HeadObject"], isAtSource: true)]
        ),
        .init("deleted while it is copied without an answer", .sourceOnly, [history(.delete, losesAnswer: true)]),
        .init(
            "put where a copy without an answer may be",
            .sourceOnly,
            [history(.delete, losesAnswer: true), history(.put, on: ["HeadObject"])]
        ),
        .init(
            "put back while a copy without an answer is deleted",
            .sourceOnly,
            [history(.delete, losesAnswer: true), history(.putBack, on: ["DeleteObject"])]
        ),
        .init(
            "put back while a copy is deleted",
            .sourceOnly,
            [history(.delete), history(.putBack, on: ["DeleteObject"])]
        ),
        .init(
            "put where a copy is to be deleted",
            .sourceOnly,
            [history(.delete), history(.put, on: ["HeadObject"], isAtSource: true, isBehind: true)]
        ),
        .init("deleted while it is copied by one who dies", .sourceOnly, [history(.delete, kills: true)]),
        .init(
            "put while an older one is copied by one who dies",
            .sourceOnly,
            [history(.put, kills: true), Moment(caller: .live, operations: writing, seconds: 61..<90)]
        ),
        .init("changed back while it is replaced", .older, [history(.putBack)]),
        .init("like it while it is replaced", .older, [history(.putAlike)]),
        .init("changed back while it is replaced by one who dies", .older, [history(.putBack, kills: true)]),
        .init("like it while it is replaced by one who dies", .older, [history(.putAlike, kills: true)]),
        .init("put back while it is deleted as extra", .targetOnly, [history(.putBack, on: ["DeleteObject"])]),
        .init(
            "put back before it is deleted as extra",
            .targetOnly,
            [history(.putBack, on: ["ListObjectsV2"], isAtSource: true, isBehind: true)]
        ),
    ]

    /// For what S3 is still busy with when the invocation is cut off.
    private static let slowDeletion = Moment(
        caller: .history,
        operations: writing,
        action: .delete,
        seconds: 100..<200
    )

    private static let partOnes: [LiveBucketScene] = [
        .init("copied by invocations", .sourceOnly, [], .goesOn),
        .init(
            "deleted while it is copied by an invocation that dies",
            .sourceOnly,
            [history(.delete, kills: true)],
            .goesOn
        ),
        .init(
            "deleted while it is copied by an invocation that dies, and its execution with it",
            .sourceOnly,
            [history(.delete, kills: true)],
            .isStartedAnew
        ),
        .init(
            "changed back while it is replaced by an invocation that dies",
            .older,
            [history(.putBack, kills: true)],
            .goesOn
        ),
        .init(
            "changed back while it is replaced by an invocation that dies, and its execution with it",
            .older,
            [history(.putBack, kills: true)],
            .isStartedAnew
        ),
        .init(
            "like it while it is replaced by an invocation that dies, and its execution with it",
            .older,
            [history(.putAlike, kills: true)],
            .isStartedAnew
        ),
        .init("deleted while its copy is cut off", .sourceOnly, [slowDeletion], .goesOn, time: 60),
        .init(
            "deleted while it is copied without an answer, and then refused",
            .sourceOnly,
            [
                history(.delete, losesAnswer: true),
                Moment(
                    caller: .history,
                    operations: ["HeadObject"],
                    isAtSource: true,
                    seconds: 0..<1,
                    isRefused: true
                ),
            ],
            .goesOn
        ),
    ]

    private init(
        _ name: String,
        _ start: Start,
        _ first: [Action],
        _ moments: [Moment],
        isLarge: Bool? = nil,
        isStreamed: Bool? = nil,
        countsTags: Bool = true,
        time: Double? = nil
    ) {
        (self.name, self.start, self.first, self.moments) = (name, start, first, moments)
        (self.isLarge, self.isStreamed, self.countsTags, self.time) = (isLarge, isStreamed, countsTags, time)
        copiesHistory = false
    }

    private init(_ name: String, _ start: Start, _ moments: [Moment]) {
        (self.name, self.start, self.moments) = (name, start, moments)
        copiesHistory = true
    }

    private init(_ name: String, _ start: Start, _ moments: [Moment], _ parts: Parts, time: Double? = nil) {
        self.init(name, start, moments)
        (self.parts, self.time) = (parts, time)
    }

    static let all = liveOnes + historyOnes + partOnes
}
