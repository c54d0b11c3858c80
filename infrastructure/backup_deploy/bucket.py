"""The backup bucket: what it is, who has it, and its lifecycle rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .aws import AWS, AWSError
from .config import ROOT, Config
from .errors import DeployError

LIFECYCLE_PATH = ROOT / "s3-lifecycle.json"


@dataclass(frozen=True)
class BucketState:
    """`exists` is False when nobody has the bucket; `region` is where it really is."""

    exists: bool
    region: str = ""


def find(aws: AWS, config: Config) -> BucketState:
    """Looks for the bucket; a bucket of somebody else or in another region is an error."""
    name, region = config.bucket, config.bucket_region
    try:
        answer = aws.call("s3api", "head-bucket", region, Bucket=name, ExpectedBucketOwner=config.account)
    except AWSError as error:
        if error.code in ("404", "NoSuchBucket"):
            return BucketState(exists=False)
        if error.code in ("301", "PermanentRedirect"):
            raise _wrong_region(config, "another region") from error
        if error.is_denied:
            raise DeployError(
                f"Bucket {name} belongs to another account than {config.account}, or its policy keeps you out (403).",
                "choose another bucket.name in the configuration, or ask the bucket's owner.") from error
        raise error.explained(f"bucket {name}") from error
    # Older versions of the AWS CLI do not know the field.
    real = answer.get("BucketRegion") or _location(aws, config)
    if real != region:
        raise _wrong_region(config, real)
    return BucketState(exists=True, region=real)


def wanted_lifecycle(config: Config) -> list[dict[str, Any]]:
    """The rules of s3-lifecycle.json, for the configured prefix instead of the file's own."""
    rules: list[dict[str, Any]] = json.loads(LIFECYCLE_PATH.read_text(encoding="utf-8"))["Rules"]
    for rule in rules:
        target = rule["Filter"].get("And", rule["Filter"])
        target["Prefix"] = f"{config.prefix}/"
    return rules


def current_lifecycle(aws: AWS, config: Config) -> list[dict[str, Any]]:
    try:
        answer = aws.call("s3api", "get-bucket-lifecycle-configuration", config.bucket_region, Bucket=config.bucket)
    except AWSError as error:
        if error.code == "NoSuchLifecycleConfiguration":
            return []
        raise
    return list(answer.get("Rules", []))


def lifecycle_differences(current: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    """IDs of the wanted rules that are missing or different."""
    have = {rule.get("ID"): _normalized(rule) for rule in current}
    return [rule["ID"] for rule in wanted if have.get(rule["ID"]) != _normalized(rule)]


def apply_lifecycle(aws: AWS, config: Config) -> bool:
    """Puts the wanted rules in beside the bucket's other rules, which stay; False when nothing had to be done."""
    wanted = wanted_lifecycle(config)
    try:
        current = current_lifecycle(aws, config)
        if not lifecycle_differences(current, wanted):
            return False
        ours = {rule["ID"] for rule in wanted}
        rules = [rule for rule in current if rule.get("ID") not in ours] + wanted
        aws.call("s3api", "put-bucket-lifecycle-configuration", config.bucket_region, Bucket=config.bucket,
                 ExpectedBucketOwner=config.account, LifecycleConfiguration={"Rules": rules})
    except AWSError as error:
        raise error.explained(f"bucket {config.bucket}") from error
    return True


def ready_lifecycle_file(config: Config) -> Path:
    """The file to give to put-bucket-lifecycle-configuration: the shipped one when its prefix fits."""
    if config.prefix == "daily":
        return LIFECYCLE_PATH
    path = ROOT / "dist" / "s3-lifecycle.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"Rules": wanted_lifecycle(config)}, indent=2) + "\n", encoding="utf-8")
    return path


def optional(aws: AWS, config: Config, command: str, absent: str) -> Optional[dict[str, Any]]:
    """A setting of the bucket, or None when the bucket answers that it has none (error code `absent`)."""
    try:
        return aws.call("s3api", command, config.bucket_region, Bucket=config.bucket)
    except AWSError as error:
        if error.code == absent:
            return None
        raise


def _location(aws: AWS, config: Config) -> str:
    try:
        answer = aws.call("s3api", "get-bucket-location", config.bucket_region, Bucket=config.bucket)
    except AWSError as error:
        raise error.explained(f"bucket {config.bucket}") from error
    # The two oldest regions have no name of their own here.
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(
        answer.get("LocationConstraint"), answer.get("LocationConstraint") or "us-east-1")


def _wrong_region(config: Config, real: str) -> DeployError:
    return DeployError(
        f"Bucket {config.bucket} lies in {real}, but the configuration says {config.bucket_region}.",
        f"set bucket.region (or S3_REGION) to {real}, or choose another bucket.name." if "-" in real else
        "set bucket.region (or S3_REGION) to where it is, or choose another bucket.name.")


def _normalized(rule: dict[str, Any]) -> str:
    """A rule in a form that compares: without what services add, transitions by day."""
    known = {key: value for key, value in rule.items() if key not in ("Prefix",) or value}
    known["Transitions"] = sorted(rule.get("Transitions", []), key=lambda step: step.get("Days", 0))
    return json.dumps({key: value for key, value in known.items() if value not in ([], {}, None)}, sort_keys=True)
