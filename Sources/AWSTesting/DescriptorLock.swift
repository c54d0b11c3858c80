import Synchronization

/// Keeps the start of child processes apart from moments in which a descriptor is open but not yet close-on-exec.
///
/// A child that inherited another test's connection would keep it open after that test has closed it.
enum DescriptorLock {
    private static let mutex = Mutex(())

    static func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> sending Result) throws(Failure)
        -> sending Result
    {
        try mutex.withLock { _ throws(Failure) in try body() }
    }
}
