"""Looks at the function and what stands around it: stacks, rules, queues, alarms, permissions."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from . import deploy, function_zip, schedule, stacks
from .aws import AWS, AWSError
from .config import Config
from .deployment import Deployment
from .report import OK, PROBLEM, UNKNOWN, WARNING, Finding

_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
_EXPORT_ACTIONS = ["dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:ExportTableToPointInTime"]
_BUCKET_ACTIONS = ["s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"]
_CALLER_ACTIONS = ["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet", "lambda:CreateFunction",
                   "lambda:UpdateFunctionCode", "iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole", "events:PutRule",
                   "cloudwatch:PutMetricAlarm"]


def stack_findings(aws: AWS, config: Config, deployment: Deployment) -> list[Finding]:
    """State and drift of each stack, and whether it is made from the templates and settings at hand."""
    found = []
    parts = [(deploy.artifacts_template(config), deployment.artifacts),
             (stacks.Template(config.function_stack, config.region, "backup-function.yaml",
                              deploy.settings_parameters(config)), deployment.function)]
    if deployment.manages_bucket:
        parts.insert(0, (deploy.bucket_template(config), deployment.bucket))
    for template, stack in parts:
        subject = f"stack {template.name}"
        if stack is None:
            found.append(Finding(PROBLEM, subject, "is not deployed", "./deploy.sh"))
        elif stack["StackStatus"] not in _GOOD:
            found.append(Finding(PROBLEM, subject, f"is {stack['StackStatus']}", "./deploy.sh"))
        else:
            found.append(_drift(aws, stack, template.region))
            found += _outdated(aws, template, stack)
    return found


def function_findings(aws: AWS, config: Config, deployment: Deployment) -> list[Finding]:
    """The function's state, and whether it has the settings and the code at hand."""
    subject = f"function {config.function_name}"
    try:
        function = aws.call("lambda", "get-function-configuration", config.region, FunctionName=config.function_name)
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            return [Finding(PROBLEM, subject, "does not exist", "./deploy.sh")]
        raise
    state, update = function.get("State", "Active"), function.get("LastUpdateStatus", "Successful")
    reason = function.get("StateReason") or function.get("LastUpdateStatusReason") or ""
    good = state in ("Active", "Inactive") and update == "Successful"
    found = [Finding(OK if good else PROBLEM, subject, f"{state}, last update {update} {reason}".strip())]
    if deployment.function is None:
        found.append(Finding(PROBLEM, subject, "belongs to no stack of this project",
                             "choose another functionName, or delete that function"))
    found.append(_code(config, function["CodeSha256"]))
    return found


def rule_findings(aws: AWS, config: Config) -> list[Finding]:
    """The schedule's rule and the rule for the age metrics: enabled, as configured, with the function as target."""
    found = []
    for name, expression in ((config.rule_name, config.schedule), (f"{config.function_name}-check", None)):
        subject = f"rule {name}"
        try:
            rule = aws.call("events", "describe-rule", config.region, Name=name)
            targets = aws.call("events", "list-targets-by-rule", config.region, Rule=name)["Targets"]
        except AWSError as error:
            if error.code != "ResourceNotFoundException":
                raise
            found.append(Finding(PROBLEM, subject, "does not exist", "./deploy.sh"))
            continue
        actual = rule.get("ScheduleExpression", "")
        if not rule["State"].startswith("ENABLED"):
            found.append(Finding(PROBLEM, subject, "is disabled: no backups are made",
                                 f"aws events enable-rule --region {config.region} --name {name}"))
        elif expression is not None and actual != expression:
            found.append(Finding(PROBLEM, subject, f"has {actual}, the configuration {expression}", "./deploy.sh"))
        elif not any(target["Arn"].endswith(f":function:{config.function_name}") for target in targets):
            found.append(Finding(PROBLEM, subject, "does not invoke the function", "./deploy.sh"))
        else:
            found.append(Finding(OK, subject, f"enabled, {schedule.described(actual)}"))
    return found


def queue_findings(aws: AWS, config: Config, deployment: Deployment) -> list[Finding]:
    """Failures that nobody has looked at yet."""
    found = []
    for output, what in (("OnFailureQueueUrl", "failed invocations"),
                         ("RuleDeadLetterQueueUrl", "events that never arrived")):
        url = deployment.output(output)
        if not url:
            continue
        subject = f"queue {url.rsplit('/', 1)[-1]}"
        try:
            answer = aws.call("sqs", "get-queue-attributes", config.region, QueueUrl=url,
                              AttributeNames=["ApproximateNumberOfMessages"])
        except AWSError as error:
            if "NonExistentQueue" not in error.code and "QueueDoesNotExist" not in error.code:
                raise
            found.append(Finding(PROBLEM, subject, "does not exist any more", "./deploy.sh --delete, then ./deploy.sh"))
            continue
        waiting = int(answer.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))
        found.append(Finding(PROBLEM, subject, f"holds {waiting} {what}",
                             f"aws sqs receive-message --region {config.region} --queue-url {url}") if waiting else
                     Finding(OK, subject, "empty"))
    return found


