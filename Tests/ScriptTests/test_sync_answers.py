"""What deploy.sh sync makes of answers that the local AWS does not give: races, destinations that are gone, KMS keys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "infrastructure"))
from backup_deploy.aws import AWSError  # noqa: E402
from backup_deploy.config import Table  # noqa: E402
from backup_deploy.errors import DeployError  # noqa: E402
from backup_deploy.mappings import BucketPrefix  # noqa: E402
from backup_deploy.sync import bucket_events, deploy, keys, notifications, permissions, ready, streams  # noqa: E402
from backup_deploy.sync.plan import BucketMapping, Plan, RegionPlan, TableMapping, TableTarget  # noqa: E402

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:Sync-bucket-events"
OTHER = f"arn:aws:sqs:us-east-1:{ACCOUNT}:others"
INVALID = "Unable to validate the following destination configurations: "
ORDERS = Table(f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/Orders")
COPY = Table(f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Copy")
MAPPING = BucketMapping(BucketPrefix("photos", "a/"), "us-east-1", BucketPrefix("copies", ""), "eu-west-1", None)
BRIDGED = replace(MAPPING, events="eventbridge")
REGION = RegionPlan("us-east-1", (TableMapping(ORDERS, (TableTarget(COPY, None),)),), (MAPPING,))
PLAN = Plan("Sync", "", REGION.tables, REGION.buckets)


class FakeAWS:
    """Answers each command by a function of its parameters, and remembers what was put."""

    def __init__(self, **commands: Callable[..., Any]) -> None:
        self._commands = commands
        self.calls: list[str] = []

    def call(self, service: str, command: str, region: str, **parameters: Any) -> Any:
        self.calls.append(command)
        return self._commands[command.replace("-", "_")](**parameters)


class Notifications:
    """S3's part: one configuration, and others who change it."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.configuration: dict[str, Any] = {"QueueConfigurations": list(rules)} if rules else {}
        self.refusals: list[str] = []
        self.after_put: Callable[[], None] = lambda: None
        self.aws: Any = FakeAWS(get_bucket_location=lambda **_: {"LocationConstraint": None},
                                get_bucket_notification_configuration=lambda **_: dict(self.configuration),
                                put_bucket_notification_configuration=self._put)

    def _put(self, NotificationConfiguration: dict[str, Any], ExpectedBucketOwner: str, **_: Any) -> dict[str, Any]:
        assert ExpectedBucketOwner == ACCOUNT
        if self.refusals:
            raise AWSError("InvalidArgument", "PutBucketNotificationConfiguration", self.refusals.pop(0))
        self.configuration = NotificationConfiguration
        self.after_put()
        return {}

    def read(self, *mappings: BucketMapping) -> bucket_events.SourceBucket:
        region = RegionPlan("us-east-1", (), mappings or (MAPPING,))
        return bucket_events.read(self.aws, PLAN, region, ACCOUNT, "photos")


def _rule(identifier: str, prefix: str = "other/", queue: str = OTHER) -> dict[str, Any]:
    return {"Id": identifier, "QueueArn": queue, "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": prefix}]}}}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(bucket_events.time, "sleep", slept.append)
    return slept


def test_a_change_by_somebody_else_before_the_put_is_not_overwritten() -> None:
    s3 = Notifications(_rule("theirs"))
    bucket = s3.read()
    s3.configuration = {"QueueConfigurations": [_rule("theirs"), _rule("new", "new/")]}
    with pytest.raises(DeployError, match="changed by somebody else just now; nothing was put"):
        bucket_events.apply(s3.aws, bucket)
    assert "put-bucket-notification-configuration" not in s3.aws.calls
    # The next run sees both.
    assert bucket_events.apply(s3.aws, s3.read())
    assert [rule["Id"] for rule in s3.configuration["QueueConfigurations"]] == ["theirs", "new", "Sync"]


