import AWSCore
import Testing

@testable import SyncCore

@Suite("Pages whose items are on their way")
struct OpenPageTests {
    @Test("However many calls hand an item back, the page's refused items wait for one short moment and no longer")
    func refusalsDoNotAddUp() throws {
        let items = (0..<1_000).map { #"{"pk":{"S":"\#($0)"}}"# }.joined(separator: ",")
        let answer = #"{"Items":[\#(items)],"Count":1000,"ScannedCount":1000}"#
        let page = try ItemPage(parsing: Array(answer.utf8))
        var open = OpenPage(
            page: page,
            segment: 0,
            number: 0,
            unresolved: page.count,
            counts: CopyCounts(),
            memory: page.bytes.count
        )
        let start = ContinuousClock.now
        // Forty calls at the same time, of each of which one item comes back.
        let calls = (0..<40).map { _ in open.takeItems(upTo: 25, now: start) }
        #expect(calls.allSatisfy { $0.count == 25 } && !open.hasItemsToGive)
        for call in calls {
            let outcome = CopyScheduler.Outcome(written: 24, leftOver: [call[7]], isThrottled: true)
            open.take(outcome, resolved: 24, now: start, random: 0.99)
        }
        #expect(open.unresolved == 40)
        let due = try #require(open.due(now: start))
        #expect(due > start && due <= start + Backoff.base)
        // Then all of them may go, in as few calls as hold them.
        #expect(open.takeItems(upTo: 25, now: due).count == 25)
        #expect(open.due(now: due) == nil)
        #expect(open.takeItems(upTo: 25, now: due).count == 15)
    }
}
