import Dispatch
import Glibc
import Synchronization
import Terminal

/// The one question of a cut-over.
enum CutoverQuestion {
    static let question =
        "Stop everything that writes to the sources now. Type \"stopped\" when it is done, anything else to end: "

    /// - Parameter readLine: for tests, which have no terminal.
    /// - Throws: `CancellationError`; ``TextOutput/Failure``.
    static func ask(
        _ console: Console,
        readLine: @escaping @Sendable () async -> String? = readLineOnThread
    ) async throws -> Bool {
        try console.errors.write(question)
        return try await withTaskCancellationHandler {
            let line = await readLine()
            try Task.checkCancellation()
            return line == "stopped"
        } onCancel: {
            // Whoever reads gets the end of the input.
            close(STDIN_FILENO)
        }
    }

    /// Waits on a thread of its own: nothing tells when a person will answer.
    static func readLineOnThread() async -> String? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                // Closing a descriptor does not wake who reads it, so nobody reads before there is something.
                while true {
                    waiting.revents = 0
                    let ready = poll(&waiting, 1, 200)
                    if ready > 0 || (ready < 0 && errno != EINTR) { break }
                }
                let isOpen = waiting.revents & Int16(POLLNVAL) == 0
                continuation.resume(returning: isOpen ? Swift.readLine(strippingNewline: true) : nil)
            }
        }
    }
}
