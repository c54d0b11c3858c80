"""Looks at the backup bucket, whoever made it."""

from __future__ import annotations

import json
from typing import Any, Callable

from . import bucket as buckets
from .aws import AWS, AWSError
from .config import Config
from .deployment import Deployment
from .report import OK, PROBLEM, UNKNOWN, WARNING, Finding


def findings(aws: AWS, config: Config, deployment: Deployment) -> list[Finding]:
    """Place, owner, public access, encryption, TLS, versioning, ownership and lifecycle of the bucket."""
    state = buckets.find(aws, config)
    subject = f"bucket {config.bucket}"
    if not state.exists:
        return [Finding(PROBLEM, subject, "does not exist", "./deploy.sh")]
    kept = "by this project's stack" if deployment.manages_bucket else "outside this project: deploy.sh does not change it"
    found = [Finding(OK, subject, f"in {state.region}, account {config.account}, made {kept}")]
    if config.bucket_region == config.region:
        found.append(Finding(WARNING, subject, "lies in the tables' own region: lost together with them"))
    looks: list[tuple[str, Callable[[AWS, Config], Finding]]] = [
        ("public access", _public_access), ("encryption", _encryption), ("TLS only", _tls), ("versioning", _versioning),
        ("object ownership", _ownership),
        ("lifecycle", lambda aws, config: _lifecycle(aws, config, deployment.manages_bucket)),
    ]
    for name, look in looks:
        try:
            found.append(look(aws, config))
        except AWSError as error:
            verdict = UNKNOWN if error.is_denied else PROBLEM
            found.append(Finding(verdict, f"  {name}", f"{error.operation}: {error.code}: {error.message}"))
    return found


def _public_access(aws: AWS, config: Config) -> Finding:
    answer = buckets.optional(aws, config, "get-public-access-block", "NoSuchPublicAccessBlockConfiguration") or {}
    settings = answer.get("PublicAccessBlockConfiguration", {})
    wanted = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    off = [name for name in wanted if not settings.get(name)]
    if not off:
        return Finding(OK, "  public access", "blocked")
    block = ",".join(f"{name}=true" for name in wanted)
    return Finding(PROBLEM, "  public access", f"not blocked: {', '.join(off)}",
                   f"{_s3api(config, 'put-public-access-block')} --public-access-block-configuration {block}")


def _encryption(aws: AWS, config: Config) -> Finding:
    answer = buckets.optional(aws, config, "get-bucket-encryption", "ServerSideEncryptionConfigurationNotFoundError")
    rules: list[dict[str, Any]] = (answer or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    algorithms = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules
                  if "ApplyServerSideEncryptionByDefault" in rule]
    if algorithms:
        return Finding(OK, "  encryption", algorithms[0])
    rule = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
    return Finding(PROBLEM, "  encryption", "no default encryption",
                   f"{_s3api(config, 'put-bucket-encryption')} --server-side-encryption-configuration '{rule}'")


def _tls(aws: AWS, config: Config) -> Finding:
    answer = buckets.optional(aws, config, "get-bucket-policy", "NoSuchBucketPolicy")
    statements = json.loads(answer["Policy"]).get("Statement", []) if answer else []
    statements = [statements] if isinstance(statements, dict) else statements
    if any(_denies_plain_http(statement) for statement in statements):
        return Finding(OK, "  TLS only", "requests without TLS are denied")
    return Finding(PROBLEM, "  TLS only", "the bucket policy does not deny requests without TLS",
                   "add the statement DenyInsecureTransport of infrastructure/backup-bucket.yaml to its policy")


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    flag = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    flag = flag[0] if isinstance(flag, list) and flag else flag
    return statement.get("Effect") == "Deny" and str(flag).lower() == "false"


def _versioning(aws: AWS, config: Config) -> Finding:
    answer = buckets.optional(aws, config, "get-bucket-versioning", "")
    if (answer or {}).get("Status") == "Enabled":
        return Finding(OK, "  versioning", "on")
    return Finding(WARNING, "  versioning", "off: a deleted or overwritten backup cannot be brought back",
                   f"{_s3api(config, 'put-bucket-versioning')} --versioning-configuration Status=Enabled")


def _ownership(aws: AWS, config: Config) -> Finding:
    answer = buckets.optional(aws, config, "get-bucket-ownership-controls", "OwnershipControlsNotFoundError") or {}
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    if rules and rules[0].get("ObjectOwnership") == "BucketOwnerEnforced":
        return Finding(OK, "  object ownership", "bucket owner enforced, ACLs off")
    return Finding(WARNING, "  object ownership", "ACLs are on; backups do not need them",
                   f"{_s3api(config, 'put-bucket-ownership-controls')}"
                   " --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'")


def _lifecycle(aws: AWS, config: Config, ours: bool) -> Finding:
    current, wanted = buckets.current_lifecycle(aws, config), buckets.wanted_lifecycle(config)
    different = buckets.lifecycle_differences(current, wanted)
    if not different:
        return Finding(OK, "  lifecycle", f"the {len(wanted)} rules of s3-lifecycle.json are in effect")
    text = f"missing or different from s3-lifecycle.json: {', '.join(different)}"
    if ours:
        return Finding(PROBLEM, "  lifecycle", text, "./deploy.sh")
    others = len(current) - len([rule for rule in current if rule.get("ID") in {entry["ID"] for entry in wanted}])
    if others:
        return Finding(PROBLEM, "  lifecycle", text,
                       f"add them by hand: the bucket has {others} other rules, which a put would replace")
    path = buckets.ready_lifecycle_file(config)
    return Finding(PROBLEM, "  lifecycle", text,
                   f"{_s3api(config, 'put-bucket-lifecycle-configuration')} --lifecycle-configuration file://{path}")


def _s3api(config: Config, command: str) -> str:
    return f"aws s3api {command} --region {config.bucket_region} --bucket {config.bucket}"
