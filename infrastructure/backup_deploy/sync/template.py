"""sync-functions.yaml with the parts that follow from the mappings put in.

The template is valid YAML as it stands; words in capitals that begin with GENERATED are replaced by JSON, which YAML
contains. CloudFormation's own loops would need a transform and the right to use it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Mapping

from .. import stacks
from . import event_bridge, permissions
from .keys import Keys
from .plan import Plan, RegionPlan, partition

FILE = "sync-functions.yaml"
# Stands for what a dry run does not make.
NOT_YET_CREATED = "not-yet-created"
# What every mapping of a stream is given; sync-functions.yaml and infrastructure/README.md say why.
STREAM_SETTINGS: dict[str, Any] = {
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 1000,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 4,
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 1000,
    "MaximumRecordAgeInSeconds": 43200,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


def settings(plan: Plan, region: RegionPlan) -> dict[str, str]:
    """The parameters that follow from the configuration alone."""
    return {
        "FunctionName": plan.function_name,
        "FollowsTables": str(bool(region.tables)).lower(),
        "FollowsBuckets": str(bool(region.buckets)).lower(),
        "AlarmEmail": plan.alarm_email,
    }


def of(plan: Plan, region: RegionPlan, streams: Mapping[str, str], code: Mapping[str, str],
       keys: Keys = Keys()) -> stacks.Template:
    """The stack of one Region.

    - streams: the ARN of each source table's stream by the table's ARN.
    - code: the parameters about the function's zip.
    - keys: the customer managed keys of what is read and written.
    """
    arns = [streams[mapping.source.arn] for mapping in region.tables if mapping.source.arn in streams]
    tables = permissions.of_tables(region, arns, keys.tables) if arns else []
    buckets = [f"arn:{partition(region.region)}:s3:::{name}" for name in region.source_buckets]
    parts = {
        "GENERATED_TABLES_POLICY": _json(permissions.document(tables)),
        "GENERATED_BUCKETS_POLICY": _json(permissions.document(
            permissions.of_buckets(region, keys.buckets) if region.buckets else [])),
        "GENERATED_COPY_POLICY": _json(permissions.document(
            permissions.of_copies(region, keys.tables, keys.buckets))),
        "GENERATED_COPY_MACHINE": _json(_state_machine()),
        "GENERATED_SOURCE_BUCKETS": _json(buckets),
        "# GENERATED_EVENT_RULES": event_bridge.as_members(event_bridge.rules(plan, region)),
        "# GENERATED_EVENT_SENDERS": event_bridge.as_elements(event_bridge.senders(region, "BucketEventsQueue")),
        "# GENERATED_FAILURE_SENDERS": event_bridge.as_elements(event_bridge.senders(region, "BucketFailuresQueue")),
        "# GENERATED_STREAM_MAPPINGS": "\n  ".join(
            f"{logical_id(table)}: {_json(stream_mapping(stream))}"
            for table, stream in ((mapping.source.arn, streams.get(mapping.source.arn)) for mapping in region.tables)
            if stream),
    }
    bucket = code.get("CodeBucket", "")
    return stacks.Template(plan.stack, region.region, FILE, {**settings(plan, region), **code}, parts, "./deploy.sh sync",
                           "" if bucket == NOT_YET_CREATED else bucket)


def _state_machine() -> str:
    """The definition as one line, which CloudFormation takes as a text."""
    definition = json.loads((stacks.INFRASTRUCTURE / "sync-copy-state-machine.json").read_text(encoding="utf-8"))
    return json.dumps(definition, separators=(",", ":"))


def stream_mapping(stream: str) -> dict[str, Any]:
    """The event source mapping of one stream."""
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": stream,
            "FunctionName": {"Ref": "TablesFunction"},
            **STREAM_SETTINGS,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["TableFailuresQueue", "Arn"]}}},
        },
    }


def logical_id(table: str) -> str:
    """A name within the template that stays the same whatever other tables come and go."""
    name = re.sub(r"[^A-Za-z0-9]", "", table.rpartition("/")[2])
    return f"Stream{name[:180]}{hashlib.sha256(table.encode()).hexdigest()[:8]}"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(", ", ": "))
