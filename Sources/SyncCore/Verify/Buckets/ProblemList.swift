import Synchronization

/// What of a folder could not be listed, from any task.
final class ProblemList: Sendable {
    private let problems = Mutex<[FolderListing.Problem]>([])

    var all: [FolderListing.Problem] { problems.withLock { $0 } }

    func add(_ problem: FolderListing.Problem) {
        problems.withLock { $0.append(problem) }
    }
}