def test_a_change_by_somebody_else_after_the_put_is_told() -> None:
    s3 = Notifications(_rule("theirs"))

    def undo() -> None:
        s3.configuration = {"QueueConfigurations": [_rule("theirs")]}

    s3.after_put = undo
    with pytest.raises(DeployError, match="not as they were just put") as caught:
        bucket_events.apply(s3.aws, s3.read())
    assert "--check" in caught.value.next_step


def test_a_queue_that_s3_may_not_send_to_yet_is_tried_again(no_waiting: list[float]) -> None:
    s3 = Notifications(_rule("theirs"))
    s3.refusals = [INVALID + QUEUE, INVALID + QUEUE]
    assert bucket_events.apply(s3.aws, s3.read()) and len(no_waiting) == 2
    assert notifications.ours(s3.configuration, QUEUE)


def test_a_destination_of_others_that_is_gone_is_named_at_once(no_waiting: list[float]) -> None:
    s3 = Notifications(_rule("theirs"))
    s3.refusals = [f"{INVALID}{OTHER}"]
    with pytest.raises(DeployError, match=OTHER) as caught:
        bucket_events.apply(s3.aws, s3.read())
    assert "repair or delete the one that it names" in caught.value.next_step and no_waiting == []


def test_removing_touches_nothing_where_nothing_of_ours_is() -> None:
    s3 = Notifications(_rule("theirs"))
    assert not bucket_events.remove(s3.aws, s3.read())
    assert "put-bucket-notification-configuration" not in s3.aws.calls
    assert not bucket_events.apply(s3.aws, s3.read()) or bucket_events.remove(s3.aws, s3.read())
    assert s3.configuration == {"QueueConfigurations": [_rule("theirs")]}


def test_eventbridge_is_switched_on_beside_whatever_is_there() -> None:
    s3 = Notifications(_rule("theirs", "a/"))
    bucket = s3.read(BRIDGED)
    # Rules of ours would not fit in; these need none.
    bucket_events.require_room(bucket)
    with pytest.raises(DeployError, match="leave no room") as caught:
        bucket_events.require_room(s3.read(MAPPING))
    assert '"events": "eventbridge"' in caught.value.next_step
    assert bucket.lacks_event_bridge and not bucket.is_current and not bucket.needs_another_run
    assert bucket_events.apply(s3.aws, bucket)
    assert s3.configuration == {"QueueConfigurations": [_rule("theirs", "a/")], "EventBridgeConfiguration": {}}
    assert s3.read(BRIDGED).is_current and not bucket_events.apply(s3.aws, s3.read(BRIDGED))
    # It stays on when live sync goes, as whatever else reads from there needs it.
    assert not bucket_events.remove(s3.aws, s3.read(BRIDGED))
    assert s3.configuration["EventBridgeConfiguration"] == {}


def test_a_bucket_that_changes_over_to_eventbridge_reports_without_a_gap() -> None:
    s3 = Notifications(_rule("theirs"))
    other = BucketMapping(BucketPrefix("photos", "b/"), "us-east-1", BucketPrefix("copies", "b/"), "eu-west-1", None)
    bucket_events.apply(s3.aws, s3.read(MAPPING, other))
    before = s3.configuration["QueueConfigurations"]
    assert [rule["Id"] for rule in before] == ["theirs", "Sync", "Sync-2"]
    first = s3.read(BRIDGED, other)
    assert first.needs_another_run and bucket_events.apply(s3.aws, first)
    assert s3.configuration == {"QueueConfigurations": before, "EventBridgeConfiguration": {}}
    second = s3.read(BRIDGED, other)
    assert not second.is_current and not second.needs_another_run and bucket_events.apply(s3.aws, second)
    rules = {rule["Id"]: rule for rule in s3.configuration["QueueConfigurations"]}
    assert set(rules) == {"theirs", "Sync"} and "EventBridgeConfiguration" in s3.configuration
    assert rules["Sync"]["Filter"]["Key"]["FilterRules"][0]["Value"] == "b/"
    assert s3.read(BRIDGED, other).is_current
    # Where nothing of ours is to go, one run is enough.
    fresh = Notifications(_rule("theirs"))
    assert not fresh.read(BRIDGED, other).needs_another_run


