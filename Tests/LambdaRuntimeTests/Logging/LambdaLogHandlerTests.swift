import AWSCore
import AWSTesting
import LambdaRuntime
import Logging
import Testing

import struct FoundationEssentials.Date

@Suite("Lambda log lines")
struct LambdaLogHandlerTests {
    private struct Failure: Error, CustomStringConvertible {
        var description: String { "went wrong" }
    }

    private func context(_ requestID: String, _ logger: Logger) -> LambdaContext {
        let invocation = LambdaInvocation(
            requestID: requestID,
            deadline: Date(timeIntervalSince1970: 0),
            invokedFunctionARN: "",
            traceID: nil,
            event: []
        )
        return LambdaContext(invocation, function: LambdaFunctionInformation(environment: [:]), logger: logger)
    }

    @Test("A JSON line is exactly this")
    func exactLine() {
        let log = RecordedLog()
        let logger = log.logger()
        LambdaContext.$current.withValue(context("id-1", logger)) {
            logger.warning(
                "Ta\tble \"Ord\u{1B}ers\"\n",
                metadata: ["table": "Orders", "attempts": "\(3)", "level": "x"]
            )
        }
        logger.info("after")
        #expect(
            log.texts == [
                #"{"timestamp":"2026-11-21T02:00:07.000Z","level":"WARN","message":"Ta\tble \"Ord\u001bers\"\n","#
                    + #""requestId":"id-1","attempts":"3","_level":"x","table":"Orders"}"# + "\n",
                #"{"timestamp":"2026-11-21T02:00:07.000Z","level":"INFO","message":"after"}"# + "\n",
            ]
        )
    }

    @Test("Numbers and truth values keep their type, lists and dictionaries their shape")
    func metadataTypes() throws {
        let log = RecordedLog()
        log.logger().info(
            "m",
            metadata: [
                "count": .stringConvertible(12), "ok": .stringConvertible(true), "ratio": .stringConvertible(0.5),
                "nan": .stringConvertible(Double.nan), "list": ["a", .stringConvertible(1)],
                "map": ["z": "1", "a": .array([])],
            ]
        )
        #expect(
            log.texts.first?.hasSuffix(
                #""count":12,"list":["a",1],"map":{"a":[],"z":"1"},"nan":"nan","ok":true,"ratio":0.5}"# + "\n"
            ) == true
        )
        #expect(try log.objects().count == 1)
    }

    @Test("Metadata of the logger, the provider and the line are merged in that order; an error gives two members")
    func merging() throws {
        let log = RecordedLog()
        var logger = log.logger()
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger.handler.metadataProvider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        logger.error("m", error: Failure(), metadata: ["c": "line"])
        let object = try #require(try log.objects().first)
        #expect(["a", "b", "c"].map { object[$0]?.string } == ["logger", "provider", "line"])
        #expect(object["error"]?.string == "went wrong" && object["errorType"]?.string == "Failure")
    }

    @Test("A line of text is one line whatever is in it")
    func text() {
        let log = RecordedLog()
        let logger = log.logger(LambdaLogConfiguration(format: .text, level: .info))
        LambdaContext.$current.withValue(context("id-1", logger)) {
            logger.notice("two\nlines\u{7F}", metadata: ["k": "v"])
        }
        logger.debug("not at this level")
        #expect(log.texts == ["2026-11-21T02:00:07.000Z id-1 INFO two\\nlines\\u007f k=v\n"])
    }

    @Test(
        "Format and level come from Lambda's variables",
        arguments: [
            ([:], LambdaLogConfiguration(format: .text, level: .info)),
            (
                ["AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "FATAL"],
                .init(format: .json, level: .critical)
            ),
            (["AWS_LAMBDA_LOG_FORMAT": "Text", "AWS_LAMBDA_LOG_LEVEL": "WARN"], .init(format: .text, level: .warning)),
            (["AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "trace"], .init(format: .json, level: .trace)),
            (["AWS_LAMBDA_LOG_FORMAT": "xml", "AWS_LAMBDA_LOG_LEVEL": "LOUD"], .init(format: .text, level: .info)),
        ]
    )
    func configuration(environment: [String: String], expected: LambdaLogConfiguration) {
        #expect(LambdaLogConfiguration(environment: environment) == expected)
    }

    @Test(
        "Time stamps are right at the ends of months, years and centuries, and before 1970",
        arguments: [
            (0.0, "1970-01-01T00:00:00.000Z"), (951_782_399.999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"), (1_709_164_800.25, "2024-02-29T00:00:00.250Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"), (-0.5, "1969-12-31T23:59:59.500Z"),
            (1_798_761_599, "2026-12-31T23:59:59.000Z"),
        ]
    )
    func timestamps(seconds: Double, expected: String) throws {
        let log = RecordedLog()
        log.logger(clock: ManualClock(now: Date(timeIntervalSince1970: seconds))).info("m")
        #expect(try log.objects().first?["timestamp"]?.string == expected)
    }

    @Test("Any text comes back from a line as it was, and no line holds a raw control character")
    func randomText() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let text = random.text(maximumLength: 40)
            let key = "k" + random.text(maximumLength: 6)
            let log = RecordedLog()
            log.logger().info("\(text)", metadata: [key: .string(text)])
            let object = try #require(try log.objects().first, "seed \(seed)")
            #expect(object["message"]?.string.map { Array($0.utf8) } == Array(text.utf8), "seed \(seed)")
            #expect(object[key]?.string.map { Array($0.utf8) } == Array(text.utf8), "seed \(seed)")
            let line = try #require(log.texts.first)
            let raw = line.unicodeScalars.dropLast().filter { $0.properties.generalCategory == .control }
            #expect(raw.isEmpty, "seed \(seed)")
        }
    }
}

extension SeededGenerator {
    /// Text of scalars from all planes, with those that need escaping more often than their share.
    fileprivate mutating func text(maximumLength: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...maximumLength, using: &self) {
            let range: ClosedRange<UInt32> =
                switch Int.random(in: 0..<4, using: &self) {
                case 0: 0...0x1F
                case 1: 0x20...0xA0
                case 2: 0x2020...0x2030
                default: 0...0x10_FFFF
                }
            // Surrogates are no scalars.
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self)) { scalars.append(scalar) }
        }
        return String(scalars)
    }
}
