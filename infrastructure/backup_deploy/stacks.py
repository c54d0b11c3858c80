"""CloudFormation: brings a stack to its template, through a change set, and tells what happened."""

from __future__ import annotations

import hashlib
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional

from . import report
from .aws import AWS, AWSError
from .errors import DeployError

INFRASTRUCTURE = Path(__file__).resolve().parents[1]
# What CloudFormation takes in a request; a larger template comes from a bucket.
INLINE_LIMIT = 51_200
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed", "no changes")


@dataclass(frozen=True)
class Template:
    """A stack as it should be.

    `parts` are put in place of words in the file; `command` is what the user typed to get here; `bucket` of the same Region
    takes the template when it is too large for a request.
    """

    name: str
    region: str
    file: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    command: str = "./deploy.sh"
    bucket: str = ""

    @property
    def body(self) -> str:
        text = (INFRASTRUCTURE / self.file).read_text(encoding="utf-8")
        for word, part in self.parts.items():
            text = text.replace(word, part)
        return text


@dataclass(frozen=True)
class Outcome:
    """`action` is created, updated or unchanged; for a dry run `changes` holds what would happen."""

    action: str
    outputs: Mapping[str, str]
    changes: list[str] = field(default_factory=list)


def describe(aws: AWS, name: str, region: str) -> Optional[dict[str, Any]]:
    """The stack, or None when there is none."""
    try:
        stacks = aws.call("cloudformation", "describe-stacks", region, StackName=name)["Stacks"]
    except AWSError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise error.explained(f"stack {name} in {region}") from error
    return stacks[0] if stacks and stacks[0]["StackStatus"] != "DELETE_COMPLETE" else None


def outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def ensure(aws: AWS, template: Template, dry_run: bool = False) -> Outcome:
    """Creates or updates the stack. An unchanged stack is left alone; a failure is told with its first cause."""
    try:
        return _ensure(aws, template, dry_run)
    except AWSError as error:
        raise error.explained(f"stack {template.name} in {template.region}") from error


def delete(aws: AWS, name: str, region: str, command: str = "./deploy.sh") -> bool:
    """Deletes the stack and waits; False when there was none."""
    stack = describe(aws, name, region)
    if stack is None:
        return False
    try:
        aws.call("cloudformation", "delete-stack", region, StackName=stack["StackId"])
        status = _wait(aws, stack["StackId"], region)
    except AWSError as error:
        raise error.explained(f"stack {name} in {region}") from error
    if status is not None and status["StackStatus"] != "DELETE_COMPLETE":
        raise DeployError(f"Stack {name} in {region} was not deleted: {_first_failure(aws, stack['StackId'], region)}.",
                          f"remove what is named there, then run {command} --delete again.")
    return True


def is_current(aws: AWS, template: Template, stack: Mapping[str, Any]) -> bool:
    """Whether the stack was made from this template with these parameters."""
    deployed = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters", [])}
    if any(deployed.get(key) != value for key, value in template.parameters.items()):
        return False
    body = aws.call("cloudformation", "get-template", template.region, StackName=template.name)["TemplateBody"]
    return str(body).strip() == template.body.strip()


def _ensure(aws: AWS, template: Template, dry_run: bool) -> Outcome:
    stack = _settled(aws, template, dry_run)
    # Cheaper than a change set that turns out empty, and it leaves no trace.
    if stack is not None and stack["StackStatus"] != "REVIEW_IN_PROGRESS" and is_current(aws, template, stack):
        return Outcome("unchanged", outputs(stack))
    creating = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    change_set = _create_change_set(aws, template, creating)
    if change_set is None:
        return Outcome("unchanged", outputs(stack or {}))
    changes = [_described(change["ResourceChange"]) for change in change_set["Changes"] if "ResourceChange" in change]
    if dry_run:
        _discard(aws, template, change_set["ChangeSetName"], creating)
        return Outcome("would be created" if creating else "would be updated", outputs(stack or {}), changes)
    for line in changes:
        report.detail(line)
    aws.call("cloudformation", "execute-change-set", template.region, ChangeSetName=change_set["ChangeSetName"],
             StackName=template.name, ClientRequestToken=change_set["ChangeSetName"])
    done = _wait(aws, template.name, template.region)
    wanted = "CREATE_COMPLETE" if creating else "UPDATE_COMPLETE"
    if done is None or done["StackStatus"] != wanted:
        raise DeployError(
            f"Stack {template.name} in {template.region} could not be {'created' if creating else 'updated'}:"
            f" {_first_failure(aws, template.name, template.region)}.",
            f"remove the cause and run {template.command} again; what was there before is unchanged.")
    return Outcome("created" if creating else "updated", outputs(done))