def test_a_bucket_of_another_account_is_refused() -> None:
    def denied(**_: Any) -> Any:
        raise AWSError("AccessDenied", "GetBucketLocation", "Access Denied")

    aws: Any = FakeAWS(get_bucket_location=denied)
    with pytest.raises(DeployError, match="belongs to another account than 123456789012"):
        bucket_events.read(aws, PLAN, REGION, ACCOUNT, "photos")


def test_mappings_are_waited_for_and_one_that_stops_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready.time, "sleep", lambda _: None)
    states = iter(["Creating", "Enabling", "Enabled", "Enabled", "Enabled", "Enabled"])
    answers: Any = FakeAWS(list_event_source_mappings=lambda **_: {"EventSourceMappings": [
        {"State": next(states), "EventSourceArn": "arn", "UUID": "1"}]})
    ready.wait(answers, PLAN, REGION)
    # Two functions a turn: the second turn still had one on its way.
    assert len(answers.calls) == 4
    stopped: Any = FakeAWS(list_event_source_mappings=lambda **_: {"EventSourceMappings": [
        {"State": "Disabled", "EventSourceArn": "arn:of:stream", "UUID": "1-2"}]})
    with pytest.raises(DeployError, match="arn:of:stream is Disabled") as caught:
        ready.wait(stopped, PLAN, REGION)
    assert "--enabled --uuid 1-2" in caught.value.next_step


def test_keys_of_sources_and_own_targets_may_be_used_and_no_others() -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"

    def encryption(Bucket: str) -> Any:
        if Bucket == "copies":
            raise AWSError("AccessDenied", "GetBucketEncryption", "Access Denied")
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/photos"}}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    aws: Any = FakeAWS(get_bucket_encryption=encryption,
                       describe_key=lambda KeyId: {"KeyMetadata": {"Arn": f"{key}{KeyId.removeprefix('alias/')}"}})
    other = TableTarget(Table(f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Theirs"), "arn:aws:iam::210987654321:role/R")
    region = RegionPlan("us-east-1", (TableMapping(ORDERS, (TableTarget(COPY, None), other)),), (MAPPING,))
    found = keys.read(aws, region, [streams.TableState(ORDERS, "ACTIVE", is_encrypted_with=f"{key}orders")],
                      [streams.TableState(COPY, "ACTIVE", is_encrypted_with=f"{key}copy"),
                       streams.TableState(other.table, "ACTIVE", is_encrypted_with=f"{key}theirs")], ACCOUNT)
    assert found == keys.Keys((f"{key}copy", f"{key}orders"), (f"{key}photos",))
    assert found.unknown == ("bucket copies (GetBucketEncryption: AccessDenied)",)
    tables = permissions.of_tables(region, ["arn:stream"], found.tables)[-1]
    assert (tables["Action"], tables["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], [f"{key}copy", f"{key}orders"])
    assert tables["Condition"]["StringLike"]["kms:ViaService"][0] == "dynamodb.*.amazonaws.com"
    assert permissions.of_buckets(region, found.buckets)[-1]["Resource"] == [f"{key}photos"]
    assert "UseKeys" not in [statement["Sid"] for statement in permissions.of_buckets(region)]


def test_other_readers_of_a_stream_are_counted_without_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["Sync-tables", "Search", "Audit", "Search"]
    aws: Any = FakeAWS(list_event_source_mappings=lambda EventSourceArn: {"EventSourceMappings": [
        {"FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"} for name in names]})
    state = streams.TableState(ORDERS, "ACTIVE", "NEW_IMAGE", "arn:stream")
    assert streams.other_readers(aws, state, "Sync-tables") == ["Audit", "Search"]
    deploy._tell_readers(aws, PLAN, [state])
    assert "read by Audit, Search already" in capsys.readouterr().out
    names[:] = ["Sync-tables", "Search"]
    deploy._tell_readers(aws, PLAN, [state])
    assert capsys.readouterr().out == ""
