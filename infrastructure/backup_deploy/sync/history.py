"""The commands that bring what was there before live sync, as the user types them."""

from __future__ import annotations

import shlex
from typing import Collection

from ..config import Table
from .plan import BucketMapping, Plan, TableTarget

_SHOWN = 6


def commands(plan: Plan, missing: Collection[str] = ()) -> list[str]:
    """One for each mapping; of many only the first. `missing`: target tables (ARNs) and buckets that are to be made."""
    lines = [table(mapping.source, target, target.table.arn in missing) for mapping in plan.tables for target in mapping.targets]
    made: set[str] = set()
    for mapping in plan.buckets:
        name = mapping.target.bucket
        # Of several parts that go into one bucket only the first finds none.
        lines.append(_bucket(mapping, name in missing and name not in made))
        made.add(name)
    more = len(lines) - _SHOWN
    return lines if more <= 1 else [*lines[:_SHOWN], f"… and {more} more"]


def table(source: Table, target: TableTarget, creates: bool) -> str:
    words = ["dist/bin/sync", "table", source.arn, target.table.arn, *_creation(creates), "--mode", "merge"]
    words += ["--where", target.where] if target.where else []
    words += _other_account(target.role)
    return shlex.join(words)


def _bucket(mapping: BucketMapping, creates: bool) -> str:
    words = ["dist/bin/sync", "bucket", str(mapping.source), str(mapping.target), *_creation(creates), "--mode", "merge",
             "--source-region", mapping.source_region, "--target-region", mapping.target_region]
    words += _other_account(mapping.role)
    return shlex.join(words)


def _creation(creates: bool) -> list[str]:
    return ["--create"] if creates else []


def _other_account(role: str | None) -> list[str]:
    """A profile of the user's own: the role lets in the functions alone, and may do only what they do."""
    return ["--target-profile", f"PROFILE_OF_{role.split(':')[4]}"] if role else []
