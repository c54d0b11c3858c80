"""./deploy.sh --check: looks at everything and changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from . import check_bucket, check_function, deploy, report, tables
from .aws import AWS, AWSError
from .config import Config
from .deployment import Deployment
from .errors import DeployError
from .report import OK, PROBLEM, UNKNOWN, WARNING, Finding


def run(aws: AWS, config: Config) -> bool:
    """Prints what was found; True when nothing needs anybody's attention."""
    caller = deploy.require_account(aws, config)
    deployment = Deployment.read(aws, config)
    looks: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("tables", lambda: _tables(aws, config)),
        ("bucket", lambda: check_bucket.findings(aws, config, deployment)),
        ("stacks", lambda: check_function.stack_findings(aws, config, deployment)),
        ("function", lambda: check_function.function_findings(aws, config, deployment)),
        ("rules", lambda: check_function.rule_findings(aws, config)),
        ("queues", lambda: check_function.queue_findings(aws, config, deployment)),
        ("alarms", lambda: check_function.alarm_findings(aws, config, deployment)),
        ("permissions", lambda: check_function.permission_findings(aws, config, deployment, caller)),
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        groups = list(pool.map(lambda look: guarded(*look), looks))
    findings = [Finding(OK, "caller", caller)] + [finding for group in groups for finding in group]
    print(report.findings_table(findings))
    return told(findings)


def told(findings: list[Finding]) -> bool:
    """Prints how many of each kind there are; True when there is no problem."""
    problems, warnings, unknown = (sum(finding.verdict == verdict for finding in findings)
                                   for verdict in (PROBLEM, WARNING, UNKNOWN))
    print(f"\nproblems: {problems}, warnings: {warnings}, not readable: {unknown}")
    return problems == 0


def guarded(subject: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """One part that cannot be read does not hide the others."""
    try:
        return look()
    except AWSError as error:
        verdict = UNKNOWN if error.is_denied else PROBLEM
        return [Finding(verdict, subject, f"{error.operation}: {error.code}: {error.message}")]
    except DeployError as error:
        return [Finding(PROBLEM, subject, error.what, error.next_step)]


def _tables(aws: AWS, config: Config) -> list[Finding]:
    findings = []
    for state in tables.read_all(aws, config):
        subject = f"table {state.table.name}"
        if state.status is None:
            findings.append(Finding(PROBLEM, subject, f"does not exist in {config.region}",
                                    f"aws dynamodb list-tables --region {config.region}"))
        elif state.problem:
            findings.append(Finding(UNKNOWN, subject, state.problem))
        elif not state.pitr:
            findings.append(Finding(PROBLEM, subject, "point-in-time recovery is off: it cannot be exported",
                                    tables.enable_command(state.table)))
        elif state.status not in ("ACTIVE", "UPDATING"):
            findings.append(Finding(PROBLEM, subject, f"is {state.status}"))
        else:
            findings.append(Finding(OK, subject, f"{state.status}, point-in-time recovery on"))
    return findings
