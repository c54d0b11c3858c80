import Synchronization

/// How far a comparison is; read at any time, from anywhere.
package final class VerificationProgress: Sendable {
    package struct Snapshot: Sendable, Equatable {
        /// Items read so far.
        package var sourceItems = 0
        package var targetItems = 0
        /// Bytes of their JSON.
        package var bytes = 0
        /// Items that did not look equal and are being read again: in this round, and how many of them are done.
        package var suspects = 0
        package var suspectsRead = 0
        /// The number of the round, 0 while the tables are read.
        package var round = 0
    }

    private let state = Mutex(Snapshot())

    package init() {}

    package var snapshot: Snapshot { state.withLock { $0 } }

    func count(_ items: Int, bytes: Int, side: DigestRecord.Sides) {
        state.withLock {
            if side == .source { $0.sourceItems += items } else { $0.targetItems += items }
            $0.bytes += bytes
        }
    }

    func beginReading(again suspects: Int, round: Int) {
        state.withLock {
            $0.suspects = suspects
            $0.suspectsRead = 0
            $0.round = round
        }
    }

    func count(readAgain items: Int) {
        state.withLock { $0.suspectsRead += items }
    }
}
