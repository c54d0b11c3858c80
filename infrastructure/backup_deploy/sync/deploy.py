"""./deploy.sh sync: makes live sync listen, in every Region that holds a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Collection, Iterable, Mapping, Optional, Sequence

from .. import deploy, report, stacks
from ..aws import AWS
from ..config import Config
from . import bucket_events, history, keys, permissions, ready, roles, streams, targets, template
from .bucket_events import SourceBucket
from .keys import Keys
from .plan import BUCKETS, COPY, TABLES, Plan, RegionPlan
from .streams import TableState

# What S3 may need until each of its servers knows a new notification.
_NOTIFICATION_DELAY = timedelta(minutes=5)


@dataclass(frozen=True)
class Options:
    """`zip` is a zip that somebody else built; None builds it."""

    dry_run: bool
    zip: Optional[Path]
    config: Path


def run(aws: AWS, config: Config, plan: Plan, account: str, options: Options) -> None:
    """Deploys or updates everything; nothing is changed before all sources are known to be as they have to be."""
    report.step("Sources")
    states = {region.region: streams.read_all(aws, [mapping.source for mapping in region.tables])
              for region in plan.regions}
    streams.require_usable([state for found in states.values() for state in found])
    buckets = {region.region: bucket_events.read_all(aws, plan, region, account) for region in plan.regions}
    for bucket in (bucket for found in buckets.values() for bucket in found):
        bucket_events.require_room(bucket)
    _tell_sources(states, buckets)
    written = targets.read_all(aws, plan, account, [state for found in states.values() for state in found])
    targets.tell(written)
    without_bucket = targets.missing_buckets(aws, plan)
    targets.tell_missing_buckets(without_bucket)
    used = {region.region: keys.read(aws, region, states[region.region], [state.found for state in written], account)
            for region in plan.regions}
    _tell_keys(used.values())

    report.step("Function package")
    deploy.package(config, options.zip)
    changed = [_region(aws, plan, _Part(region, states[region.region], buckets[region.region], used[region.region]),
                       options.dry_run) for region in plan.regions]
    if options.dry_run:
        print("\nDry run: nothing was changed.")
        return
    roles.tell(plan, account)
    missing = {state.target.table.arn for state in written if state.is_missing}
    missing |= {mapping.target.bucket for mapping in without_bucket}
    _summarize(plan, options.config, [outcome for outcomes in changed for outcome in outcomes], missing)


def artifacts_template(plan: Plan, region: str) -> stacks.Template:
    """The stack of the bucket for the functions' zip: Lambda loads code only from its own Region."""
    return stacks.Template(plan.artifacts_stack, region, "backup-artifacts.yaml", command="./deploy.sh sync")


@dataclass(frozen=True)
class _Change:
    """Something that was looked at, and whether it was changed."""

    is_change: bool
    is_new_notification: bool = False
    topic: str = ""


@dataclass(frozen=True)
class _Part:
    """A Region with what was found there."""

    plan: RegionPlan
    states: Sequence[TableState]
    buckets: Sequence[SourceBucket]
    keys: Keys


def _region(aws: AWS, plan: Plan, part: _Part, dry_run: bool) -> list[_Change]:
    region, states, buckets = part.plan, part.states, part.buckets
    changes = []
    off = [state for state in states if not state.view_type]
    if off:
        report.step(f"Streams in {region.region}")
    arns: dict[str, str] = {state.table.arn: state.stream for state in states if state.stream}
    for state in off if dry_run else []:
        report.detail(f"{state.table.name}: would be switched on")
        arns[state.table.arn] = f"{state.table.arn}/stream/{template.NOT_YET_CREATED}"
    for state in streams.switch_on_all(aws, [state.table for state in off]) if not dry_run else []:
        report.detail(f"{state.table.name}: switched on ({streams.VIEW_TYPE})")
        arns[state.table.arn] = state.stream
        changes.append(_Change(True))
    _tell_readers(aws, plan, states)

    report.step(f"Functions {_names(plan, region)} in {region.region}")
    changes += _stacks(aws, plan, part, arns, dry_run)
    if buckets:
        report.step(f"Notifications in {region.region}")
    for bucket in buckets:
        changes.append(_notification(aws, bucket, dry_run))
    if not dry_run:
        ready.wait(aws, plan, region)
        report.detail("every event source mapping is enabled")
    return changes


