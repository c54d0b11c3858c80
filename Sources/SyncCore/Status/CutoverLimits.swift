package import struct FoundationEssentials.Date

/// What must be true before an application may go over to the targets.
package struct CutoverLimits: Sendable {
    /// The largest lag, in seconds.
    package var lag = 60.0
    /// The greatest age of a comparison, in seconds.
    package var verificationAge = 86_400.0

    /// Of a table, in seconds: so far behind that losing changes is near.
    private static let alarmingLag = 21_600.0

    package init() {}

    /// Why the application must not cut over, each with what to do.
    package func reasons(against status: MappingStatus, now: Date) -> [String] {
        live(status.live, status.pair) + gaps(status) + history(status) + verification(status, now)
    }

    private func gaps(_ status: MappingStatus) -> [String] {
        status.openGaps.map { $0.text(status.pair, filter: status.filter) }
    }

    /// What of that is about live sync.
    package func live(_ live: LiveStatus, _ pair: SyncPair) -> [String] {
        var reasons = live.faults
        if case .unknown(let reason) = live.eventSource, live.isDeployed {
            reasons.append(reason)
        }
        switch live.failures {
        case .value(let count) where count > 0:
            reasons.append(
                "\(count) message\(count == 1 ? "" : "s") about failed changes wait\(count == 1 ? "s" : "") in the queue;"
                    + " run sync replay"
            )
        case .unknown(let reason): reasons.append("whether changes have failed is not known: \(reason)")
        case .value: break
        }
        switch live.lag {
        case .value(let lag) where lag > self.lag:
            reasons.append(
                "live sync is \(Self.duration(lag)) behind; wait until it is below \(Self.duration(self.lag))"
                    + (pair.kind == .table && lag >= Self.alarmingLag
                        ? "; see the function's log at once, for the stream drops changes that are 24 hours old" : "")
            )
        case .unknown(let reason) where !live.isIdle: reasons.append("the lag is not known: \(reason)")
        case .value, .unknown: break
        }
        if case .unknown(let reason)? = live.waiting { reasons.append("whether events wait is not known: \(reason)") }
        return reasons
    }

    /// What a cut-over wants to know before it lets anybody stop the writers: that its own comparison may well succeed.
    ///
    /// Items that kept changing under the last comparison are none of that: only when nobody writes can they be compared.
    /// And what was found equal was copied, wherever that was done.
    func beforeWritersStop(_ status: MappingStatus, now: Date) -> [String] {
        var status = status
        if var verification = status.verification, verification.verdict == Self.undecided,
            verification.missing + verification.extra + verification.different == 0
        {
            verification.verdict = TableVerificationResult.Verdict.equal.rawValue
            status.verification = verification
        }
        return gaps(status) + history(status) + verification(status, now)
    }

    private static let undecided = TableVerificationResult.Verdict.undecided.rawValue

    private func history(_ status: MappingStatus) -> [String] {
        let command = status.copyCommand
        guard let history = status.history else {
            // Copied elsewhere, or imported: both sides say so themselves.
            guard !isProven(status) else { return [] }
            return ["no copy of what was there before is known on this machine; run \(command)"]
        }
        switch history.state {
        case .running: return ["the copy of what was there before is still running"]
        case .interrupted: return ["the copy of what was there before was interrupted; run the same again: \(command)"]
        case .finished: break
        }
        if let filter = history.filter, filter != status.filter {
            return ["only a part was copied (\(filter)); run \(command) for all that the mapping is about"]
        }
        // What is refused for good is a matter of the comparison: it may have been mended since.
        if history.failed > 0, !isProven(status) {
            return [
                "\(history.failed) could not be copied; mend them, and run \(status.verifyCommand)"
            ]
        }
        return []
    }

    private func isProven(_ status: MappingStatus) -> Bool {
        guard let verification = status.verification, verification.proves(status.filter) else { return false }
        return status.history?.date.map { verification.startDate >= $0 } ?? true
    }

    private func verification(_ status: MappingStatus, _ now: Date) -> [String] {
        let command = status.verifyCommand
        guard let verification = status.verification else {
            return ["both sides were never compared on this machine; run \(command)"]
        }
        guard verification.proves(status.filter) else {
            if verification.verdict == Self.undecided {
                return [
                    "the last comparison found \(verification.undecided) that kept changing; run \(command) again, or let"
                        + " sync cutover compare them while the writers are stopped"
                ]
            }
            let detail =
                verification.verdict == "EQUAL"
                ? "was about a part only (\(verification.filter ?? ""))" : "found the sides \(verification.verdict)"
            return ["the last comparison \(detail); run \(command)"]
        }
        if let end = status.history?.date, verification.startDate < end {
            return ["the last comparison is older than the copy; run \(command)"]
        }
        let age = now.timeIntervalSince(verification.endDate)
        guard age <= verificationAge else {
            return ["the last comparison was \(Self.duration(age)) ago; run \(command)"]
        }
        return []
    }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds).rounded())
        if whole < 120 { return "\(whole) s" }
        if whole < 7_200 { return "\(whole / 60) minutes" }
        return whole < 172_800 ? "\(whole / 3_600) hours" : "\(whole / 86_400) days"
    }
}
