"""The source buckets: where they are, and our rules among their notifications."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .. import report
from ..aws import AWS, AWSError
from ..errors import DeployError
from . import notifications
from .plan import Plan, RegionPlan, partition

_QUEUE_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class SourceBucket:
    """A bucket that is watched, its rules as they should be, and its configuration as it was read."""

    name: str
    region: str
    account: str
    queue: str
    rules: list[notifications.Rule]
    current: notifications.Configuration
    #: Whether mappings of it take its events from EventBridge.
    uses_event_bridge: bool = False

    @property
    def is_current(self) -> bool:
        return notifications.is_same(self.current, self.merged)

    @property
    def lacks_event_bridge(self) -> bool:
        return self.uses_event_bridge and not notifications.sends_to_event_bridge(self.current)

    @property
    def merged(self) -> notifications.Configuration:
        """What has to be put next. Where EventBridge is new our rules stay as they are until the next run: S3 needs some
        minutes until all its events go there, and what both report does no harm."""
        if self.lacks_event_bridge and notifications.ours(self.current, self.queue):
            return notifications.with_event_bridge(self.current)
        found = notifications.merged(self.current, self.rules, self.queue)
        return notifications.with_event_bridge(found) if self.uses_event_bridge else found

    @property
    def needs_another_run(self) -> bool:
        """Whether there are rules to be taken away once EventBridge reports everything."""
        return self.lacks_event_bridge and not notifications.is_same(
            self.merged, notifications.with_event_bridge(notifications.merged(self.current, self.rules, self.queue)))


def queue_arn(plan: Plan, region: str, account: str) -> str:
    return f"arn:{partition(region)}:sqs:{region}:{account}:{plan.function_name}-bucket-events"


def read_all(aws: AWS, plan: Plan, region: RegionPlan, account: str) -> list[SourceBucket]:
    """Every source bucket of the Region; one that is not there, or elsewhere, is an error."""
    return [read(aws, plan, region, account, name) for name in region.source_buckets]


def read(aws: AWS, plan: Plan, region: RegionPlan, account: str, name: str) -> SourceBucket:
    _require_region(aws, name, region.region, account)
    queue = queue_arn(plan, region.region, account)
    mappings = [mapping for mapping in region.buckets if mapping.source.bucket == name]
    places = [mapping.source for mapping in mappings if not mapping.uses_event_bridge]
    return SourceBucket(name, region.region, account, queue, notifications.wanted(plan.function_name, places, queue),
                        read_configuration(aws, name, region.region, account),
                        any(mapping.uses_event_bridge for mapping in mappings))


def read_configuration(aws: AWS, name: str, region: str, account: str) -> notifications.Configuration:
    try:
        return aws.call("s3api", "get-bucket-notification-configuration", region, Bucket=name,
                        ExpectedBucketOwner=account)
    except AWSError as error:
        raise error.explained(f"bucket {name}") from error


def require_room(bucket: SourceBucket) -> None:
    """Refuses where a rule of somebody else is in the way; S3's own answer would not say which."""
    found = notifications.conflicts(bucket.current, bucket.rules, bucket.queue)
    if found:
        raise DeployError(conflict_text(bucket, found), WAYS_OUT)


WAYS_OUT = (
    "S3 lets only one rule report an event of a key. Ways out: take the events from EventBridge, which takes up no rule"
    " (\"events\": \"eventbridge\" in the mapping); or narrow the prefixes (of that rule, or of the mapping) until they"
    " exclude each other; or, when that rule is no longer needed, delete it. deploy.sh deletes no rule that it did not make.")


def conflict_text(bucket: SourceBucket, found: list[notifications.Conflict]) -> str:
    return (f"The notifications of bucket {bucket.name} leave no room for those of live sync: in the way"
            f" {'is' if len(found) == 1 else 'are'} {'; '.join(str(conflict) for conflict in found)}.")


