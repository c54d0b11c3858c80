"""What the functions may do: as little as their mappings need.

The same statements serve the functions' own roles and the roles that other accounts make for their targets.
"""

from __future__ import annotations

from typing import Any, Iterable, Optional

from ..mappings import BucketPrefix
from .plan import BucketMapping, Plan, RegionPlan, partition

Statement = dict[str, Any]
# A role's inline policies hold 10,240 characters; the rest of them, and what grows around the ARNs, needs the difference.
_POLICY_LIMIT = 8_800
_READ_STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
# BatchWriteItem puts and deletes. DescribeTable tells why a target refuses items: another key.
_WRITE_TABLE = ["dynamodb:BatchWriteItem", "dynamodb:DescribeTable"]
# A merge looks at single items again, writes them on a condition, and takes back what the source has no more.
_MERGE_TABLE = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem",
                "dynamodb:PutItem"]
_READ_TABLE = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan"]
_READ_OBJECTS = ["s3:GetObject", "s3:GetObjectTagging"]
_WRITE_OBJECTS = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectTagging", "s3:GetObject",
                  "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"]
_USE_KEYS = ["kms:Decrypt", "kms:GenerateDataKey"]


def of_tables(plan: RegionPlan, streams: Iterable[str], keys: Iterable[str] = ()) -> list[Statement]:
    """The role of the function that follows tables; `keys` are those that encrypt them."""
    streams = list(streams)
    own = [target.table.arn for mapping in plan.tables for target in mapping.targets if target.role is None]
    roles = [target.role for mapping in plan.tables for target in mapping.targets if target.role]
    statements = [_allow("ReadStreams", _READ_STREAM, streams), *_write_tables(own), *_assume(roles)]
    statements += _use_keys(keys, "dynamodb")
    if _size(statements) <= _POLICY_LIMIT:
        return statements
    return [_allow("ReadStreams", _READ_STREAM, _widened(streams)), *_write_tables(_widened(own)), *_assume(roles),
            *_use_keys(keys, "dynamodb")]


def of_copies(plan: RegionPlan, table_keys: Iterable[str] = (), bucket_keys: Iterable[str] = ()) -> list[Statement]:
    """The role of the function that copies parts of tables and buckets for sync --engine step-functions."""
    sources = [mapping.source.arn for mapping in plan.tables]
    own = [target.table.arn for mapping in plan.tables for target in mapping.targets if target.role is None]
    name = partition(plan.region)
    rest = [*_read_buckets([mapping.source for mapping in plan.buckets], name),
            *_write_buckets([mapping.target for mapping in plan.buckets if mapping.role is None], name),
            *_assume([target.role for mapping in plan.tables for target in mapping.targets]
                     + [mapping.role for mapping in plan.buckets]),
            *_use_keys(table_keys, "dynamodb", "UseKeysOfTables"), *_use_keys(bucket_keys, "s3", "UseKeysOfBuckets")]

    def statements(sources: list[str], targets: list[str]) -> list[Statement]:
        read = [_allow("ReadTables", _READ_TABLE, sources)] if sources else []
        return [*read, *_merge_tables(targets), *rest]

    exact = statements(sources, own)
    return exact if _size(exact) <= _POLICY_LIMIT else statements(_widened(sources), _widened(own))


def of_buckets(plan: RegionPlan, keys: Iterable[str] = ()) -> list[Statement]:
    """The role of the function that follows buckets; `keys` are those that encrypt them."""
    roles = [mapping.role for mapping in plan.buckets if mapping.role]
    own = [mapping.target for mapping in plan.buckets if mapping.role is None]
    name = partition(plan.region)
    return [*_read_buckets([mapping.source for mapping in plan.buckets], name), *_write_buckets(own, name), *_assume(roles),
            *_use_keys(keys, "s3")]


def is_widened(statements: Iterable[Statement]) -> bool:
    """Whether the tables were too many to be named."""
    return any(resource.endswith("table/*") for statement in statements for resource in statement["Resource"])


def of_target_role(plan: Plan, role: str) -> list[Statement]:
    """What the role of a target needs in its own account."""
    tables = [target.table.arn for mapping in plan.tables for target in mapping.targets if target.role == role]
    buckets = [mapping for mapping in plan.buckets if mapping.role == role]
    name = role.split(":")[1]
    found = _merge_tables(tables) + _write_buckets([mapping.target for mapping in buckets], name)
    # A copy that S3 makes by itself reads the source with the credentials that write.
    return found + _read_buckets([mapping.source for mapping in buckets], name)


