import Glibc
import Synchronization

/// Runs a program to its end and reads what it prints, on a thread of its own.
enum ChildProcess {
    struct Result: Sendable {
        enum End: Sendable, Equatable {
            case status(Int32)
            case signal(Int32)
        }

        var end: End
        var standardOutput: [UInt8]
        /// At most the first 4 KiB.
        var standardError: [UInt8]
    }

    /// Why there is no result; reads as a sentence after the program's name.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs `arguments[0]`, looked up in `PATH`, with this process's standard input.
    ///
    /// A cancelled task and a program that takes longer than `timeout` end the program: SIGTERM, a second later SIGKILL.
    /// What it started itself may live on; nobody waits for that.
    /// - Throws: ``Failure`` when it cannot be started, takes too long or prints more than 1 MiB; `CancellationError`.
    static func run(_ arguments: [String], environment: [String: String], timeout: Duration) async throws -> Result {
        let isCancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let run = ChildProcessRun(
                    arguments: arguments,
                    environment: environment,
                    timeout: timeout,
                    isCancelled: isCancelled
                )
                startThread {
                    continuation.resume(with: Swift.Result { try run.run() })
                } onFailure: {
                    continuation.resume(throwing: $0)
                }
            }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
    }

    final class CancellationFlag: Sendable {
        let value = Atomic(false)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private static func startThread(
        _ body: @escaping @Sendable () -> Void,
        onFailure: (Failure) -> Void
    ) {
        let box = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        guard code == 0 else {
            box.release()
            return onFailure(Failure(description: "cannot be run: \(String(cString: strerror(code)))"))
        }
        pthread_detach(thread)
    }
}