def apply(aws: AWS, bucket: SourceBucket) -> bool:
    """Puts our rules beside those of others, and switches EventBridge on; False when nothing had to be done."""
    if bucket.is_current:
        return False
    _put(aws, bucket, bucket.merged)
    return True


def remove(aws: AWS, bucket: SourceBucket) -> bool:
    """Takes our rules away; False when there were none. EventBridge stays on: others may have come to rely on it."""
    if not notifications.ours(bucket.current, bucket.queue):
        return False
    _put(aws, bucket, notifications.merged(bucket.current, [], bucket.queue))
    return True


def _put(aws: AWS, bucket: SourceBucket, configuration: notifications.Configuration) -> None:
    """Replaces the configuration unless somebody changed it since it was read, and makes sure that it is as it was put."""
    if not notifications.is_same(_read_again(aws, bucket), bucket.current):
        raise DeployError(f"The notifications of bucket {bucket.name} were changed by somebody else just now; nothing was"
                          " put.", "run this again: it begins with what is there then.")
    deadline = time.monotonic() + _QUEUE_PATIENCE_SECONDS
    while True:
        try:
            aws.call("s3api", "put-bucket-notification-configuration", bucket.region, Bucket=bucket.name,
                     ExpectedBucketOwner=bucket.account, NotificationConfiguration=configuration)
            break
        except AWSError as error:
            # A queue's policy takes up to a minute until everybody in SQS knows it.
            is_young = "destination configuration" in error.message and _only_ours(error, bucket, configuration)
            if not is_young or time.monotonic() > deadline:
                raise _refused(error, bucket) from error
            report.detail(f"{bucket.name}: S3 may not send to the queue yet, trying again")
            time.sleep(5)
    if not notifications.is_same(_read_again(aws, bucket), configuration):
        raise DeployError(f"The notifications of bucket {bucket.name} are not as they were just put: somebody else changed"
                          " them at the same time.", "run ./deploy.sh sync --check, which says what is there now.")


def _read_again(aws: AWS, bucket: SourceBucket) -> notifications.Configuration:
    return read_configuration(aws, bucket.name, bucket.region, bucket.account)


def _only_ours(error: AWSError, bucket: SourceBucket, configuration: dict[str, Any]) -> bool:
    others = [rule[member] for kind, member in notifications.KINDS.items() for rule in configuration.get(kind, [])
              if rule[member] != bucket.queue]
    return not any(arn in error.message for arn in others)


def _refused(error: AWSError, bucket: SourceBucket) -> DeployError:
    if "destination configuration" in error.message:
        return DeployError(
            f"S3 does not take the notifications of bucket {bucket.name}: {error.code}: {error.message}.",
            "S3 tries the destinations of all rules at each put: repair or delete the one that it names (a queue, topic or"
            " function that is gone, or whose policy does not let S3 in), then run this again.")
    if "overlapping" in error.message or "ambiguously" in error.message:
        return DeployError(f"S3 does not take the notifications of bucket {bucket.name}: {error.code}: {error.message}.",
                           WAYS_OUT)
    return error.explained(f"the notifications of bucket {bucket.name}")


def _require_region(aws: AWS, name: str, region: str, account: str) -> None:
    try:
        answer = aws.call("s3api", "get-bucket-location", region, Bucket=name, ExpectedBucketOwner=account)
    except AWSError as error:
        if error.code in ("404", "NoSuchBucket"):
            raise DeployError(f"There is no bucket {name}.", "correct sync.buckets; aws s3 ls shows what there is.") from error
        if error.is_denied:
            raise DeployError(
                f"Bucket {name} belongs to another account than {account}, or its policy keeps you out"
                f" ({error.operation}: {error.code}).",
                "deploy from the source bucket's account: its notifications go to a queue there.") from error
        raise error.explained(f"bucket {name}") from error
    real = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(answer.get("LocationConstraint"))
    real = real or str(answer["LocationConstraint"])
    if real != region:
        raise DeployError(f"Bucket {name} is in {real}, but sourceRegion says {region}.",
                          f'write "sourceRegion": "{real}" for it in sync.buckets.')
