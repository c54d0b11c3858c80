internal import AWSCore

package import struct FoundationEssentials.Date

/// Lists the backups of a bucket out of its keys, quickly for years of days times many tables.
///
/// S3 gives at most 1000 entries for a call, so the number of calls is the number of entries it must show us. The
/// listing runs through all of a month's keys with the delimiter `/data/`: the data files of an export, of which there
/// may be thousands, then are a single entry, and a backup is eight: `_started`, `data/`, four manifest files, schema and
/// settings. That is 125 backups a call, however large the tables. Going down by `/` from year to export would take two
/// calls a backup, and a listing without delimiter as many as there are data files. Months are listed side by side.
package struct BackupCatalog: Sendable {
    package let store: any BackupObjectStore
    package let layout: BackupLayout
    /// How long an export without manifest counts as running; a table of many TB exports for most of a day.
    package var runningHours: Int
    /// How many months are listed at once.
    package var maximumConcurrency: Int
    private let now: @Sendable () -> Date

    package init(
        store: any BackupObjectStore,
        layout: BackupLayout,
        runningHours: Int = 24,
        maximumConcurrency: Int = 16,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.layout = layout
        self.runningHours = runningHours
        self.maximumConcurrency = max(1, maximumConcurrency)
        self.now = now
    }

    /// All backups, newest day first, by table within a day, newest export first.
    ///
    /// - Parameters:
    ///   - table: only this table's.
    ///   - first: the earliest day wanted.
    ///   - last: the latest day wanted.
    package func entries(
        table: String? = nil,
        from first: BackupDate = .minimum,
        through last: BackupDate = .maximum
    ) async throws -> [CatalogEntry] {
        var entries: [CatalogEntry] = []
        try await forEachMonth(table: table, from: first, through: last) { entries += $0 }
        return entries
    }

    /// Hands over the backups month by month, newest first, so that memory holds only the months being listed.
    package func forEachMonth(
        table: String? = nil,
        from first: BackupDate = .minimum,
        through last: BackupDate = .maximum,
        _ body: ([CatalogEntry]) async throws -> Void
    ) async throws {
        let months = try await self.months(from: first, through: last)
        try await withThrowingTaskGroup(of: (Int, [CatalogEntry]).self) { group in
            var started = 0
            var delivered = 0
            var waiting: [Int: [CatalogEntry]] = [:]
            while delivered < months.count {
                // Counts what waits for an older turn as well: memory is bounded by the window, not by luck.
                while started < months.count, started - delivered < maximumConcurrency {
                    let index = started
                    group.addTask {
                        (index, try await self.month(months[index], table: table, from: first, through: last))
                    }
                    started += 1
                }
                guard let (index, entries) = try await group.next() else { break }
                waiting[index] = entries
                while let next = waiting.removeValue(forKey: delivered) {
                    try await body(next)
                    delivered += 1
                }
            }
        }
    }

    /// The newest complete backup of a table, or that of a day; `nil` when there is none.
    ///
    /// Goes back month by month and ends with the first that has one.
    package func newestComplete(table: String, on day: BackupDate? = nil) async throws -> CatalogEntry? {
        if let day {
            return try await entries(table: table, from: day, through: day).first { $0.status == .complete }
        }
        for month in try await months(from: .minimum, through: .maximum) {
            let entries = try await self.month(month, table: table, from: .minimum, through: .maximum)
            if let newest = entries.first(where: { $0.status == .complete }) { return newest }
        }
        return nil
    }

    /// A month's folder, and the first of its days.
    private struct Month: Sendable {
        var folder: String
        var firstDay: BackupDate
    }

    /// The months that hold anything, newest first: one call, and one for each year.
    private func months(from first: BackupDate, through last: BackupDate) async throws -> [Month] {
        guard first <= last else { return [] }
        // A span inside one month needs no look at what there is.
        if first.year == last.year, first.month == last.month,
            let day = BackupDate(year: first.year, month: first.month, day: 1)
        {
            return [Month(folder: layout.monthFolder(day), firstDay: day)]
        }
        var months: [Month] = []
        for year in try await subfolders(of: layout.root, digits: 4)
        where (first.year...last.year).contains(year.number) {
            for month in try await subfolders(of: year.path, digits: 2) {
                guard let day = BackupDate(year: year.number, month: month.number, day: 1),
                    (first.year, first.month) <= (day.year, day.month), (day.year, day.month) <= (last.year, last.month)
                else { continue }
                months.append(Month(folder: month.path, firstDay: day))
            }
        }
        return months.sorted { $0.firstDay > $1.firstDay }
    }

    /// The folders right below another whose names are numbers of so many digits.
    private func subfolders(of path: String, digits: Int) async throws -> [(path: String, number: Int)] {
        var folders: [(path: String, number: Int)] = []
        var token: String?
        repeat {
            let page = try await store.list(prefix: path, delimiter: "/", startAfter: nil, continuationToken: token)
            for folder in page.commonPrefixes {
                let name = folder.dropFirst(path.utf8.count).dropLast()
                guard name.count == digits, let number = Int(digits: name) else { continue }
                folders.append((String(decoding: folder, as: UTF8.self), number))
            }
            token = page.nextContinuationToken
        } while token != nil
        return folders
    }

    /// Lists one month.
    private func month(
        _ month: Month,
        table: String?,
        from first: BackupDate,
        through last: BackupDate
    ) async throws -> [CatalogEntry] {
        var reader = CatalogReader(layout: layout, table: table, from: first, through: last)
        let cursor = ListingCursor(layout: layout, table: table, last: last)
        var startAfter = cursor.start(month: month.firstDay, from: first)
        var token: String?
        while true {
            try Task.checkCancellation()
            let page = try await store.list(
                prefix: month.folder,
                delimiter: "/data/",
                startAfter: startAfter,
                continuationToken: token
            )
            reader.add(page)
            guard let next = page.nextContinuationToken else { break }
            switch cursor.next(after: page) {
            case .nextPage: (token, startAfter) = (next, nil)
            case .skip(let key): (token, startAfter) = (nil, key)
            case .end: return entries(of: reader)
            }
        }
        return entries(of: reader)
    }

    private func entries(of reader: CatalogReader) -> [CatalogEntry] {
        reader.entries(exportsRunSince: now().addingTimeInterval(-Double(runningHours) * 3_600))
    }
}
