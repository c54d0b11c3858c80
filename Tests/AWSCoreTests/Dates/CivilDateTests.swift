import AWSCore
import Testing

@Suite("Days of the calendar")
struct CivilDateTests {
    @Test("Every day from 1600 to 2400 follows the day before it, and its number gives it back")
    func sequence() throws {
        var date = try #require(CivilDate(year: 1600, month: 1, day: 1))
        #expect(date.daysSinceEpoch == -135_140)
        while date.year < 2400 {
            let next = CivilDate(daysSinceEpoch: date.daysSinceEpoch + 1)
            let isNextDay = (next.year, next.month, next.day) == (date.year, date.month, date.day + 1)
            let isNextMonth = (next.year, next.month, next.day) == (date.year, date.month + 1, 1)
            let isNextYear = (next.year, next.month, next.day) == (date.year + 1, 1, 1) && date.month == 12
            guard isNextDay || (isNextMonth && date.day >= 28) || (isNextYear && date.day == 31),
                CivilDate(year: next.year, month: next.month, day: next.day) == next,
                next.daysSinceEpoch == date.daysSinceEpoch + 1
            else {
                Issue.record("\(next) after \(date)")
                return
            }
            date = next
        }
    }

    @Test("Days before the year 0 have numbers too")
    func negativeYears() {
        #expect(CivilDate(daysSinceEpoch: -719_529).year == -1)
        #expect(CivilDate(daysSinceEpoch: -719_529).daysSinceEpoch == -719_529)
        #expect(CivilDate(daysSinceEpoch: -1_000_000).daysSinceEpoch == -1_000_000)
    }

    @Test(
        "A day that no calendar has is refused",
        arguments: [
            (2026, 2, 29), (2100, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0), (10_000, 1, 1),
        ]
    )
    func refused(year: Int, month: Int, day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }
}