def _settled(aws: AWS, template: Template, dry_run: bool) -> Optional[dict[str, Any]]:
    """The stack once nobody works on it; clears away what a failed first creation left."""
    stack = describe(aws, template.name, template.region)
    if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return stack
    if stack["StackStatus"].endswith("_IN_PROGRESS"):
        report.detail(f"stack {template.name} is {stack['StackStatus']}: waiting for that to end")
        stack = _wait(aws, template.name, template.region)
    if stack is None:
        return None
    status = stack["StackStatus"]
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"):
        return stack
    if status == "ROLLBACK_COMPLETE":
        # Its first creation failed and was undone: CloudFormation can only delete such a stack, and it holds nothing.
        if dry_run:
            raise DeployError(f"Stack {template.name} is ROLLBACK_COMPLETE: its first creation failed.",
                              f"run {template.command} without --dry-run, which clears it away.")
        report.detail(f"stack {template.name} is left over from a failed creation: deleting it")
        delete(aws, template.name, template.region)
        return None
    raise DeployError(
        f"Stack {template.name} in {template.region} is {status}.",
        f"aws cloudformation continue-update-rollback --stack-name {template.name} --region {template.region}"
        if status == "UPDATE_ROLLBACK_FAILED" else
        f"aws cloudformation delete-stack --stack-name {template.name} --region {template.region}, then run this again.")


def _create_change_set(aws: AWS, template: Template, creating: bool) -> Optional[dict[str, Any]]:
    name = time.strftime("deploy-%Y%m%d-%H%M%S-", time.gmtime()) + uuid.uuid4().hex[:8]
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in template.parameters.items()]
    try:
        aws.call(
            "cloudformation", "create-change-set", template.region, StackName=template.name, ChangeSetName=name,
            ChangeSetType="CREATE" if creating else "UPDATE", Parameters=parameters, Capabilities=["CAPABILITY_IAM"],
            ClientToken=name, **_template_argument(aws, template))
    except AWSError as error:
        # Nobody else has that name: the CLI has tried again because the first answer was lost.
        if error.code != "AlreadyExistsException":
            raise
    pause = _Pause()
    while True:
        change_set = aws.call("cloudformation", "describe-change-set", template.region, StackName=template.name,
                              ChangeSetName=name)
        if change_set["Status"] == "CREATE_COMPLETE":
            return change_set
        if change_set["Status"] == "FAILED":
            reason = change_set.get("StatusReason", "no reason given")
            _discard(aws, template, name, creating)
            if any(text in reason for text in _NO_CHANGES):
                return None
            raise DeployError(f"CloudFormation refuses the change of stack {template.name} in {template.region}:"
                              f" {reason}.")
        pause.wait()


def _template_argument(aws: AWS, template: Template) -> dict[str, str]:
    """The template in the request, or where it lies."""
    body = template.body.encode()
    if len(body) <= INLINE_LIMIT:
        return {"TemplateBody": template.body}
    if not template.bucket:
        raise DeployError(f"The template of stack {template.name} has {len(body)} bytes and comes from the artifacts bucket,"
                          " which is not there yet.", f"run {template.command} without --dry-run.")
    key = f"template/{hashlib.sha256(body).hexdigest()}.yaml"
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(body)
        file.flush()
        aws.run("s3api", "put-object", template.region, ["--bucket", template.bucket, "--key", key, "--body", file.name])
    suffix = "amazonaws.com.cn" if template.region.startswith("cn-") else "amazonaws.com"
    return {"TemplateURL": f"https://s3.{template.region}.{suffix}/{template.bucket}/{key}"}


def _discard(aws: AWS, template: Template, change_set: str, creating: bool) -> None:
    aws.call("cloudformation", "delete-change-set", template.region, StackName=template.name, ChangeSetName=change_set)
    if creating:
        # A change set of a stack that does not exist yet leaves an empty stack in review behind.
        aws.call("cloudformation", "delete-stack", template.region, StackName=template.name)


def _wait(aws: AWS, name: str, region: str) -> Optional[dict[str, Any]]:
    pause = _Pause()
    while True:
        stack = describe(aws, name, region)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        pause.wait()


def _first_failure(aws: AWS, name: str, region: str) -> str:
    events = aws.call("cloudformation", "describe-stack-events", region, StackName=name)["StackEvents"]
    for event in reversed(_last_operation(events)):
        reason = event.get("ResourceStatusReason", "")
        if event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason:
            return f"{event['LogicalResourceId']} ({event.get('ResourceType', '')}): {reason}".rstrip(". ")
    return "no reason given; see the stack's events"


def _last_operation(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of the last operation; AWS lists the newest first."""
    for index, event in enumerate(events):
        own = event.get("PhysicalResourceId") == event.get("StackId")
        if own and event.get("ResourceStatus") in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
            return events[:index]
    return events


def _described(change: Mapping[str, Any]) -> str:
    replaced = " (replaced)" if change.get("Replacement") == "True" else ""
    return f"{change['Action'].lower():<7} {change['LogicalResourceId']} ({change['ResourceType']}){replaced}"


class _Pause:
    """Waits shortly at first, then longer: a local AWS is done at once, AWS itself takes a minute."""

    def __init__(self) -> None:
        self._seconds = 0.2

    def wait(self) -> None:
        time.sleep(self._seconds)
        self._seconds = min(self._seconds * 1.5, 5.0)
