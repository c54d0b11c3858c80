internal import AWSCore

/// Decides after each page of a month's listing where to go on, so that what nobody asked for is not listed.
struct ListingCursor {
    enum Step: Equatable {
        case nextPage
        /// Start anew behind this key.
        case skip(String)
        /// Nothing that is wanted can follow.
        case end
    }

    let layout: BackupLayout
    /// The one table that is wanted; `nil` for all.
    let table: String?
    /// The last day that is wanted.
    let last: BackupDate

    /// Where a month begins when its first days, or the tables before the wanted one, are not wanted.
    func start(month firstDay: BackupDate, from first: BackupDate) -> String? {
        let day = max(firstDay, first)
        if let table { return layout.tableFolder(day, table: table) }
        return day > firstDay ? layout.dayFolder(day) : nil
    }

    func next(after page: ListObjectsV2Page) -> Step {
        let lastObject = page.objects.last?.keyBytes
        let lastKey = [lastObject, page.commonPrefixes.last].compactMap(\.self)
            .max { $0.lexicographicallyPrecedes($1) }
        guard let lastKey, let position = layout.parse(lastKey) else { return .nextPage }
        if position.date > last { return .end }
        // Only where the store did not roll up the data files: no need to page through the rest of them.
        if case .export(let id, .data) = position.part, lastObject == lastKey {
            // "0" is the character behind "/".
            return .skip(layout.export(id, date: position.date, table: position.table).path + "data0")
        }
        guard let table else { return .nextPage }
        // With its slash: the keys of a table "Order-2" come before those of "Order", though the names do not.
        if "\(position.table)/".utf8.lexicographicallyPrecedes("\(table)/".utf8) {
            return .skip(layout.tableFolder(position.date, table: table))
        }
        if position.table != table {
            guard let day = position.date.adding(days: 1), day <= last else { return .end }
            return .skip(layout.tableFolder(day, table: table))
        }
        return .nextPage
    }
}

extension BackupLayout {
    func monthFolder(_ day: BackupDate) -> String {
        dayFolder(day).split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/") + "/"
    }
}