def _stacks(aws: AWS, plan: Plan, part: _Part, arns: Mapping[str, str], dry_run: bool) -> list[_Change]:
    region = part.plan
    artifacts = artifacts_template(plan, region.region)
    held = stacks.ensure(aws, artifacts, dry_run)
    deploy.tell_outcome(artifacts, held, dry_run)
    # In the dry run of a first deployment the bucket has no name yet.
    code_bucket = held.outputs.get("BucketName", template.NOT_YET_CREATED)
    wanted = template.of(plan, region, arns, {"CodeBucket": code_bucket, **deploy.zip_parameters()}, part.keys)
    if not dry_run:
        deploy.upload(aws, region.region, code_bucket, wanted.parameters["CodeKey"])
    if permissions.is_widened(permissions.of_tables(region, arns.values())):
        report.warning(f"{len(region.tables)} tables do not fit into one role policy: the role may read every stream, and"
                       " write every table, of the Regions and accounts that are named")
    outcome = stacks.ensure(aws, wanted, dry_run)
    deploy.tell_outcome(wanted, outcome, dry_run)
    topic = outcome.outputs.get("AlarmTopicArn", "")
    return [_Change(held.action != "unchanged"), _Change(outcome.action != "unchanged", topic=topic)]


def _notification(aws: AWS, bucket: SourceBucket, dry_run: bool) -> _Change:
    names = [rule["Id"] for rule in bucket.rules]
    rules = ", ".join([*names, *(["EventBridge"] if bucket.uses_event_bridge else [])])
    if dry_run:
        verb = "is there" if bucket.is_current else "would be put beside those of others"
        report.detail(f"{bucket.name}: {rules} {verb}")
        return _Change(False)
    is_new = bucket_events.apply(aws, bucket)
    report.detail(f"{bucket.name}: {rules} {'put beside those of others' if is_new else 'unchanged'}")
    if bucket.needs_another_run:
        report.warning(f"bucket {bucket.name} has our older rules, too, until EventBridge reports everything: run"
                       " ./deploy.sh sync once more in five minutes, and they are taken away")
    return _Change(is_new, is_new_notification=is_new)


def _names(plan: Plan, region: RegionPlan) -> str:
    parts = ([TABLES] if region.tables else []) + ([BUCKETS] if region.buckets else []) + [COPY]
    return ", ".join(f"{plan.function_name}-{part}" for part in parts)


def _tell_sources(states: Mapping[str, Sequence[TableState]], buckets: Mapping[str, Sequence[SourceBucket]]) -> None:
    for state in (state for found in states.values() for state in found):
        stream = f"stream on ({state.view_type})" if state.view_type else "stream off"
        report.detail(f"table {state.table.name} in {state.table.region}: {state.status}, {stream}")
    for bucket in (bucket for found in buckets.values() for bucket in found):
        others = len(notification_ids(bucket))
        report.detail(f"bucket {bucket.name} in {bucket.region}: {others} notification rules of others")


def _tell_readers(aws: AWS, plan: Plan, states: Sequence[TableState]) -> None:
    for state in states:
        others = streams.other_readers(aws, state, f"{plan.function_name}-{TABLES}") if state.stream else []
        if len(others) > 1:
            report.warning(f"the stream of {state.table.name} is read by {', '.join(others)} already; a shard has room for two"
                           " readers, and more of them throttle each other")


def _tell_keys(used: Iterable[Keys]) -> None:
    found = list(used)
    for key in dict.fromkeys(key for each in found for key in (*each.tables, *each.buckets)):
        report.detail(f"KMS key {key}: the functions may use it; its own policy must let them, too")
    for place in dict.fromkeys(place for each in found for place in each.unknown):
        report.warning(f"the encryption of {place} could not be read: if it has a KMS key, the functions may not use it")


def notification_ids(bucket: SourceBucket) -> list[str]:
    """The rules of others, which stay as they are."""
    kinds = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")
    return [rule.get("Id", "") for kind in kinds for rule in bucket.current.get(kind, [])
            if rule.get("QueueArn") != bucket.queue]


def _summarize(plan: Plan, config: Path, changes: Sequence[_Change], missing: Collection[str]) -> None:
    is_changed = any(change.is_change for change in changes)
    print("\nDeployed: live sync is on." if is_changed else
          "\nNo changes: everything is deployed as the configuration wants it.")
    for topic in dict.fromkeys(change.topic for change in changes if change.topic):
        print(f"  Alarms    {topic}")
    if plan.alarm_email:
        print(f"  Confirm the e-mail that AWS sent to {plan.alarm_email}, or no alarm reaches it.")
    else:
        print("  Nobody hears the alarms yet: set alarmEmail, or subscribe something else to the topic.")
    if any(change.is_new_notification for change in changes):
        moment = datetime.now(timezone.utc) + _NOTIFICATION_DELAY
        print(f"  S3 needs up to five minutes until a new notification reports every change: begin the history of buckets"
              f" after {moment:%H:%M} UTC.")
    print("History may begin now:" if is_changed else "Next, the history of each mapping, unless it is there:")
    for line in history.commands(plan, missing):
        print(f"  {line}")
    print(f"Then: dist/bin/sync status --config {config} (scripts/build-programs makes it)")
