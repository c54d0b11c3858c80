import Testing

@testable import Sync
@testable import SyncCore

@Suite("The line that shows how far a copy is")
struct TableProgressTests {
    private static func progress(
        written: Int,
        seconds: Double,
        change: (inout TableCopy.Progress) -> Void = { _ in }
    ) -> TableCopy.Progress {
        var counts = CopyCounts()
        counts.read = written
        counts.written = written
        var progress = TableCopy.Progress(
            counts: counts,
            readUnits: 0,
            writeUnits: 0,
            throttled: 0,
            inFlight: 8,
            elapsed: .seconds(seconds)
        )
        change(&progress)
        return progress
    }

    @Test("It has items, share, the time that is left, and rates")
    func whole() {
        let line = TableProgress(itemCount: 10_000, before: CopyCounts())
        let text = line.text(
            Self.progress(written: 2_500, seconds: 10) {
                $0.readUnits = 1_000
                $0.writeUnits = 5_000
            }
        )
        #expect(text == "Copying: 2,500 items of 10,000 (25 %), 30 s left, 250/s, 100 RCU/s, 500 WCU/s")
    }

    @Test("What earlier runs have done is part of the share and not of the rate")
    func resumed() {
        var before = CopyCounts()
        before.read = 5_000
        let text = TableProgress(itemCount: 10_000, before: before).text(Self.progress(written: 6_000, seconds: 10))
        #expect(text.hasPrefix("Copying: 6,000 items of 10,000 (60 %), 40 s left, 100/s"))
    }

    @Test("Every item that is done with counts, whatever became of it")
    func allKinds() {
        let text = TableProgress(itemCount: 100, before: CopyCounts()).text(
            Self.progress(written: 10, seconds: 0.1) {
                $0.counts.kept = 20
                $0.counts.filtered = 5
                $0.counts.expired = 5
                $0.counts.failed = 10
                $0.throttled = 3
            }
        )
        // A rate over a tenth of a second would say nothing.
        #expect(text == "Copying: 50 items of 100 (50 %), 10 failed, throttled 3 times")
    }

    @Test("Without a number of items, or with one that is too small, nothing is promised", arguments: [nil, 0, 10])
    func unknown(itemCount: Int?) {
        let text = TableProgress(itemCount: itemCount, before: CopyCounts()).text(
            Self.progress(written: 200, seconds: 2)
        )
        #expect(!text.contains("left"))
        #expect(text.contains("200 items") && text.contains("100/s"))
    }
}
