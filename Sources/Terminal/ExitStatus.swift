/// The exit codes of every program of this package.
///
/// Thrown by a command, it ends the program with that code and without a message: the result has said it all.
package enum ExitStatus: Int32, Error, Sendable, CaseIterable {
    /// Done, healthy, equal.
    case success = 0
    case failure = 1
    /// `monitor`: a table has no completed backup within its allowed age, or its last export failed.
    case unhealthy = 2
    /// `verify`: differences were found.
    case different = 3
    /// The command line was wrong.
    case usage = 64
    /// Ended by Ctrl-C.
    case interrupted = 130

    /// What it means, for `--help`.
    package var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "failed"
        case .unhealthy: "unhealthy: a backup is missing, too old or failed"
        case .different: "differences were found"
        case .usage: "the command line is wrong"
        case .interrupted: "interrupted"
        }
    }
}
