"""./deploy.sh sync --check: looks at everything and changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Optional

from .. import check, check_stack, report, stacks
from ..aws import AWS, AWSError
from ..config import Config
from ..report import OK, PROBLEM, UNKNOWN, Finding
from . import bucket_events, deploy, keys, notifications, ready, streams, targets, template
from .plan import BUCKETS, COPY, TABLES, Plan, RegionPlan
from .streams import TableState

_DEPLOY = "./deploy.sh sync"


def run(aws: AWS, config: Config, plan: Plan, account: str, caller: str) -> bool:
    """Prints what was found; True when nothing needs anybody's attention."""
    looks: list[tuple[str, Callable[[], list[Finding]]]] = []
    for region in plan.regions:
        looks += _Region(aws, config, plan, region, account).looks()
    with ThreadPoolExecutor(max_workers=4) as pool:
        groups = list(pool.map(lambda look: check.guarded(*look), looks))
    findings = [Finding(OK, "caller", caller)] + [finding for group in groups for finding in group]
    print(report.findings_table(findings))
    return check.told(findings)


class _Region:
    """One Region's part: its sources, its stacks, and what connects them."""

    def __init__(self, aws: AWS, config: Config, plan: Plan, region: RegionPlan, account: str) -> None:
        self._aws = aws
        self._config = config
        self._plan = plan
        self._region = region
        self._account = account

    def looks(self) -> list[tuple[str, Callable[[], list[Finding]]]]:
        name = self._region.region
        looks: list[tuple[str, Callable[[], list[Finding]]]] = [
            (f"stacks in {name}", self._stacks), (f"queues in {name}", self._queues), (f"alarms in {name}", self._alarms),
            (f"function {self._function(COPY)}", lambda: self._function_findings(COPY))]
        if self._region.tables:
            looks += [(f"tables in {name}", self._tables), (f"function {self._function(TABLES)}", self._table_function)]
        if self._region.buckets:
            looks.append((f"function {self._function(BUCKETS)}", lambda: self._function_findings(BUCKETS)))
        looks += [(f"bucket {bucket}", lambda bucket=bucket: self._bucket(bucket)) for bucket in self._region.source_buckets]
        return looks

    def _function(self, part: str) -> str:
        return f"{self._plan.function_name}-{part}"

    def _states(self) -> list[TableState]:
        return streams.read_all(self._aws, [mapping.source for mapping in self._region.tables])

    def _stacks(self) -> list[Finding]:
        found = []
        deployed = stacks.describe(self._aws, self._plan.stack, self._region.region)
        held = stacks.describe(self._aws, self._plan.artifacts_stack, self._region.region)
        # The zip is compared by its hash, at the functions.
        code = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in (deployed or {}).get("Parameters", [])
                if entry["ParameterKey"] in ("CodeBucket", "CodeKey", "Architecture")}
        states = self._states()
        arns = {state.table.arn: state.stream for state in states if state.stream}
        written = [state.found for state in targets.read_all(self._aws, self._part(), self._account, states)]
        used = keys.read(self._aws, self._region, states, written, self._account)
        wanted = template.of(self._plan, self._region, arns, code, used)
        for part, stack in ((deploy.artifacts_template(self._plan, self._region.region), held), (wanted, deployed)):
            found += check_stack.stack_findings(self._aws, part, stack)
        return found

    def _tables(self) -> list[Finding]:
        found = []
        states = self._states()
        for state in states:
            subject = f"table {state.table.name}"
            if state.status is None:
                found.append(Finding(PROBLEM, subject, f"does not exist in {state.table.region}",
                                     f"aws dynamodb list-tables --region {state.table.region}"))
            elif not state.view_type:
                found.append(Finding(PROBLEM, subject, "its stream is off: no change is seen", _DEPLOY))
            elif not state.is_usable:
                found.append(Finding(PROBLEM, subject, streams.unusable_text(state), streams.unusable_remedy(state.table)))
            else:
                found.append(Finding(OK, subject, f"{state.status}, stream on ({state.view_type})"))
        for target in targets.read_all(self._aws, self._part(), self._account, states):
            subject = f"target {target.target.table.name}"
            if target.problem:
                remedy = targets.create_command(target) if target.is_missing else "map the source to another table"
                found.append(Finding(PROBLEM, subject, target.problem, remedy))
            else:
                found.append(Finding(OK, subject, f"in {target.target.table.region}, with its source's key"))
        return found

    def _part(self) -> Plan:
        """The plan of this Region alone."""
        return Plan(self._plan.function_name, self._plan.alarm_email, self._region.tables, self._region.buckets)

    def _table_function(self) -> list[Finding]:
        found = self._function_findings(TABLES)
        mappings = {mapping["EventSourceArn"]: mapping
                    for mapping in ready.mappings(self._aws, self._plan, self._region, TABLES)}
        for state in self._states():
            if state.stream:
                found.append(self._mapping(state, mappings.get(state.stream)))
        return found

    def _mapping(self, state: TableState, mapping: Optional[dict[str, Any]]) -> Finding:
        subject = f"  stream of {state.table.name}"
        if mapping is None:
            return Finding(PROBLEM, subject, "no event source mapping follows the stream that the table has now: changes are"
                           " not seen, and after 24 hours lost", f"{_DEPLOY}, then sync verify table with --repair")
        if mapping["State"] != "Enabled":
            return Finding(PROBLEM, subject, f"its event source mapping is {mapping['State']}",
                           f"aws lambda update-event-source-mapping --enabled --uuid {mapping['UUID']}"
                           f" --region {self._region.region}")
        different = [f"{key} {mapping.get(key)}" for key, value in template.STREAM_SETTINGS.items()
                     if mapping.get(key, value) != value]
        if different:
            return Finding(PROBLEM, subject, f"changed by hand: {', '.join(different)}", _DEPLOY)
        return Finding(OK, subject, f"followed, {mapping.get('LastProcessingResult', 'no result yet')}")

    def _function_findings(self, part: str) -> list[Finding]:
        found, _ = check_stack.function_findings(self._aws, self._config, self._region.region, self._function(part), _DEPLOY)
        return found

    def _bucket(self, name: str) -> list[Finding]:
        bucket = bucket_events.read(self._aws, self._plan, self._region, self._account, name)
        subject = f"bucket {name}"
        conflicts = notifications.conflicts(bucket.current, bucket.rules, bucket.queue)
        if conflicts:
            return [Finding(PROBLEM, subject, bucket_events.conflict_text(bucket, conflicts), bucket_events.WAYS_OUT)]
        if bucket.lacks_event_bridge:
            return [Finding(PROBLEM, subject, "does not send its events to EventBridge, from where live sync takes them",
                            _DEPLOY)]
        if bucket.rules and not notifications.ours(bucket.current, bucket.queue):
            return [Finding(PROBLEM, subject, "does not tell live sync of its changes", _DEPLOY)]
        if not bucket.is_current:
            return [Finding(PROBLEM, subject, "its notification rules are not as the configuration wants them", _DEPLOY)]
        part = Plan("", "", (), tuple(mapping for mapping in self._region.buckets if mapping.source.bucket == name))
        missing = targets.missing_buckets(self._aws, part)
        if missing:
            return [Finding(PROBLEM, f"target {mapping.target.bucket}", "does not exist: events fail",
                            targets.create_bucket_command(mapping)) for mapping in missing]
        others = len(deploy.notification_ids(bucket))
        way = " through EventBridge" if bucket.uses_event_bridge else ""
        return [Finding(OK, subject, f"tells live sync of its changes{way}, beside {others} rules of others")]

    def _queues(self) -> list[Finding]:
        found = []
        outputs = stacks.outputs(stacks.describe(self._aws, self._plan.stack, self._region.region) or {})
        for output, what in (("TableFailuresQueueUrl", "changes that could not be applied"),
                             ("BucketFailuresQueueUrl", "events that failed"), ("BucketEventsQueueUrl", "events that wait")):
            url = outputs.get(output, "")
            if url:
                found.append(self._queue(url, what, is_failure="Failures" in output))
        return found

    def _queue(self, url: str, what: str, is_failure: bool) -> Finding:
        subject = f"queue {url.rsplit('/', 1)[-1]}"
        try:
            answer = self._aws.call("sqs", "get-queue-attributes", self._region.region, QueueUrl=url,
                                    AttributeNames=["ApproximateNumberOfMessages"])
        except AWSError as error:
            if error.code.endswith("NonExistentQueue") or error.code.endswith("QueueDoesNotExist"):
                return Finding(PROBLEM, subject, "does not exist", _DEPLOY)
            return Finding(UNKNOWN, subject, f"{error.operation}: {error.code}: {error.message}")
        count = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        if count and is_failure:
            return Finding(PROBLEM, subject, f"{count} {what}", "dist/bin/sync replay (scripts/build-programs makes it)")
        return Finding(OK, subject, f"{count} {what}" if count else "empty")

    def _alarms(self) -> list[Finding]:
        stack = stacks.describe(self._aws, self._plan.stack, self._region.region)
        if stack is None:
            return [Finding(PROBLEM, f"alarms in {self._region.region}", "are not deployed", _DEPLOY)]
        topic = stacks.outputs(stack).get("AlarmTopicArn", "")
        return check_stack.alarm_findings(self._aws, self._region.region, self._plan.stack, topic, _DEPLOY,
                                                   "dist/bin/sync status (scripts/build-programs makes it)")
