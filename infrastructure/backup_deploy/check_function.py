"""Looks at the function and what stands around it: stacks, rules, queues, alarms, permissions."""

from __future__ import annotations

from typing import Any

from . import check_stack, deploy, schedule, stacks
from .aws import AWS, AWSError
from .config import Config
from .deployment import Deployment
from .report import OK, PROBLEM, UNKNOWN, WARNING, Finding

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
        found += check_stack.stack_findings(aws, template, stack)
    return found


def function_findings(aws: AWS, config: Config, deployment: Deployment) -> list[Finding]:
    """The function's state, and whether it has the settings and the code at hand."""
    found, exists = check_stack.function_findings(aws, config, config.region, config.function_name, "./deploy.sh")
    if exists and deployment.function is None:
        found.insert(1, Finding(PROBLEM, found[0].subject, "belongs to no stack of this project",
                                "choose another functionName, or delete that function"))
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
    return check_stack.alarm_findings(aws, config.region, config.function_stack, deployment.output("AlarmTopicArn"),
                                      "./deploy.sh", "dist/bin/monitor (scripts/build-programs makes it)")


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
