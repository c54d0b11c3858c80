import AWSCore
import SyncCore
import Terminal

/// Starts and follows copies that the function does, part by part, told by a state machine.
struct RemoteCopy {
    let console: Console
    /// In the Region of the source, where the machine is.
    let states: StepFunctionsClient
    /// The machine's name or ARN.
    let stateMachine: String
    /// What the same command needs to follow the copy later.
    let command: String
    /// What the parts are called: `segments`.
    let parts: String

    /// Starts a copy, and says so.
    func start(_ plan: some CopyPlan) async throws -> CopyExecution {
        let execution = try await CopyExecution.start(plan, stateMachineARN: try await machineARN(), states: states)
        console.note("Started \(execution.arn).")
        return execution
    }

    /// A copy that was started before, and what it copies.
    func started<Plan: CopyPlan>(_ arn: String, _ type: Plan.Type) async throws -> (CopyExecution, Plan) {
        let execution = CopyExecution(arn, states: states)
        return (execution, try await execution.plan(type))
    }

    /// Waits for the end of a copy, which goes on when this is interrupted.
    func follow<Plan: CopyPlan>(
        _ execution: CopyExecution,
        _ plan: Plan
    ) async throws -> CopyExecution.Outcome<Plan.Result> {
        do {
            defer { console.progress.clear() }
            return try await execution.follow(plan) { [console, parts] counts in
                console.progress.update(Self.progress(counts, parts))
            }
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "The copy goes on: \(execution.arn)",
                "To follow it: \(command) --execution \(execution.arn)",
                "To stop it: aws stepfunctions stop-execution --execution-arn \(execution.arn) --region \(states.region)",
            ])
        } catch let error as CopyExecutionError {
            guard case .ended = error else { throw error }
            throw CommandFailure(
                "\(error)",
                hints: [
                    "To go on once that is mended: aws stepfunctions redrive-execution --execution-arn \(execution.arn)"
                        + " --region \(states.region), then \(command) --execution \(execution.arn)"
                ]
            )
        }
    }

    static func progress(_ counts: MapRunCounts, _ parts: String) -> String {
        var text = "Copying: \(HumanFormat.count(counts.succeeded)) of \(HumanFormat.count(counts.total)) \(parts)"
        if counts.total > 0 { text += " (\(HumanFormat.percent(counts.succeeded, of: counts.total)))" }
        text += ", \(HumanFormat.count(counts.running)) under way"
        if counts.failed > 0 { text += ", \(HumanFormat.count(counts.failed)) failed" }
        return text
    }

    /// The machine lies where the source lies, in the account of whoever speaks to the source.
    private func machineARN() async throws -> String {
        if ARN(stateMachine) != nil { return stateMachine }
        let identity = try await STSClient(states.client, region: states.region).getCallerIdentity()
        let partition = ARN(identity.arn)?.partition ?? "aws"
        return "arn:\(partition):states:\(states.region):\(identity.account):stateMachine:\(stateMachine)"
    }
}