def alarm_findings(aws: AWS, config: Config, deployment: Deployment) -> list[Finding]:
    """Every alarm of the stack: there, allowed to act, quiet; and somebody who hears them."""
    if deployment.function is None:
        return [Finding(PROBLEM, "alarms", "are not deployed", "./deploy.sh")]
    resources = aws.call("cloudformation", "list-stack-resources", config.region, StackName=config.function_stack)
    wanted = [resource["PhysicalResourceId"] for resource in resources["StackResourceSummaries"]
              if resource["ResourceType"] == "AWS::CloudWatch::Alarm"]
    answer = aws.call("cloudwatch", "describe-alarms", config.region, AlarmNames=wanted)
    alarms = {alarm["AlarmName"]: alarm for alarm in answer.get("MetricAlarms", [])}
    found = [Finding(PROBLEM, f"alarm {name}", "does not exist", "./deploy.sh") for name in wanted if name not in alarms]
    for name, alarm in alarms.items():
        if not alarm.get("ActionsEnabled", True):
            found.append(Finding(PROBLEM, f"alarm {name}", "tells nobody: its actions are disabled",
                                 f"aws cloudwatch enable-alarm-actions --region {config.region} --alarm-names {name}"))
        elif alarm.get("StateValue") == "ALARM":
            found.append(Finding(PROBLEM, f"alarm {name}", f"is raised: {alarm.get('StateReason', '')}",
                                 "dist/bin/monitor (scripts/build-programs makes it)"))
    if not found:
        found = [Finding(OK, "alarms", f"{len(wanted)}, none raised")]
    return found + [_subscription(aws, config, deployment.output("AlarmTopicArn"))]


def permission_findings(aws: AWS, config: Config, deployment: Deployment, caller: str) -> list[Finding]:
    """What IAM's simulator says of the function's role and of the caller; nothing is really done."""
    found = []
    role = deployment.output("RoleArn")
    if role:
        arns = [table.arn for table in config.tables]
        found += _simulated(aws, config, role, "role on the tables", _EXPORT_ACTIONS, arns)
        key = f"arn:{config.tables[0].partition}:s3:::{config.bucket}/{config.prefix}/x"
        found += _simulated(aws, config, role, "role on the bucket", _BUCKET_ACTIONS, [key])
    principal = _simulatable(caller)
    if principal:
        found += _simulated(aws, config, principal, "caller may deploy", _CALLER_ACTIONS, ["*"])
    else:
        found.append(Finding(OK, "caller may deploy", "not simulated: the account's root may do everything"))
    return found


def _drift(aws: AWS, stack: dict[str, Any], region: str) -> Finding:
    name = stack["StackName"]
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
                   "undo the change, or move it into infrastructure/ and run ./deploy.sh")


def _drifted(drift: dict[str, Any]) -> str:
    paths = [difference["PropertyPath"] for difference in drift.get("PropertyDifferences", [])]
    return f"{drift['LogicalResourceId']} {drift['StackResourceDriftStatus'].lower()} {' '.join(paths)}".strip()


def _outdated(aws: AWS, template: stacks.Template, stack: dict[str, Any]) -> list[Finding]:
    """What the stack was deployed with and is different now; the zip is compared by its hash elsewhere."""
    deployed = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters", [])}
    different = [key for key, value in template.parameters.items() if deployed.get(key, "") != value]
    if different:
        return [Finding(PROBLEM, "  settings", f"deployed with another {', '.join(different)}", "./deploy.sh")]
    if not stacks.is_current(aws, template, stack):
        return [Finding(WARNING, "  template", f"infrastructure/{template.file} has changed since", "./deploy.sh")]
    return []


def _code(config: Config, deployed: str) -> Finding:
    if not deploy.ZIP.exists():
        return Finding(UNKNOWN, "  code", "nothing to compare with: dist/function.zip is not built",
                       "scripts/package-lambda")
    with tempfile.TemporaryDirectory() as folder:
        current = Path(folder) / "function.zip"
        function_zip.with_config(deploy.ZIP, current, config.serialized())
        same = function_zip.lambda_code_hash(current) == deployed
    if same:
        return Finding(OK, "  code", f"is dist/function.zip with this configuration ({deployed[:12]}…)")
    return Finding(WARNING, "  code", "differs from dist/function.zip with this configuration", "./deploy.sh")


def _subscription(aws: AWS, config: Config, topic: str) -> Finding:
    answer = aws.call("sns", "list-subscriptions-by-topic", config.region, TopicArn=topic)
    subscriptions = answer.get("Subscriptions", [])
    confirmed = [entry for entry in subscriptions if entry["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        return Finding(OK, "alarm topic", f"{len(confirmed)} confirmed subscription(s)")
    if subscriptions:
        return Finding(WARNING, "alarm topic", f"{subscriptions[0]['Endpoint']} has not confirmed its subscription")
    return Finding(WARNING, "alarm topic", "nobody hears the alarms: set alarmEmail, or subscribe to the topic")


def _simulatable(caller: str) -> str:
    """The ARN that IAM's simulator takes: of a session its role; the root cannot be simulated."""
    if caller.endswith(":root"):
        return ""
    if ":assumed-role/" in caller:
        prefix, session = caller.split(":assumed-role/")
        return f"{prefix.replace(':sts:', ':iam:')}:role/{session.split('/')[0]}"
    return caller


def _simulated(aws: AWS, config: Config, principal: str, subject: str, actions: list[str],
               resources: list[str]) -> list[Finding]:
    try:
        answer = aws.call(
            "iam", "simulate-principal-policy", config.region, PolicySourceArn=principal, ActionNames=actions,
            ResourceArns=resources, ContextEntries=[{"ContextKeyName": "aws:ResourceAccount", "ContextKeyType": "string",
                                                      "ContextKeyValues": [config.account]}])
    except AWSError as error:
        return [Finding(UNKNOWN, subject, f"cannot be simulated: {error.code}: {error.message}")]
    denied = [f"{entry['EvalActionName']} on {entry['EvalResourceName']}" for entry in answer["EvaluationResults"]
              if entry["EvalDecision"] != "allowed"]
    if denied:
        remedy = "./deploy.sh" if subject.startswith("role") else "see infrastructure/policies/deploy-policy.json"
        return [Finding(PROBLEM, subject, f"denied: {', '.join(denied)}", remedy)]
    return [Finding(OK, subject, f"{len(actions)} actions allowed")]
