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
    words += _other_account(target.role)
    return shlex.join(words)


def _bucket(mapping: BucketMapping) -> str:
    words = ["dist/bin/sync", "bucket", str(mapping.source), str(mapping.target), "--mode", "merge",
             "--source-region", mapping.source_region, "--target-region", mapping.target_region]
    words += _other_account(mapping.role)
    return shlex.join(words)


def _other_account(role: str | None) -> list[str]:
    """A profile of the user's own: the role lets in the functions alone, and may do only what they do."""
    return ["--target-profile", f"PROFILE_OF_{role.split(':')[4]}"] if role else []
