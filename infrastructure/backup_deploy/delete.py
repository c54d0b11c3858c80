"""./deploy.sh --delete: takes the function and all around it away, and keeps the backups."""

from __future__ import annotations

import sys

from . import report, stacks
from .aws import AWS, AWSError
from .config import Config
from .errors import Declined, DeployError


def run(aws: AWS, config: Config, confirmed: bool) -> None:
    """Deletes the function's stack and the one for its zip. The bucket, its stack and the backups stay."""
    print(f"This deletes in {config.region}, account {config.account}:")
    print(f"  stack {config.function_stack}: function {config.function_name}, its role, rules, logs, queues (with the"
          " failures kept in them), alarms and topic")
    print(f"  stack {config.artifacts_stack}: the bucket with the function's zips")
    print(f"It keeps bucket {config.bucket} with all backups, and its stack {config.bucket_stack}. No new backups are"
          " made from then on.")
    if not confirmed:
        confirm(config.function_name)
    report.step(f"Deleting stack {config.function_stack}")
    found = stacks.delete(aws, config.function_stack, config.region)
    report.detail("deleted" if found else "there is none")
    report.step(f"Deleting stack {config.artifacts_stack}")
    held = stacks.describe(aws, config.artifacts_stack, config.region)
    if held is not None:
        empty(aws, config.region, stacks.outputs(held).get("BucketName", ""))
    found = stacks.delete(aws, config.artifacts_stack, config.region)
    report.detail("deleted" if found else "there is none")
    print(f"\nDeleted. Kept: s3://{config.bucket}/{config.prefix}/ ({config.bucket_region}) with all backups.")


def confirm(wanted: str) -> None:
    """Asks for the name of what is to be deleted; Declined when it is not given."""
    if not sys.stdin.isatty():
        raise DeployError("--delete asks before it deletes, and there is no terminal to ask on.", "add --yes.")
    try:
        answer = input(f"Type {wanted} to go on: ")
    except EOFError:
        raise Declined from None
    if answer.strip() != wanted:
        raise Declined


def empty(aws: AWS, region: str, bucket: str) -> None:
    """Deletes the zips: CloudFormation deletes only an empty bucket."""
    if not bucket:
        return
    try:
        while True:
            page = aws.call("s3api", "list-objects-v2", region, Bucket=bucket, MaxKeys=1000)
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if not keys:
                return
            answer = aws.call("s3api", "delete-objects", region, Bucket=bucket,
                              Delete={"Objects": keys, "Quiet": True})
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise DeployError(f"{bucket}/{first['Key']} was not deleted: {first['Code']}: {first['Message']}.")
    except AWSError as error:
        if error.code != "NoSuchBucket":
            raise error.explained(f"bucket {bucket}") from error
