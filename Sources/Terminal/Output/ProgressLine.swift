package import FoundationEssentials
import Synchronization

/// One line on standard error that is written over again and again; nothing where no terminal is.
///
/// Other output to the same terminal goes through ``interrupted(by:)``, so that it never mixes with the line.
package final class ProgressLine: Sendable {
    private struct State {
        var text = ""
        var isShown = false
        var lastDrawn: Date?
    }

    /// Back to the first column and erase the line.
    private static let erase = "\r\u{1B}[2K"

    private let state = Mutex(State())
    private let output: TextOutput
    private let isEnabled: Bool
    private let interval: Duration
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - isEnabled: Whether anything is written; besides, `output` must be a terminal.
    ///   - interval: The shortest time between two drawings.
    package init(
        output: TextOutput,
        isEnabled: Bool = true,
        interval: Duration = .milliseconds(100),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.output = output
        self.isEnabled = isEnabled && output.isTerminal
        self.interval = interval
        self.now = now
    }

    /// Shows the text, unless the last drawing was just now; then a later update shows what is true by then.
    package func update(_ text: @autoclosure () -> String) {
        guard isEnabled else { return }
        let instant = now()
        state.withLock { state in
            // A clock that was set back must not silence the line.
            if let last = state.lastDrawn, last <= instant, instant < last.addingTimeInterval(interval / .seconds(1)) {
                return
            }
            state.lastDrawn = instant
            state.text = text().escapedForTerminal
            draw(&state)
        }
    }

    /// Takes the line away, so that what follows begins in the first column.
    package func clear() {
        state.withLock { state in
            erase(&state)
            state.text = ""
            state.lastDrawn = nil
        }
    }

    /// Takes the line away while `body` writes, and puts it back.
    package func interrupted<Result>(by body: () throws -> sending Result) rethrows -> sending Result {
        try state.withLock { state in
            erase(&state)
            let result = try body()
            if !state.text.isEmpty { draw(&state) }
            return result
        }
    }

    private func draw(_ state: inout State) {
        // One column less than there are: some terminals go on to the next line once the last one is filled.
        let text = state.text.truncated(toColumns: (output.columns ?? 80) - 1)
        // Progress that cannot be shown must not stop the work.
        try? output.write(Self.erase + text)
        state.isShown = true
    }

    private func erase(_ state: inout State) {
        guard state.isShown else { return }
        try? output.write(Self.erase)
        state.isShown = false
    }
}
