"""The customer managed KMS keys of sources and targets: whoever reads or writes there needs the key as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Sequence

from ..aws import AWS, AWSError
from .plan import RegionPlan, partition
from .streams import TableState


@dataclass(frozen=True)
class Keys:
    """ARNs of keys by the function that needs them."""

    tables: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    #: What could not be read, and so is not allowed.
    unknown: tuple[str, ...] = field(default=(), compare=False)


def read(aws: AWS, region: RegionPlan, sources: Sequence[TableState], targets: Sequence[TableState],
         account: str) -> Keys:
    """The keys of the Region's sources, and of targets that the functions write with their own roles.

    Of a bucket it is the key of its default encryption; objects may have others, which only their headers tell.
    """
    sought = {target.table.arn for mapping in region.tables for target in mapping.targets if target.role is None}
    tables = [state.is_encrypted_with for state in sources]
    tables += [state.is_encrypted_with for state in targets if state.table.arn in sought]
    places = [(mapping.source.bucket, mapping.source_region) for mapping in region.buckets]
    places += [(mapping.target.bucket, mapping.target_region) for mapping in region.buckets if mapping.role is None]
    buckets: list[str] = []
    unknown: list[str] = []
    for name, where in dict.fromkeys(places):
        try:
            buckets += _of_bucket(aws, name, where, account)
        except AWSError as error:
            unknown.append(f"bucket {name} ({error.operation}: {error.code})")
    return Keys(_each_once(tables), _each_once(buckets), tuple(unknown))


def _of_bucket(aws: AWS, name: str, region: str, account: str) -> list[str]:
    try:
        answer = aws.call("s3api", "get-bucket-encryption", region, Bucket=name)
    except AWSError as error:
        if error.code in ("ServerSideEncryptionConfigurationNotFoundError", "NoSuchBucket", "404"):
            return []
        raise
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    found = (rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules)
    return [arn for arn in (_arn(aws, key, region, account) for key in found if key) if arn]


def _arn(aws: AWS, key: str, region: str, account: str) -> Optional[str]:
    """A key's ARN; policies know no aliases."""
    if ":key/" in key:
        return key
    if "alias/" in key:
        return str(aws.call("kms", "describe-key", region, KeyId=key)["KeyMetadata"]["Arn"])
    return f"arn:{partition(region)}:kms:{region}:{account}:key/{key}"


def _each_once(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({key for key in keys if key}))
