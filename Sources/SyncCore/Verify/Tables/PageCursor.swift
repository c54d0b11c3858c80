internal import AWSCore

/// A page, and how many of its items have been dealt with.
struct PageCursor: Sendable {
    let page: ItemPage
    /// The first item that is still to be dealt with.
    var next = 0

    init(_ page: ItemPage) {
        self.page = page
    }

    /// Items that are still to be dealt with.
    var remaining: Int { page.count - next }
    var isAtEnd: Bool { next >= page.count }
}
