"""The targets, as far as this account can see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Sequence

from .. import report
from ..aws import AWS, AWSError
from ..config import Table
from ..errors import DeployError
from . import history, streams
from .plan import BucketMapping, Plan, TableTarget
from .streams import TableState


@dataclass(frozen=True)
class TargetState:
    """`problem` is empty when the target can be written, as far as its description says."""

    source: Table
    target: TableTarget
    found: TableState
    problem: str = ""
    is_missing: bool = False


def read_all(aws: AWS, plan: Plan, account: str, sources: Sequence[TableState]) -> list[TargetState]:
    """The target tables of this account; those of others are their owners' to see."""
    states = {state.table.arn: state for state in sources}
    pairs = [(states[mapping.source.arn], target) for mapping in plan.tables for target in mapping.targets
             if target.table.account == account and mapping.source.arn in states]
    if not pairs:
        return []
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda pair: streams.read(aws, pair[1].table), pairs))
    return [_compared(source, target, state) for (source, target), state in zip(pairs, found)]


def missing_buckets(aws: AWS, plan: Plan) -> list[BucketMapping]:
    """The mappings whose target bucket nobody has; those that a role writes are their owners' to see."""
    return [mapping for mapping in plan.buckets if mapping.role is None and _is_missing(aws, mapping)]


def create_bucket_command(mapping: BucketMapping) -> str:
    return (f"aws s3 mb s3://{mapping.target.bucket} --region {mapping.target_region}, or dist/bin/sync bucket with --create"
            " for one that is like the source")


def _is_missing(aws: AWS, mapping: BucketMapping) -> bool:
    try:
        aws.call("s3api", "head-bucket", mapping.target_region, Bucket=mapping.target.bucket)
    except AWSError as error:
        return error.code in ("404", "NoSuchBucket")
    return False


def tell(states: Sequence[TargetState]) -> None:
    """Refuses targets that can never be written, and warns of those that are not there yet."""
    for state in states:
        if state.problem and not state.is_missing:
            raise DeployError(state.problem, "map the source to a table with the same key.")
        if state.is_missing:
            report.warning(f"{state.problem} Next: {create_command(state)}")


def tell_missing_buckets(mappings: Sequence[BucketMapping]) -> None:
    """Warns of target buckets that are not there yet."""
    for mapping in mappings:
        report.warning(f"Target bucket {mapping.target.bucket} does not exist; until it does, events fail and come back every"
                       f" five and a half minutes, five times. Next: {create_bucket_command(mapping)}")


def create_command(state: TargetState) -> str:
    return history.table(state.source, state.target, creates=True)


def _compared(source: TableState, target: TableTarget, found: TableState) -> TargetState:
    name = f"Target table {target.table.name} in {target.table.region}"
    if found.status is None:
        return TargetState(source.table, target, found, f"{name} does not exist; until it does, changes wait in the stream.", True)
    if source.key and found.key != source.key:
        return TargetState(source.table, target, found, f"{name} has the key ({_described(found)}), but its source"
                           f" {source.table.name} has ({_described(source)}): no change could be written.")
    return TargetState(source.table, target, found)


def _described(state: TableState) -> str:
    return ", ".join(f"{name} {kind}" for name, kind, _ in state.key)
