import AWSCore
import BackupCore
import FoundationEssentials
import SyncCore

/// The status for programs: a stable contract, documented in the README.
enum StatusJSON {
    static func value(of status: SyncStatus, _ configuration: SyncConfiguration) -> JSONValue {
        [
            "generatedAt": .string(status.date.iso8601),
            "functionName": .string(configuration.functionName),
            "safe": .bool(status.isSafe),
            "mappings": .array(status.mappings.map(mapping)),
        ]
    }

    static func mapping(_ mapping: MappingStatus) -> JSONValue {
        [
            "kind": .string(mapping.pair.kind.rawValue),
            "source": .string(mapping.pair.source),
            "target": .string(mapping.pair.target),
            "where": text(mapping.filter),
            "region": .string(mapping.region.name),
            "safe": .bool(mapping.isSafe),
            "reasons": .array(mapping.reasons.map { .string($0) }),
            "lagSeconds": mapping.live.lag.value.flatMap { JSONNumber("\($0)") }.map { .number($0) } ?? .null,
            "lagUnknown": unknown(mapping.live.lag),
            "idle": .bool(mapping.live.isIdle),
            "failures": number(mapping.live.failures),
            "failuresUnknown": unknown(mapping.live.failures),
            "waiting": mapping.live.waiting.map(number) ?? .null,
            "errors": number(mapping.live.errors),
            "eventSource": eventSource(mapping.live),
            "gaps": .array(mapping.live.gaps.map { gap($0, mapping) }),
            "faults": .array(mapping.live.faults.map { .string($0) }),
            "history": history(mapping),
            "verification": mapping.verification.map(verification) ?? .null,
        ]
    }

    private static func gap(_ gap: StreamGap, _ mapping: MappingStatus) -> JSONValue {
        [
            "from": text(gap.from?.iso8601), "to": .string(gap.to.iso8601), "cause": .string(gap.cause),
            "closed": .bool(gap.isClosed(by: mapping.verification, filter: mapping.filter)),
            "command": .string(StreamGap.command(mapping.pair, filter: mapping.filter)),
        ]
    }

    private static func eventSource(_ live: LiveStatus) -> JSONValue {
        switch live.eventSource {
        case .unknown(let reason): return ["unknown": .string(reason)]
        case .value(let source):
            return [
                "uuid": .string(source.uuid), "eventSourceArn": text(source.eventSourceARN),
                "state": text(source.state), "lastProcessingResult": text(source.lastProcessingResult),
            ]
        }
    }

    private static func history(_ mapping: MappingStatus) -> JSONValue {
        guard let history = mapping.history else { return .null }
        return [
            "state": .string(history.state.rawValue),
            "mode": .string(history.mode),
            "where": text(history.filter),
            "done": .number(JSONNumber(history.done)),
            "failed": .number(JSONNumber(history.failed)),
            "percent": StatusText.percent(mapping, history).map { .number(JSONNumber($0)) } ?? .null,
            "segments": history.segments.map { .number(JSONNumber($0.all)) } ?? .null,
            "finishedSegments": history.segments.map { .number(JSONNumber($0.finished)) } ?? .null,
            "startedAt": text(history.startDate?.iso8601),
            "updatedAt": text(history.date?.iso8601),
            "finishedAt": history.state == .finished ? text(history.date?.iso8601) : .null,
        ]
    }

    private static func verification(_ record: VerificationRecord) -> JSONValue {
        func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
        return [
            "verdict": .string(record.verdict), "where": text(record.filter),
            "startedAt": .string(record.startDate.iso8601), "endedAt": .string(record.endDate.iso8601),
            "equal": number(record.equal), "missing": number(record.missing), "extra": number(record.extra),
            "different": number(record.different), "undecided": number(record.undecided),
        ]
    }

    private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

    private static func number(_ value: Known<Int>) -> JSONValue {
        value.value.map { .number(JSONNumber($0)) } ?? .null
    }

    private static func unknown<Value>(_ value: Known<Value>) -> JSONValue {
        if case .unknown(let reason) = value { .string(reason) } else { .null }
    }
}
