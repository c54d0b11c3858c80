package import AWSCore

/// A copy of a bucket that is done part by part; a part is a range of keys.
package struct BucketCopyPlan: CopyPlan {
    package typealias Result = BucketPartResult

    package let settings: BucketCopySettings
    /// In which together every key lies once: also keys that appear while it goes on, and those that only the target has.
    package let ranges: [KeyRange]

    /// What Step Functions takes at most to start with, in bytes of JSON (AWS Step Functions Developer Guide, "Service
    /// quotas": 256 KiB), less what is around it.
    private static let maximumInput = 250_000

    /// - Parameter cuts: the keys behind which parts begin, in order; some are left out where all together would be too
    ///   long for Step Functions.
    package init(_ settings: BucketCopySettings, cuts: [[UInt8]]) {
        var cuts = Array(cuts.prefix(CopyKind.maximumParts - 1))
        while true {
            let plan = BucketCopyPlan(settings, ranges: KeyRange.ranges(cutAt: cuts))
            if cuts.isEmpty || plan.executionInput.serialized().count <= Self.maximumInput {
                self = plan
                return
            }
            cuts = cuts.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        }
    }

    private init(_ settings: BucketCopySettings, ranges: [KeyRange]) {
        self.settings = settings
        self.ranges = ranges
    }

    package static var kind: CopyKind { .bucket }
    package var partCount: Int { ranges.count }

    package var executionInput: JSONValue {
        let segments = ranges.enumerated().map { number, range in
            var json = range.json
            json["number"] = .number(JSONNumber(number))
            return JSONValue.object(json)
        }
        return ["copy": .object(settings.json), "segments": .array(segments)]
    }

    package init(executionInput: JSONValue) throws(CopyPartError) {
        guard try CopyKind(copy: executionInput["copy"]) == .bucket, let copy = executionInput["copy"],
            let segments = executionInput["segments"]?.array
        else { throw CopyPartError("it copies no bucket") }
        var ranges: [KeyRange] = []
        for (number, segment) in segments.enumerated() {
            guard segment["number"]?.integer == number else { throw CopyPartError("the parts are not numbered from 0") }
            ranges.append(try KeyRange(json: segment))
        }
        guard KeyRange.coverEverything(ranges) else {
            throw CopyPartError("the parts leave keys out, or have them twice")
        }
        self.init(try BucketCopySettings(json: copy), ranges: ranges)
    }
}
