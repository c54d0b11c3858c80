"""What deploy.sh sync leaves in the account, what --check finds there, and what --delete leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import REGION, Project

NAME = "DynamoDBSyncFunction"
OTHER_REGION = "eu-west-1"
# Takes every batch for done.
BOOTSTRAP = f"""#!{sys.executable}
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as answer:
        identifier = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(api + identifier + "/response", b'{{"batchItemFailures":[]}}').close()
"""


def _create_table(project: Project, name: str, region: str = REGION, key: str = "id", stream: str = "") -> None:
    more = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream}} if stream else {}
    project.client("dynamodb", region).create_table(
        TableName=name, KeySchema=[{"AttributeName": key, "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}], **more)


def _create_bucket(project: Project, name: str) -> str:
    bucket = f"{name}-{project.account}"
    project.client("s3").create_bucket(Bucket=bucket)
    return bucket


def _configure(project: Project, **sync: Any) -> None:
    text: dict[str, Any] = {"sync": sync}
    (project.folder / "config.json").write_text(json.dumps(text))


def _mapping(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "sourceRegion": REGION, "target": target, "targetRegion": REGION, **more}


def _sync(project: Project, *arguments: str, code: int = 0) -> str:
    done = project.run("sync", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def _stacks(project: Project, region: str = REGION) -> list[str]:
    summaries = project.client("cloudformation", region).list_stacks()["StackSummaries"]
    return [stack["StackName"] for stack in summaries if stack["StackStatus"] != "DELETE_COMPLETE"]


def _notifications(project: Project, bucket: str) -> dict[str, Any]:
    answer = project.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _foreign_rule(project: Project, bucket: str, **rule: Any) -> dict[str, Any]:
    """Puts a rule of somebody else, which sends to a queue of its own."""
    sqs = project.client("sqs")
    url = sqs.create_queue(QueueName="others")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    found = {"Id": "thumbnails", "QueueArn": arn, **rule}
    project.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [found], "EventBridgeConfiguration": {}})
    return found


@pytest.fixture(scope="module")
def live(module_project: Project) -> Project:
    """Live sync of two tables and two parts of a bucket that has a rule of somebody else already."""
    project = module_project
    project.write_package(project.folder / "built.zip", BOOTSTRAP)
    _create_table(project, "Orders")
    _create_table(project, "Orders", OTHER_REGION)
    _create_table(project, "Users", OTHER_REGION, stream="NEW_AND_OLD_IMAGES")
    _create_table(project, "Users-new", OTHER_REGION)
    photos, copies = _create_bucket(project, "photos"), _create_bucket(project, "copies")
    project.client("s3").put_object(Bucket=photos, Key="a b/1", Body=b"x")
    _foreign_rule(project, photos, Events=["s3:ObjectCreated:*"],
                  Filter={"Key": {"FilterRules": [{"Name": "Prefix", "Value": "raw/"}]}})
    _configure(
        project,
        tables=[{"source": project.arn("Orders"), "targets": [{"table": project.arn("Orders", OTHER_REGION)}]},
                {"source": project.arn("Users", OTHER_REGION),
                 "targets": [{"table": project.arn("Users-new", OTHER_REGION)}]}],
        buckets=[_mapping(f"s3://{photos}/a b/", f"s3://{copies}/a/"), _mapping(f"s3://{photos}/c/", f"s3://{copies}/c/")])
    project.first_output = _sync(project)
    return project


def test_each_region_has_its_part(live: Project) -> None:
    assert set(_stacks(live)) == {NAME, f"{NAME}-artifacts"} == set(_stacks(live, OTHER_REGION))
    functions = {function["FunctionName"]: function
                 for function in live.client("lambda").list_functions()["Functions"]}
    assert {name: function["Handler"] for name, function in functions.items()} == {
        f"{NAME}-tables": "table-sync", f"{NAME}-buckets": "bucket-sync", f"{NAME}-copy": "copy-segment"}
    [machine] = live.client("stepfunctions").list_state_machines()["stateMachines"]
    assert machine["name"] == f"{NAME}-copy"
    url = functions[f"{NAME}-tables"]["Environment"]["Variables"]["FAILURE_QUEUE_URL"]
    assert url.endswith(f"/{NAME}-table-failures")
    other = live.client("lambda", OTHER_REGION).list_functions()["Functions"]
    assert {function["FunctionName"] for function in other} == {f"{NAME}-tables", f"{NAME}-copy"}
    [mapping] = live.client("lambda", OTHER_REGION).list_event_source_mappings()["EventSourceMappings"]
    assert "/Users/stream/" in mapping["EventSourceArn"] and mapping["State"] == "Enabled"


def test_a_stream_is_switched_on_only_where_it_is_off(live: Project) -> None:
    assert "Orders: switched on (NEW_IMAGE)" in live.first_output and "Users: switched on" not in live.first_output
    for name, region, view in (("Orders", REGION, "NEW_IMAGE"), ("Users", OTHER_REGION, "NEW_AND_OLD_IMAGES")):
        stream = live.client("dynamodb", region).describe_table(TableName=name)["Table"]["StreamSpecification"]
        assert stream == {"StreamEnabled": True, "StreamViewType": view}


def test_our_rules_stand_beside_those_of_others(live: Project) -> None:
    found = _notifications(live, f"photos-{live.account}")
    rules = {rule["Id"]: rule for rule in found["QueueConfigurations"]}
    assert set(rules) == {"thumbnails", NAME, f"{NAME}-2"} and "EventBridgeConfiguration" in found
    prefixes = {name: rule["Filter"]["Key"]["FilterRules"][0]["Value"] for name, rule in rules.items()}
    assert prefixes == {"thumbnails": "raw/", NAME: "a+b/", f"{NAME}-2": "c/"}
    assert rules[NAME]["QueueArn"].endswith(f":{NAME}-bucket-events")
    assert "notification rules of others" in live.first_output and "five minutes" in live.first_output


def test_the_next_commands_are_shown(live: Project) -> None:
    assert "History may begin now:" in live.first_output
    assert f"dist/bin/sync table {live.arn('Orders')} {live.arn('Orders', OTHER_REGION)} --mode merge\n" in live.first_output
    assert "--source-region us-east-1 --target-region us-east-1" in live.first_output


def test_a_second_run_changes_nothing_and_the_check_finds_nothing(live: Project) -> None:
    second = _sync(live)
    assert "No changes" in second
    assert not [word for word in ("created", "updated", "switched on", "put beside") if word in second]
    assert "problems: 0," in _sync(live, "--check")


def test_the_check_finds_what_was_changed_by_hand_and_a_run_mends_it(live: Project) -> None:
    functions = live.client("lambda")
    mapping = functions.list_event_source_mappings(FunctionName=f"{NAME}-tables")["EventSourceMappings"][0]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    [other] = live.client("lambda", OTHER_REGION).list_event_source_mappings()["EventSourceMappings"]
    live.client("lambda", OTHER_REGION).update_event_source_mapping(UUID=other["UUID"], MaximumRetryAttempts=3)
    bucket = f"photos-{live.account}"
    theirs = [rule for rule in _notifications(live, bucket)["QueueConfigurations"] if rule["Id"] == "thumbnails"]
    live.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": theirs, "EventBridgeConfiguration": {}})
    queues = live.client("sqs")
    queue = queues.get_queue_url(QueueName=f"{NAME}-table-failures")["QueueUrl"]
    queues.send_message(QueueUrl=queue, MessageBody="x")
    output = _sync(live, "--check", code=1)
    for expected in ("its event source mapping is Disabled", f"--enabled --uuid {mapping['UUID']} --region us-east-1",
                     "changed by hand: MaximumRetryAttempts 3", "does not tell live sync of its changes",
                     "1 changes that could not be applied", "sync replay"):
        assert expected in output, output
    refused = _sync(live, code=1)
    assert "is Disabled: its changes are not followed" in refused and "--enabled" in refused
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    live.client("lambda", OTHER_REGION).update_event_source_mapping(UUID=other["UUID"], MaximumRetryAttempts=1000)
    queues.purge_queue(QueueUrl=queue)
    assert f"{bucket}: {NAME}, {NAME}-2 put beside those of others" in refused
    assert "problems: 0," in _sync(live, "--check")


def test_a_stream_that_was_made_anew_is_followed_and_the_gap_is_told(live: Project) -> None:
    dynamodb = live.client("dynamodb")
    dynamodb.update_table(TableName="Orders", StreamSpecification={"StreamEnabled": False})
    assert "its stream is off" in _sync(live, "--check", code=1)
    time.sleep(0.01)
    _sync(live)
    [mapping] = [each for each in live.client("lambda").list_event_source_mappings()["EventSourceMappings"]
                 if ":dynamodb:" in each["EventSourceArn"]]
    assert mapping["EventSourceArn"] == dynamodb.describe_table(TableName="Orders")["Table"]["LatestStreamArn"]


def test_deleting_takes_away_only_what_was_made(live: Project) -> None:
    assert "add --yes" in _sync(live, "--delete", code=1)
    assert "--delete-streams goes with --delete" in live.run("sync", "--delete-streams").stderr
    output = _sync(live, "--delete", "--yes")
    assert "streams of Orders, Users are still on" in output and "--delete-streams" in output
    assert _stacks(live) == [] == _stacks(live, OTHER_REGION)
    found = _notifications(live, f"photos-{live.account}")
    assert [rule["Id"] for rule in found["QueueConfigurations"]] == ["thumbnails"] and "EventBridgeConfiguration" in found
    assert live.client("s3").get_object(Bucket=f"photos-{live.account}", Key="a b/1")["Body"].read() == b"x"
    assert {bucket["Name"] for bucket in live.client("s3").list_buckets()["Buckets"]} == {
        f"photos-{live.account}", f"copies-{live.account}"}
    assert live.client("dynamodb").describe_table(TableName="Orders")["Table"]["StreamSpecification"]["StreamEnabled"]
    again = _sync(live, "--delete", "--yes", "--delete-streams")
    assert again.count("there is none") == 4 and "switched off" in again
    stream = live.client("dynamodb").describe_table(TableName="Orders")["Table"].get("StreamSpecification", {})
    assert not stream.get("StreamEnabled")


def test_a_dry_run_changes_nothing(project: Project) -> None:
    _create_table(project, "Orders")
    bucket = _create_bucket(project, "photos")
    _configure(project, tables=[{"source": project.arn("Orders"), "targets": [{"table": project.arn("Copy")}]}],
               buckets=[_mapping(f"s3://{bucket}", f"s3://copies-{project.account}")])
    output = _sync(project, "--dry-run")
    assert "Orders: would be switched on" in output and "would be put beside" in output and "nothing was changed" in output
    assert "add     TablesFunction (AWS::Lambda::Function)" in output
    # A target that is not there yet is no error: what is to be written waits in the stream.
    assert "Target table Copy in us-east-1 does not exist" in output and "--create" in output
    assert _stacks(project) == [] and _notifications(project, bucket) == {}
    assert "StreamSpecification" not in project.client("dynamodb").describe_table(TableName="Orders")["Table"]


def test_a_rule_in_the_way_is_named_before_anything_is_changed(project: Project) -> None:
    _create_table(project, "Orders")
    bucket = _create_bucket(project, "photos")
    rule = _foreign_rule(project, bucket, Events=["s3:ObjectCreated:Put"])
    _configure(project, tables=[{"source": project.arn("Orders"), "targets": [{"table": project.arn("Copy")}]}],
               buckets=[_mapping(f"s3://{bucket}/a/", f"s3://copies-{project.account}")])
    output = _sync(project, code=1)
    assert f'rule "thumbnails" (s3:ObjectCreated:Put of every key, to {rule["QueueArn"]})' in output
    assert "EventBridge" in output and "Ways out" in output
    assert _stacks(project) == []
    assert "StreamSpecification" not in project.client("dynamodb").describe_table(TableName="Orders")["Table"]
    assert "in the way is rule" in _sync(project, "--check", code=1)


def test_a_bucket_without_room_is_followed_through_eventbridge(project: Project) -> None:
    project.write_package(project.folder / "built.zip", BOOTSTRAP)
    photos, copies = _create_bucket(project, "photos"), _create_bucket(project, "copies")
    rule = _foreign_rule(project, photos, Events=["s3:ObjectCreated:*"])
    project.client("s3").put_bucket_notification_configuration(
        Bucket=photos, NotificationConfiguration={"QueueConfigurations": [rule]})
    _configure(project, buckets=[_mapping(f"s3://{photos}/a b/", f"s3://{copies}/")])
    assert '"events": "eventbridge"' in _sync(project, code=1)
    _configure(project, buckets=[_mapping(f"s3://{photos}/a b/", f"s3://{copies}/", events="eventbridge")])
    dry = _sync(project, "--dry-run")
    assert f"{photos}: EventBridge would be put beside those of others" in dry and "AWS::Events::Rule" in dry
    assert "EventBridgeConfiguration" not in _notifications(project, photos)
    first = _sync(project)
    assert f"{photos}: EventBridge put beside those of others" in first and "five minutes" in first
    found = _notifications(project, photos)
    assert found["QueueConfigurations"] == [rule] and found["EventBridgeConfiguration"] == {}
    assert "No changes" in _sync(project) and "problems: 0," in _sync(project, "--check")
    # What is written there arrives in our queue, as S3's own event, and what lies elsewhere does not. Nobody may take it away
    # before it is seen.
    [mapping] = project.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    project.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    queues = project.client("sqs")
    url = queues.get_queue_url(QueueName=f"{NAME}-bucket-events")["QueueUrl"]
    for key in ("other/1", "a b/ü+1"):
        project.client("s3").put_object(Bucket=photos, Key=key, Body=b"x")
    messages: list[dict[str, Any]] = []
    for _ in range(180):
        messages += queues.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        if messages:
            break
    [event] = [json.loads(message["Body"]) for message in messages]
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["object"]["key"] == "a b/ü+1"
    project.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    project.client("s3").put_bucket_notification_configuration(
        Bucket=photos, NotificationConfiguration={"QueueConfigurations": [rule]})
    assert "does not send its events to EventBridge" in _sync(project, "--check", code=1)
    assert "put beside those of others" in _sync(project)
    deleted = _sync(project, "--delete", "--yes")
    assert f"EventBridge is still on for {photos}" in deleted and "there are none" in deleted
    assert _notifications(project, photos) == found and _stacks(project) == []
    assert project.client("events").list_rules()["Rules"] == []


@pytest.mark.parametrize("case", ["missing", "keys", "another key", "region", "bucket"])
def test_sources_and_targets_that_cannot_be_are_refused_before_anything_is_changed(project: Project, case: str) -> None:
    tables = [{"source": project.arn("Orders"), "targets": [{"table": project.arn("Copy")}]}]
    if case == "missing":
        _configure(project, tables=tables)
        expected = ["No such table: Orders (us-east-1)"]
    elif case == "keys":
        _create_table(project, "Orders", stream="KEYS_ONLY")
        _configure(project, tables=tables)
        expected = ["is on with KEYS_ONLY", "--stream-specification StreamEnabled=false"]
    elif case == "another key":
        _create_table(project, "Orders")
        _create_table(project, "Copy", key="pk")
        _configure(project, tables=tables)
        expected = ["has the key (pk S), but its source Orders has (id S)"]
    elif case == "region":
        bucket = _create_bucket(project, "photos")
        _configure(project, buckets=[{**_mapping(f"s3://{bucket}", "s3://copies-x"), "sourceRegion": "eu-west-1"}])
        expected = ["is in us-east-1, but sourceRegion says eu-west-1", '"sourceRegion": "us-east-1"']
    else:
        _configure(project, buckets=[_mapping("s3://nobody-has-it", "s3://copies-x")])
        expected = ["There is no bucket nobody-has-it"]
    output = _sync(project, code=1)
    assert all(text in output for text in expected), output
    assert _stacks(project) == []


def test_sources_of_another_account_are_refused(project: Project) -> None:
    _configure(project, tables=[{"source": "arn:aws:dynamodb:us-east-1:999999999999:table/Orders",
                                 "targets": [{"table": project.arn("Copy")}]}])
    assert "table Orders is in account 999999999999" in _sync(project, code=1)


def test_nothing_to_sync_is_said(project: Project) -> None:
    assert '"sync" is missing' in _sync(project, code=1)


def test_an_interruption_says_how_to_go_on(project: Project) -> None:
    _create_table(project, "Orders")
    _configure(project, tables=[{"source": project.arn("Orders"), "targets": [{"table": project.arn("Copy")}]}])
    # Shells let what they start in the background ignore Ctrl-C, and children inherit it; so may these tests have done.
    process = subprocess.Popen([str(project.folder / "deploy.sh"), "sync"], env=project.environment(), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert process.stdout is not None and "Sources" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130 and "run ./deploy.sh sync again" in errors, errors


def test_usage_and_help(project: Project) -> None:
    done = project.run("sync", "--check", "--delete")
    assert done.returncode == 64 and "./deploy.sh sync --help shows how" in done.stderr
    shown = _sync(project, "--help")
    assert "./deploy.sh sync --dry-run" in shown and "exit codes:" in shown and "--delete-streams" in shown


def test_policies_of_roles_are_printed_without_a_deployment(project: Project) -> None:
    role = "arn:aws:iam::210987654321:role/SyncTarget"
    _configure(project, tables=[{"source": project.arn("Orders"),
                                 "targets": [{"table": "arn:aws:dynamodb:eu-west-1:210987654321:table/Copy", "role": role}]}])
    output = _sync(project, "--policies")
    assert f"arn:aws:iam::{project.account}:role/{NAME}-TablesRole-*" in output and "dynamodb:BatchWriteItem" in output
    assert _stacks(project) == []


def test_a_template_too_large_for_a_request_is_deployed(project: Project) -> None:
    """As with some hundred tables; a long comment does the same in less time."""
    project.write_package(project.folder / "built.zip", BOOTSTRAP)
    _create_table(project, "Orders")
    _configure(project, tables=[{"source": project.arn("Orders"), "targets": [{"table": project.arn("Copy")}]}])
    template = project.folder / "infrastructure" / "sync-functions.yaml"
    template.write_text(template.read_text() + "# as long as it gets\n" * 2_000)
    output = _sync(project)
    assert f"stack {NAME}: created" in output
    # The target is not there yet.
    command = f"dist/bin/sync table {project.arn('Orders')} {project.arn('Copy')} --create --mode merge\n"
    assert output.split("History may begin now:\n")[1].strip().startswith(command) and f"Next: {command}" in output
    assert "No changes" in _sync(project)
    _sync(project, "--delete", "--yes")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        project.client("lambda").get_function_configuration(FunctionName=f"{NAME}-tables")