def trust(plan: Plan, role: str, account: str) -> dict[str, Any]:
    """Whom a target's role lets in: the functions' roles, known by the names that CloudFormation gives them.

    A role named as principal would have to be there already, and would be another one after --delete and a new deployment.
    """
    name = role.split(":")[1]
    parts = ["TablesRole", "CopyRole"] if any(target.role == role for mapping in plan.tables for target in mapping.targets) else []
    parts += ["BucketsRole", "CopyRole"] if any(mapping.role == role for mapping in plan.buckets) else []
    # A role's name has at most 64 characters, of which CloudFormation gives a long stack's name only the first ones.
    stack = plan.stack if len(plan.stack) <= 36 else f"{plan.stack[:20]}*"
    roles = [f"arn:{name}:iam::{account}:role/{stack}-{part}-*" for part in dict.fromkeys(parts)]
    return {"Version": "2012-10-17", "Statement": [{
        "Sid": "FunctionsMayAssume", "Effect": "Allow", "Principal": {"AWS": f"arn:{name}:iam::{account}:root"},
        "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipalArn": roles}}}]}


def source_bucket(mapping: BucketMapping) -> list[Statement]:
    """What the source bucket's policy needs so that S3 copies by itself as the target's role."""
    name = (mapping.role or "::").split(":")[1]
    return [{**statement, "Principal": {"AWS": mapping.role}} for statement in _read_buckets([mapping.source], name)]


def document(statements: list[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, actions: list[str], resources: Iterable[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(dict.fromkeys(resources))}


def _write_tables(arns: list[str]) -> list[Statement]:
    return [_allow("WriteTables", _WRITE_TABLE, arns)] if arns else []


def _merge_tables(arns: list[str]) -> list[Statement]:
    return [_allow("WriteTables", _MERGE_TABLE, arns)] if arns else []


def _assume(roles: Iterable[Optional[str]]) -> list[Statement]:
    wanted = sorted({role for role in roles if role})
    return [_allow("ActAsTargetsRoles", ["sts:AssumeRole"], wanted)] if wanted else []


def _use_keys(keys: Iterable[str], service: str, sid: str = "UseKeys") -> list[Statement]:
    """Only through the service that encrypts with them, in any Region."""
    wanted = list(keys)
    if not wanted:
        return []
    condition = {"StringLike": {"kms:ViaService": [f"{service}.*.amazonaws.com", f"{service}.*.amazonaws.com.cn"]}}
    return [{**_allow(sid, _USE_KEYS, wanted), "Condition": condition}]


def _read_buckets(places: list[BucketPrefix], name: str) -> list[Statement]:
    return _bucket_statements(places, name, "ReadObjects", _READ_OBJECTS, "AskForMissingSources")


def _write_buckets(places: list[BucketPrefix], name: str) -> list[Statement]:
    return _bucket_statements(places, name, "WriteObjects", _WRITE_OBJECTS, "AskForMissingTargets")


def _bucket_statements(places: list[BucketPrefix], name: str, sid: str, actions: list[str],
                       missing: str) -> list[Statement]:
    if not places:
        return []
    objects = sorted({f"arn:{name}:s3:::{place.bucket}/{_literal(place.prefix)}*" for place in places})
    # Asked for a key that is not there, S3 says so (404) only to callers who may list the bucket; others get 403.
    buckets = sorted({f"arn:{name}:s3:::{place.bucket}" for place in places})
    return [_allow(sid, actions, objects), _allow(missing, ["s3:ListBucket"], buckets)]


def _literal(prefix: str) -> str:
    """A prefix as IAM takes it: its own signs are written as variables."""
    return "".join({"*": "${*}", "?": "${?}", "$": "${$}"}.get(sign, sign) for sign in prefix)


def _widened(arns: Iterable[str]) -> list[str]:
    """Every table of each Region and account, and where streams were named, their streams."""
    found = []
    for arn in arns:
        head, _, tail = arn.partition(":table/")
        found.append(f"{head}:table/*/stream/*" if "/stream/" in tail else f"{head}:table/*")
    return list(dict.fromkeys(found))


def _size(statements: list[Statement]) -> int:
    return sum(len(resource) + 3 for statement in statements for resource in statement["Resource"])


