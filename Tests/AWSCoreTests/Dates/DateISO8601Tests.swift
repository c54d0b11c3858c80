import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("Instants in ISO 8601")
struct DateISO8601Tests {
    @Test(
        "Times of AWS are read",
        arguments: [
            ("2015-10-08T16:53:06Z", 1_444_323_186), ("2026-01-14T10:18:50.622Z", 1_768_385_930.622),
            ("2015-10-08T18:53:06+02:00", 1_444_323_186), ("2015-10-08T11:23:06-05:30", 1_444_323_186),
            ("1970-01-01T00:00:00.5Z", 0.5), ("2015-10-08T18:53:06+0200", 1_444_323_186),
            ("2009-10-12t17:50:30.000z", 1_255_369_830),
        ]
    )
    func times(text: String, expected: Double) throws {
        #expect(abs(try #require(Date(iso8601: text)).timeIntervalSince1970 - expected) < 0.000_5)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "2015-10-08", "2015-10-08T16:53:06", "2015-10-08 16:53:06Z", "2015-10-08T24:00:00Z",
            "2015-10-08T16:60:06Z", "2015-02-30T16:53:06Z", "2015-10-08T16:53:06.Z", "2015-10-08T16:53:06+2:00",
            "2015-10-08T16:53:06Zx", "2015-10-08T16:53:06+02-00", "2015-10-08T16:53:06.1234567890123456789Z",
            "2015/10/08T16:53:06Z", "2015-10-08T16:53:06+02:00:00",
        ]
    )
    func refusedTimes(text: String) {
        #expect(Date(iso8601: text) == nil)
    }

    @Test("A time that is written is read again")
    func timeRoundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let instant = Date(
                timeIntervalSince1970: Double(Int.random(in: -60_000_000_000...250_000_000_000, using: &generator))
            )
            #expect(Date(iso8601: instant.iso8601) == instant, "seed \(seed): \(instant.iso8601)")
        }
    }

    @Test("Foundation writes the same")
    func formatOracle() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            // From 1583 on, when Foundation's calendar is no longer Julian. Quarters have no rounding to disagree about.
            let seconds = Double(Int.random(in: -12_000_000_000...250_000_000_000, using: &generator)) + 0.25
            let instant = Date(timeIntervalSince1970: seconds)
            #expect(instant.iso8601 == instant.formatted(.iso8601), "seed \(seed)")
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            #expect(instant.iso8601WithMilliseconds == instant.formatted(style), "seed \(seed)")
            #expect(instant.readable == "\(instant.iso8601.prefix(10)) \(instant.iso8601.dropFirst(11).prefix(8)) UTC")
        }
    }

    @Test("Instants that no calendar of four digits has become the nearest that it has")
    func limits() {
        #expect(Date(timeIntervalSince1970: .infinity).iso8601WithMilliseconds == "9999-12-31T23:59:59.999Z")
        #expect(Date(timeIntervalSince1970: -.infinity).iso8601 == "0000-01-01T00:00:00Z")
        #expect(Date(timeIntervalSince1970: .nan).iso8601 == "1970-01-01T00:00:00Z")
        #expect(Date(timeIntervalSince1970: -0.0005).iso8601WithMilliseconds == "1969-12-31T23:59:59.999Z")
    }
}
