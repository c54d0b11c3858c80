import Terminal
import Testing

import struct FoundationEssentials.Date

@Suite("Numbers and times for people")
struct HumanFormatTests {
    @Test(
        "Sizes",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_234_567_890, "1.2 GB"), (99_949, "99.9 kB"),
            (99_951, "100 kB"), (345_600_000_000, "346 GB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
            (-1_500, "-1.5 kB"), (Int.max, "9.2 EB"), (Int.min, "-9.2 EB"),
        ]
    )
    func bytes(count: Int, expected: String) {
        #expect(HumanFormat.bytes(count) == expected)
    }

    @Test(
        "Counts",
        arguments: [
            (0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-100_000, "-100,000"),
            (Int.min, "-9,223,372,036,854,775,808"),
        ]
    )
    func counts(number: Int, expected: String) {
        #expect(HumanFormat.count(number) == expected)
    }

    @Test("Percent: 100 only at the end", arguments: [(0, 10, "0 %"), (1, 10_000, "1 %"), (9_999, 10_000, "99 %")])
    func percent(part: Int, whole: Int, expected: String) {
        #expect(HumanFormat.percent(part, of: whole) == expected)
        #expect(HumanFormat.percent(whole, of: whole) == "100 %")
        #expect(HumanFormat.percent(part, of: 0) == "0 %")
    }

    @Test(
        "Durations",
        arguments: [
            (0.0, "0 s"), (0.04, "0.1 s"), (0.42, "0.4 s"), (0.97, "1 s"), (12, "12 s"), (59.6, "1 m"),
            (252, "4 m 12 s"),
            (3_600, "1 h"), (3_605, "1 h"), (11_100, "3 h 5 m"), (187_200, "2 d 4 h"), (-5, "0 s"),
        ]
    )
    func durations(seconds: Double, expected: String) {
        #expect(HumanFormat.duration(.seconds(seconds)) == expected)
    }

    @Test(
        "Ages",
        arguments: [
            (0.0, "0 s ago"), (59, "59 s ago"), (60, "1 m ago"), (11_000, "3 h ago"), (100_000, "27 h ago"),
            (180_000, "2 d ago"), (-7_300, "in 2 h"),
        ]
    )
    func ages(seconds: Double, expected: String) {
        let now = Date(timeIntervalSince1970: 1_795_226_407)
        #expect(HumanFormat.age(of: now.addingTimeInterval(-seconds), now: now) == expected)
    }

    @Test(
        "Dates are in UTC, to the second",
        arguments: [
            (1_795_226_407.0, "2026-11-21 02:00:07 UTC"), (1_795_226_407.999, "2026-11-21 02:00:07 UTC"),
            (0, "1970-01-01 00:00:00 UTC"),
        ]
    )
    func dates(seconds: Double, expected: String) {
        #expect(HumanFormat.date(Date(timeIntervalSince1970: seconds)) == expected)
    }
}
