import Glibc

/// A thread for calls that block, away from the pool that the tests run on.
struct TestThread: Sendable {
    // pthread_t is an integer on Linux.
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Returns: `nil` when the system has no thread left.
    init?(_ run: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        // Hundreds of connections must not reserve gigabytes of stacks.
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        let body = Unmanaged.passRetained(Body(run))
        var handle = pthread_t()
        let status = pthread_create(
            &handle,
            &attributes,
            { argument in
                if let argument {
                    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            },
            body.toOpaque()
        )
        guard status == 0 else {
            body.release()
            return nil
        }
        self.handle = handle
    }

    /// Waits for its end; once, and not after ``detach()``.
    func join() {
        pthread_join(handle, nil)
    }

    /// Leaves it to itself.
    func detach() {
        pthread_detach(handle)
    }
}
