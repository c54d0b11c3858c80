/// The exit codes of every program of this package.
package enum ExitStatus: Int32, Sendable {
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
}
