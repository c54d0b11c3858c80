import AWSCore

/// Makes the target's object like the source's, on condition that it is still what it was when it was looked at.
struct ObjectRepair: Sendable {
    private static let attempts = 4

    let inspector: ObjectInspector
    let mover: any ObjectMover
    /// Whether objects that only the target has are deleted.
    let mayDelete: Bool

    /// - Throws: ``AWSError`` for what would fail for every object.
    func mend(_ difference: ObjectDifference) async throws -> ObjectDifference {
        var result = difference
        var done: TableDifference.Repair?
        do {
            for _ in 1...Self.attempts {
                let look = try await inspector.look(at: difference.key)
                switch look.finding {
                case .equal, .gone:
                    result.repair = done ?? .unneeded
                    return result
                case .missing, .different:
                    guard let source = look.source else { continue }
                    _ = try await mover.move(
                        TransferTask(key: difference.key, source: source, target: look.target)
                    )
                    done = .written
                case .extra:
                    guard mayDelete else {
                        result.repair = .left
                        return result
                    }
                    guard let target = look.target else { continue }
                    if try await inspector.target.delete(difference.key, ifUnchangedSince: target) { done = .deleted }
                case .unverified(let reason): throw UnverifiableRepair(reason: reason)
                case .inMotion: continue
                }
            }
            result.reason = "it changed each time it was to be repaired"
        } catch ObjectMoveError.changed {
            result.reason = "it changed while it was to be repaired; run the command again"
        } catch ObjectMoveError.archived {
            result.reason = "it is archived and must be restored first"
        } catch ObjectMoveError.folderMarker {
            result.repair = .unneeded
            return result
        } catch let error as AWSError where error.code != "AccessDenied" {
            result.reason = "\(error)"
        } catch let error as any CodedError {
            result.reason = "\(error)"
        }
        result.repair = .failed
        return result
    }
}

/// What was written has nothing by which it can be compared.
private struct UnverifiableRepair: CodedError, CustomStringConvertible {
    var reason: String

    var code: String { "Unverifiable" }
    var description: String { "it was written, but \(reason)" }
}
