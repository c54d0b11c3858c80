"""Looks at what every stack of this project has: its state, its functions, its alarms."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Optional

from . import deploy, function_zip, stacks
from .aws import AWS, AWSError
from .config import Config
from .report import OK, PROBLEM, UNKNOWN, WARNING, Finding

_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


def stack_findings(aws: AWS, template: stacks.Template, stack: Optional[dict[str, Any]]) -> list[Finding]:
    """State and drift of a stack, and whether it is made from this template with these settings."""
    subject = f"stack {template.name}"
    if stack is None:
        return [Finding(PROBLEM, subject, "is not deployed", template.command)]
    if stack["StackStatus"] not in _GOOD:
        return [Finding(PROBLEM, subject, f"is {stack['StackStatus']}", template.command)]
    return [_drift(aws, stack, template), *_outdated(aws, template, stack)]


def function_findings(aws: AWS, config: Config, region: str, name: str, command: str) -> tuple[list[Finding], bool]:
    """A function's state, and whether it has the settings and the code at hand; False when there is none."""
    subject = f"function {name}"
    try:
        function = aws.call("lambda", "get-function-configuration", region, FunctionName=name)
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            return [Finding(PROBLEM, subject, "does not exist", command)], False
        raise
    state, update = function.get("State", "Active"), function.get("LastUpdateStatus", "Successful")
    reason = function.get("StateReason") or function.get("LastUpdateStatusReason") or ""
    good = state in ("Active", "Inactive") and update == "Successful"
    found = [Finding(OK if good else PROBLEM, subject, f"{state}, last update {update} {reason}".strip())]
    found.append(_code(config, function["CodeSha256"], command))
    return found, True


def alarm_findings(aws: AWS, region: str, stack: str, topic: str, command: str, raised: str) -> list[Finding]:
    """Every alarm of a stack: there, allowed to act, quiet (else `raised` says what to do); and somebody who hears them."""
    resources = aws.call("cloudformation", "list-stack-resources", region, StackName=stack)
    wanted = [resource["PhysicalResourceId"] for resource in resources["StackResourceSummaries"]
              if resource["ResourceType"] == "AWS::CloudWatch::Alarm"]
    answer = aws.call("cloudwatch", "describe-alarms", region, AlarmNames=wanted)
    alarms = {alarm["AlarmName"]: alarm for alarm in answer.get("MetricAlarms", [])}
    found = [Finding(PROBLEM, f"alarm {name}", "does not exist", command) for name in wanted if name not in alarms]
    for name, alarm in alarms.items():
        if not alarm.get("ActionsEnabled", True):
            found.append(Finding(PROBLEM, f"alarm {name}", "tells nobody: its actions are disabled",
                                 f"aws cloudwatch enable-alarm-actions --region {region} --alarm-names {name}"))
        elif alarm.get("StateValue") == "ALARM":
            found.append(Finding(PROBLEM, f"alarm {name}", f"is raised: {alarm.get('StateReason', '')}",
                                 raised))
    if not found:
        found = [Finding(OK, "alarms", f"{len(wanted)}, none raised")]
    return found + [_subscription(aws, region, topic)]


def _drift(aws: AWS, stack: dict[str, Any], template: stacks.Template) -> Finding:
    name, region = stack["StackName"], template.region
    subject = f"stack {name}"
    try:
        detection = aws.call("cloudformation", "detect-stack-drift", region, StackName=name)["StackDriftDetectionId"]
        deadline = time.monotonic() + 180
        while True:
            answer = aws.call("cloudformation", "describe-stack-drift-detection-status", region,
                              StackDriftDetectionId=detection)
            if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            if time.monotonic() > deadline:
                return Finding(UNKNOWN, subject, f"{stack['StackStatus']}, drift detection takes more than 3 minutes")
            time.sleep(1)
        if answer.get("StackDriftStatus") == "IN_SYNC":
            return Finding(OK, subject, f"{stack['StackStatus']}, no drift")
        drifts = aws.call("cloudformation", "describe-stack-resource-drifts", region, StackName=name,
                          StackResourceDriftStatusFilters=["MODIFIED", "DELETED"])["StackResourceDrifts"]
    except AWSError as error:
        return Finding(UNKNOWN, subject, f"{stack['StackStatus']}, drift not readable: {error.code}: {error.message}")
    if not drifts:
        return Finding(UNKNOWN, subject, f"{stack['StackStatus']}, drift: {answer.get('DetectionStatusReason', 'unknown')}")
    return Finding(PROBLEM, subject, "changed by hand: " + "; ".join(_drifted(drift) for drift in drifts),
                   f"undo the change, or move it into infrastructure/ and run {template.command}")


def _drifted(drift: dict[str, Any]) -> str:
    paths = [difference["PropertyPath"] for difference in drift.get("PropertyDifferences", [])]
    return f"{drift['LogicalResourceId']} {drift['StackResourceDriftStatus'].lower()} {' '.join(paths)}".strip()


def _outdated(aws: AWS, template: stacks.Template, stack: dict[str, Any]) -> list[Finding]:
    """What the stack was deployed with and is different now; the zip is compared by its hash elsewhere."""
    deployed = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters", [])}
    different = [key for key, value in template.parameters.items() if deployed.get(key, "") != value]
    if different:
        return [Finding(PROBLEM, "  settings", f"deployed with another {', '.join(different)}", template.command)]
    if not stacks.is_current(aws, template, stack):
        return [Finding(WARNING, "  template", f"infrastructure/{template.file} has changed since", template.command)]
    return []


def _code(config: Config, deployed: str, command: str) -> Finding:
    if not deploy.ZIP.exists():
        return Finding(UNKNOWN, "  code", "nothing to compare with: dist/function.zip is not built",
                       "scripts/package-lambda")
    with tempfile.TemporaryDirectory() as folder:
        current = Path(folder) / "function.zip"
        function_zip.with_config(deploy.ZIP, current, config.serialized())
        same = function_zip.lambda_code_hash(current) == deployed
    if same:
        return Finding(OK, "  code", f"is dist/function.zip with this configuration ({deployed[:12]}…)")
    return Finding(WARNING, "  code", "differs from dist/function.zip with this configuration", command)


def _subscription(aws: AWS, region: str, topic: str) -> Finding:
    answer = aws.call("sns", "list-subscriptions-by-topic", region, TopicArn=topic)
    subscriptions = answer.get("Subscriptions", [])
    confirmed = [entry for entry in subscriptions if entry["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        return Finding(OK, "alarm topic", f"{len(confirmed)} confirmed subscription(s)")
    if subscriptions:
        return Finding(WARNING, "alarm topic", f"{subscriptions[0]['Endpoint']} has not confirmed its subscription")
    return Finding(WARNING, "alarm topic", "nobody hears the alarms: set alarmEmail, or subscribe to the topic")
