internal import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("Backup dates")
struct BackupDateTests {
    @Test("Both ways to write a day are read", arguments: ["2026/11/21", "2026-11-21"])
    func parsing(text: String) throws {
        let date = try #require(BackupDate(text))
        #expect((date.year, date.month, date.day) == (2026, 11, 21))
        #expect(date.description == "2026/11/21")
        #expect(date.compactDescription == "20261121")
    }

    @Test(
        "What is no day is refused",
        arguments: [
            "", "2026/11", "2026/11/31", "2026/02/29", "1900/02/29", "2026/00/01", "2026/13/01", "2026/01/00",
            "0000/01/01", "2026/1/01", "2026-11/21", "2026.11.21", "+026/11/21", "2026/11/21 ", "２026/1/21",
        ]
    )
    func refused(text: String) {
        #expect(BackupDate(text) == nil)
    }

    @Test("Leap days of 2000 and 2024 exist")
    func leapDays() throws {
        #expect(try #require(BackupDate("2000/02/29")).adding(days: 1) == BackupDate("2000/03/01"))
        #expect(try #require(BackupDate("2024/03/01")).adding(days: -1) == BackupDate("2024/02/29"))
        #expect(BackupDate.maximum.adding(days: 1) == nil)
        #expect(BackupDate.minimum.adding(days: -1) == nil)
        #expect(BackupDate.minimum.adding(days: .max) == nil)
    }

    @Test("Every day of ten thousand years follows the one before it, as the calendar of Foundation says")
    func everyDay() throws {
        var date = BackupDate.minimum
        var count = 1
        while let next = date.adding(days: 1) {
            let isNextDay = next.year == date.year && next.month == date.month && next.day == date.day + 1
            let isNextMonth = next.day == 1 && (next.month == date.month + 1 || (next.month == 1 && date.month == 12))
            // Not #expect, which takes a microsecond and more for each of millions.
            guard (isNextDay || isNextMonth) && next > date && next.daysSinceEpoch == date.daysSinceEpoch + 1 else {
                Issue.record("\(next) does not follow \(date)")
                return
            }
            date = next
            count += 1
        }
        #expect(count == 3_652_059)

        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            // Foundation changes to the Julian calendar before 15 October 1582.
            let seconds = Double.random(in: -12_000_000_000...200_000_000_000, using: &generator)
            let instant = Date(timeIntervalSince1970: seconds)
            let parts = calendar.dateComponents([.year, .month, .day], from: instant)
            let date = BackupDate(instant)
            #expect((date.year, date.month, date.day) == (parts.year, parts.month, parts.day), "seed \(seed)")
        }
    }

    @Test("An instant belongs to its day in UTC, to the last moment")
    func instants() throws {
        #expect(BackupDate(Date(timeIntervalSince1970: 0)).description == "1970/01/01")
        #expect(BackupDate(Date(timeIntervalSince1970: -0.001)).description == "1969/12/31")
        #expect(BackupDate(Date(timeIntervalSince1970: 86_399.999)).description == "1970/01/01")
        #expect(BackupDate(Date(timeIntervalSince1970: .infinity)) == .maximum)
        #expect(BackupDate(Date(timeIntervalSince1970: .nan)) == .minimum)
    }
}
