"""What the `sync` section of config.json means for AWS: which Region gets what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Optional

from ..config import Config, Table
from ..errors import DeployError
from ..mappings import BucketPrefix

ARTIFACTS, TABLES, BUCKETS, COPY = "artifacts", "tables", "buckets", "copy"


@dataclass(frozen=True)
class TableTarget:
    """A table that is written, the role that writes there (None: the function's own), and which items it holds."""

    table: Table
    role: Optional[str]
    where: Optional[str] = None


@dataclass(frozen=True)
class TableMapping:
    """A table whose stream is followed."""

    source: Table
    targets: tuple[TableTarget, ...]


@dataclass(frozen=True)
class BucketMapping:
    """A bucket, or a part of it, whose events are followed."""

    source: BucketPrefix
    source_region: str
    target: BucketPrefix
    target_region: str
    role: Optional[str]
    events: str = "notifications"

    @property
    def uses_event_bridge(self) -> bool:
        """Whether the bucket's events come through EventBridge and not by rules among its notifications."""
        return self.events == "eventbridge"


@dataclass(frozen=True)
class RegionPlan:
    """One stack: all that has its source in this Region."""

    region: str
    tables: tuple[TableMapping, ...]
    buckets: tuple[BucketMapping, ...]

    @property
    def source_buckets(self) -> list[str]:
        """The watched buckets' names, each once."""
        return sorted({mapping.source.bucket for mapping in self.buckets})


@dataclass(frozen=True)
class Plan:
    """Everything that is to be deployed."""

    function_name: str
    alarm_email: str
    tables: tuple[TableMapping, ...]
    buckets: tuple[BucketMapping, ...]

    @property
    def stack(self) -> str:
        # Stack names know no underscore, function names do.
        return self.function_name.replace("_", "-")

    @property
    def artifacts_stack(self) -> str:
        return f"{self.stack}-{ARTIFACTS}"

    @property
    def regions(self) -> list[RegionPlan]:
        """In the order in which the configuration names them, tables first."""
        named = [mapping.source.region for mapping in self.tables] + [mapping.source_region for mapping in self.buckets]
        return [RegionPlan(region, tuple(mapping for mapping in self.tables if mapping.source.region == region),
                           tuple(mapping for mapping in self.buckets if mapping.source_region == region))
                for region in dict.fromkeys(named)]

    @property
    def roles(self) -> list[str]:
        """The roles of other accounts' targets, each once."""
        found = [target.role for mapping in self.tables for target in mapping.targets]
        found += [mapping.role for mapping in self.buckets]
        return list(dict.fromkeys(role for role in found if role))

    @classmethod
    def of(cls, config: Config, path: object) -> Plan:
        """The plan of a checked configuration; sources in two accounts are an error, for streams and notifications are
        read where they are."""
        section: dict[str, Any] = config.document["sync"]
        plan = cls(str(section["functionName"]), config.alarm_email,
                   tuple(_table(entry) for entry in section.get("tables", [])),
                   tuple(_bucket(entry) for entry in section.get("buckets", [])))
        accounts = sorted({mapping.source.account for mapping in plan.tables})
        if len(accounts) > 1:
            raise DeployError(f"{path} has source tables in {len(accounts)} accounts ({', '.join(accounts)}), but a stream"
                              " is followed from its own account.",
                              "deploy once for each: one configuration file per account and ./deploy.sh sync --config FILE.")
        return plan

    def require_account(self, account: str) -> None:
        """Refuses credentials of another account than the sources'."""
        for mapping in self.tables:
            if mapping.source.account != account:
                raise DeployError(
                    f"The credentials are of account {account}, but table {mapping.source.name} is in account"
                    f" {mapping.source.account}: live sync is deployed where its sources are.",
                    "choose the right profile with --profile or AWS_PROFILE, or correct sync.tables.")


def partition(region: str) -> str:
    """The first part of a Region's ARNs after `arn:`."""
    found = re.match(r"cn-|us-gov-|us-isob-|us-iso-|eusc-", region)
    return {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-isob-": "aws-iso-b", "us-iso-": "aws-iso",
            "eusc-": "aws-eusc"}[found[0]] if found else "aws"


def _table(entry: dict[str, Any]) -> TableMapping:
    targets = tuple(TableTarget(Table(target["table"]), target.get("role"), target.get("where")) for target in entry["targets"])
    return TableMapping(Table(entry["source"]), targets)


def _bucket(entry: dict[str, Any]) -> BucketMapping:
    return BucketMapping(BucketPrefix.parse(entry["source"]), entry["sourceRegion"], BucketPrefix.parse(entry["target"]),
                         entry["targetRegion"], entry.get("role"), entry.get("events", "notifications"))
