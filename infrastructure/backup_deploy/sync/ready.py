"""Waits until what was deployed really listens: history that begins earlier would leave a gap (H25)."""

from __future__ import annotations

import time
from typing import Any

from ..aws import AWS, AWSError
from ..errors import DeployError
from .plan import BUCKETS, TABLES, Plan, RegionPlan

_PATIENCE_SECONDS = 300
_COMING = ("Creating", "Enabling", "Updating")


def mappings(aws: AWS, plan: Plan, region: RegionPlan, part: str) -> list[dict[str, Any]]:
    """The event source mappings of one of the functions; none when the function is not there."""
    try:
        answer = aws.call("lambda", "list-event-source-mappings", region.region,
                          FunctionName=f"{plan.function_name}-{part}")
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            return []
        raise error.explained(f"function {plan.function_name}-{part} in {region.region}") from error
    return list(answer["EventSourceMappings"])


def wait(aws: AWS, plan: Plan, region: RegionPlan) -> None:
    """Returns once every mapping is Enabled; a mapping that will not be is an error."""
    parts = ([TABLES] if region.tables else []) + ([BUCKETS] if region.buckets else [])
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, 0.2
    while True:
        found = [mapping for part in parts for mapping in mappings(aws, plan, region, part)]
        waiting = [mapping for mapping in found if mapping["State"] in _COMING]
        stopped = [mapping for mapping in found if mapping["State"] not in (*_COMING, "Enabled")]
        if stopped:
            first = stopped[0]
            raise DeployError(
                f"The event source mapping of {first['EventSourceArn']} is {first['State']}: its changes are not followed.",
                f"aws lambda update-event-source-mapping --enabled --uuid {first['UUID']} --region {region.region}")
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise DeployError(f"The event source mapping of {waiting[0]['EventSourceArn']} is still {waiting[0]['State']}"
                              f" after {_PATIENCE_SECONDS} s.", "./deploy.sh sync --check says how it goes on.")
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)
