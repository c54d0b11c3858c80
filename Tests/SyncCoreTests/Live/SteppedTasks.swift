import Dispatch
import Synchronization

import struct FoundationEssentials.Date

/// Runs tasks one at a time, each up to where it waits, so that whoever drives them decides what happens in which order:
/// the same decisions give the same run.
///
/// Tasks wait in ``wait(_:)``, at every call that they make. All of it runs on the thread that calls ``run()``.
final class SteppedTasks: Sendable {
    /// For what a task waits.
    enum Reason: Sendable, Equatable {
        /// To make a call of that name.
        case call(String)
        /// For the answer to a call that was carried out.
        case answer(String)
        case time(Date)
        /// For the end of the time it has.
        case deadline(Date)
    }

    struct Waiter: Sendable {
        let id: Int
        let process: Int
        let reason: Reason
        fileprivate let continuation: CheckedContinuation<Bool, Never>
    }

    private struct Process {
        var task: Task<Void, Never>?
        var isKilled = false
    }

    private struct State {
        var lastID = 0
        var waiters: [Waiter] = []
        /// Those that have not ended.
        var processes: [Int: Process] = [:]
        var ended: [Int] = []
        var isStuck = false
    }

    /// Runs the jobs of all tasks on the thread that asks for it.
    private final class Executor: TaskExecutor {
        private let jobs = Mutex<[UnownedJob]>([])
        private let arrival = DispatchSemaphore(value: 0)

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            jobs.withLock { $0.append(job) }
            arrival.signal()
        }

        func run() {
            while true {
                let next = jobs.withLock { jobs in
                    defer { jobs.removeAll(keepingCapacity: true) }
                    return jobs
                }
                guard !next.isEmpty else { return }
                for job in next { job.runSynchronously(on: asUnownedTaskExecutor()) }
            }
        }

        /// Waits for a job that comes from another thread.
        ///
        /// - Returns: `false` when none came for a minute.
        func waitForJob() -> Bool { arrival.wait(timeout: .now() + 60) == .success }
    }

    /// The process to which the task belongs: what is killed is killed as a whole.
    @TaskLocal static var process = 0

    private let executor = Executor()
    private let state = Mutex(State())

    /// Starts a process; it takes its first step in ``run()``.
    func start(_ body: @escaping @Sendable () async -> Void) -> Int {
        let id = state.withLock { state in
            state.lastID += 1
            state.processes[state.lastID] = Process()
            return state.lastID
        }
        let task = Task(executorPreference: executor) { [self] in
            await Self.$process.withValue(id) { await body() }
            state.withLock { state in
                state.processes[id] = nil
                state.ended.append(id)
            }
        }
        state.withLock { $0.processes[id]?.task = task }
        return id
    }

    /// Suspends until the driver lets the task go on.
    ///
    /// - Returns: `false` when the task was cancelled instead.
    func wait(_ reason: Reason) async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: false) }
                let waiter = Waiter(id: id, process: Self.process, reason: reason, continuation: continuation)
                state.withLock { $0.waiters.append(waiter) }
            }
        } onCancel: {
            take(id)?.continuation.resume(returning: false)
        }
    }

    // MARK: The driver's side

    /// Lets everything run that can.
    ///
    /// - Returns: the processes that have ended since.
    func run() -> [Int] {
        while true {
            executor.run()
            // A process that waits nowhere is at work on another thread, and will come back.
            let isAway = state.withLock { state in
                let waiting = Set(state.waiters.map(\.process))
                return state.processes.keys.contains { !waiting.contains($0) }
            }
            guard isAway, !isStuck else { break }
            if !executor.waitForJob() { state.withLock { $0.isStuck = true } }
        }
        return state.withLock { state in
            defer { state.ended = [] }
            return state.ended
        }
    }

    /// Whether a process waits for something that will never come.
    var isStuck: Bool { state.withLock { $0.isStuck } }

    var waiters: [Waiter] { state.withLock { $0.waiters } }

    var running: [Int] { state.withLock { $0.processes.keys.sorted() } }

    func resume(_ waiter: Waiter) {
        take(waiter.id)?.continuation.resume(returning: true)
    }

    /// Ends a process where it is: none of its calls has an effect any more.
    func kill(_ process: Int) {
        let task = state.withLock { state in
            state.processes[process]?.isKilled = true
            return state.processes[process]?.task
        }
        task?.cancel()
    }

    /// Whether the task that asks belongs to a process that was killed.
    var isKilled: Bool { state.withLock { $0.processes[Self.process]?.isKilled ?? true } }

    private func take(_ id: Int) -> Waiter? {
        state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
    }
}
