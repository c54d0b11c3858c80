"""Events of buckets through EventBridge, for buckets whose notifications leave no room: switched on for a bucket it sends
every event there, and takes up none of its rules."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..mappings import BucketPrefix
from . import notifications
from .plan import Plan, RegionPlan

Resource = dict[str, Any]
#: What EventBridge calls the events of `notifications.EVENTS`; deletes by lifecycle rules are "Object Deleted", too.
DETAIL_TYPES = ("Object Created", "Object Deleted", "Object Tags Added", "Object Tags Deleted")


def places(region: RegionPlan) -> list[BucketPrefix]:
    """What is followed by EventBridge's events: each place that lies in no other of them."""
    sought = [mapping.source for mapping in region.buckets if mapping.uses_event_bridge]
    return [BucketPrefix(name, prefix) for name in sorted({place.bucket for place in sought})
            for prefix in notifications.outermost(place.prefix for place in sought if place.bucket == name)]


def rules(plan: Plan, region: RegionPlan) -> dict[str, Resource]:
    """A rule of EventBridge for each place: a pattern has room for one prefix of any length."""
    return {_logical_id(place): _rule(plan, place) for place in places(region)}


def senders(region: RegionPlan, queue: str) -> list[dict[str, Any]]:
    """What the policy of a queue needs so that the rules reach it."""
    found = [{"Fn::GetAtt": [_logical_id(place), "Arn"]} for place in places(region)]
    return [{"Sid": "RulesMaySend", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
             "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": [queue, "Arn"]},
             "Condition": {"ArnEquals": {"aws:SourceArn": found}}}] if found else []


def _rule(plan: Plan, place: BucketPrefix) -> Resource:
    detail: dict[str, Any] = {"bucket": {"name": [place.bucket]}}
    if place.prefix:
        # EventBridge does not encode keys.
        detail["object"] = {"key": [{"prefix": place.prefix}]}
    return {
        "Type": "AWS::Events::Rule",
        "Condition": "FollowsBuckets",
        "Properties": {
            "Name": f"{plan.function_name}-events-{_digest(place)}",
            "Description": f"Tells live sync of the changes of bucket {place.bucket}",
            "State": "ENABLED",
            "EventPattern": {"source": ["aws.s3"], "detail-type": list(DETAIL_TYPES), "detail": detail},
            "Targets": [{"Id": "bucket-events", "Arn": {"Fn::GetAtt": ["BucketEventsQueue", "Arn"]},
                         # After 24 hours of trying; sync replay settles the key from there.
                         "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["BucketFailuresQueue", "Arn"]}}}],
        },
    }


def _logical_id(place: BucketPrefix) -> str:
    """A name within the template that stays the same whatever other places come and go."""
    return f"BucketEventsRule{_digest(place)}"


def _digest(place: BucketPrefix) -> str:
    return hashlib.sha256(str(place).encode()).hexdigest()[:8]


def as_members(resources: dict[str, Resource]) -> str:
    """The resources as lines of the template."""
    return "\n  ".join(f"{name}: {json.dumps(resource)}" for name, resource in resources.items())


def as_elements(statements: list[dict[str, Any]]) -> str:
    """The statements as lines of a list of the template."""
    return "\n          ".join(f"- {json.dumps(statement)}" for statement in statements)
