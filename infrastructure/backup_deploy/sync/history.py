"""The commands that bring what was there before live sync, as the user types them."""

from __future__ import annotations

import shlex

from .plan import BucketMapping, Plan, TableMapping, TableTarget

_SHOWN = 6


def commands(plan: Plan) -> list[str]:
    """One for each mapping; of many only the first."""
    lines = [_table(mapping, target) for mapping in plan.tables for target in mapping.targets]
    lines += [_bucket(mapping) for mapping in plan.buckets]
    more = len(lines) - _SHOWN
    return lines if more <= 1 else [*lines[:_SHOWN], f"… and {more} more"]


def _table(mapping: TableMapping, target: TableTarget) -> str:
    words = ["dist/bin/sync", "table", mapping.source.arn, target.table.arn, "--mode", "merge"]
    words += ["--where", target.where] if target.where else []
    words += ["--target-role-arn", target.role] if target.role else []
    return shlex.join(words)


def _bucket(mapping: BucketMapping) -> str:
    words = ["dist/bin/sync", "bucket", str(mapping.source), str(mapping.target), "--mode", "merge",
             "--source-region", mapping.source_region, "--target-region", mapping.target_region]
    words += ["--target-role-arn", mapping.role] if mapping.role else []
    return shlex.join(words)
