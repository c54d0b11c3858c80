"""The template of deploy.sh sync with its generated parts: what the hazards demand, and no right too many."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

sys.path.insert(0, str(ROOT / "infrastructure"))
from backup_deploy import config, stacks  # noqa: E402
from backup_deploy.errors import DeployError  # noqa: E402
from backup_deploy.sync import event_bridge, history, permissions, roles, template  # noqa: E402
from backup_deploy.sync.plan import Plan  # noqa: E402

ACCOUNT = "123456789012"
ROLE = "arn:aws:iam::210987654321:role/SyncTarget"
CODE = {"CodeBucket": "code", "CodeKey": "function/x.zip", "Architecture": "arm64"}


def _arn(table: str, region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:dynamodb:{region}:{account}:table/{table}"


def _bucket(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "sourceRegion": "us-east-1", "target": target, "targetRegion": "eu-west-1", **more}


SYNC = {
    "tables": [
        {"source": _arn("Orders"), "targets": [
            {"table": _arn("Orders", "eu-west-1"), "where": "kind = 'order'"},
            {"table": _arn("Orders", "eu-west-1", "210987654321"), "role": ROLE}]},
        {"source": _arn("Users.2"), "targets": [{"table": _arn("People")}]},
        {"source": _arn("Orders", "us-west-2"), "targets": [{"table": _arn("Other", "us-west-2")}]}],
    "buckets": [_bucket("s3://photos/a*b/", "s3://copies/x/"), _bucket("s3://photos/c/", "s3://theirs/", role=ROLE)]}


def _plan(tmp_path: Path, sync: dict[str, Any]) -> Plan:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"sync": sync, "alarmEmail": "a@example.com"}))
    return Plan.of(config.load(path, environment={}, needed=("sync",)), path)


def _load(text: str) -> dict[str, Any]:
    """YAML with CloudFormation's short forms as the long ones."""

    class Loader(yaml.SafeLoader):
        pass

    def construct(loader: Any, suffix: str, node: Any) -> Any:
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
            value = value.split(".", 1) if suffix == "GetAtt" else value
        else:
            value = loader.construct_sequence(node, deep=True)
        return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", construct)
    loaded: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506  the loader is a safe one
    return loaded


def _template(plan: Plan, number: int = 0) -> stacks.Template:
    region = plan.regions[number]
    arns = {mapping.source.arn: f"{mapping.source.arn}/stream/2026-11-21T00:00:00.000" for mapping in region.tables}
    return template.of(plan, region, arns, CODE)


def _resources(plan: Plan, kind: str, number: int = 0) -> dict[str, Any]:
    body = _load(_template(plan, number).body)
    return {name: resource["Properties"] for name, resource in body["Resources"].items() if resource["Type"] == kind}


def _statements(plan: Plan, role: str, number: int = 0) -> dict[str, Any]:
    policies = _resources(plan, "AWS::IAM::Role", number)[role]["Policies"]
    return {statement["Sid"]: statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return _plan(tmp_path, SYNC)


def test_the_file_itself_is_a_template_and_every_word_in_it_is_replaced(plan: Plan) -> None:
    text = (ROOT / "infrastructure" / template.FILE).read_text()
    assert set(_load(text)) == {"AWSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources", "Outputs"}
    for number in (0, 1):
        body = _template(plan, number).body
        assert [line for line in body.splitlines() if "GENERATED" in line and not line.startswith("#")] == []
    assert set(_template(plan).parameters) <= set(_load(text)["Parameters"])
    for name, parameter in _load(text)["Parameters"].items():
        assert "Default" in parameter or name in _template(plan).parameters


def test_every_stream_has_a_mapping_that_neither_loses_nor_blocks(plan: Plan) -> None:
    mappings = _resources(plan, "AWS::Lambda::EventSourceMapping")
    streams = {name: mapping for name, mapping in mappings.items() if name != "BucketEventsMapping"}
    assert {mapping["EventSourceArn"].split("/stream/")[0] for mapping in streams.values()} == {_arn("Orders"), _arn("Users.2")}
    assert all(name.isalnum() for name in streams)
    for mapping in streams.values():
        # H25: nothing is missed before the first poll.
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        # H12.
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        # H13, H14: a shard waits for a while and not for ever, and what is given up is told while the stream still has it.
        assert mapping["BisectBatchOnFunctionError"] is True
        assert 0 < mapping["MaximumRetryAttempts"] <= 10_000
        assert 3_600 <= mapping["MaximumRecordAgeInSeconds"] <= 20 * 3_600
        assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["TableFailuresQueue", "Arn"]}}}
        assert 1 <= mapping["ParallelizationFactor"] <= 10 and 100 <= mapping["BatchSize"] <= 10_000
        assert mapping["MaximumBatchingWindowInSeconds"] <= 1


def test_a_mapping_keeps_its_name_when_tables_come_and_go(plan: Plan, tmp_path: Path) -> None:
    fewer = _plan(tmp_path, {"tables": SYNC["tables"][1:2]})
    assert set(_resources(fewer, "AWS::Lambda::EventSourceMapping")) < set(_resources(plan, "AWS::Lambda::EventSourceMapping"))
    # Names that differ only in signs that a logical id cannot have.
    assert template.logical_id(_arn("a.b")) != template.logical_id(_arn("a-b"))


def test_events_of_buckets_wait_as_long_as_the_function_works_and_are_never_dropped(plan: Plan) -> None:
    queues, functions = _resources(plan, "AWS::SQS::Queue"), _resources(plan, "AWS::Lambda::Function")
    events = queues["BucketEventsQueue"]
    # Lambda refuses a mapping whose queue shows a message again while the function may still work on it.
    assert events["VisibilityTimeout"] >= functions["BucketsFunction"]["Timeout"]
    assert events["RedrivePolicy"]["maxReceiveCount"] == 5
    mapping = _resources(plan, "AWS::Lambda::EventSourceMapping")["BucketEventsMapping"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10 or mapping["MaximumBatchingWindowInSeconds"] >= 1
    assert {queue["QueueName"]["Fn::Sub"] for queue in queues.values()} == {
        "${FunctionName}-table-failures", "${FunctionName}-bucket-events", "${FunctionName}-bucket-failures"}
    for queue in queues.values():
        assert queue["SqsManagedSseEnabled"] is True and queue["MessageRetentionPeriod"] == 14 * 24 * 3_600


def test_only_the_source_buckets_may_send_and_nobody_without_tls(plan: Plan) -> None:
    policies = _resources(plan, "AWS::SQS::QueuePolicy")
    assert {policy["Queues"][0]["Ref"] for policy in policies.values()} == set(_resources(plan, "AWS::SQS::Queue"))
    allowed = [statement for policy in policies.values() for statement in policy["PolicyDocument"]["Statement"]
               if statement["Effect"] == "Allow"]
    assert allowed == [{
        "Sid": "SourceBucketsMaySend", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["BucketEventsQueue", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:aws:s3:::photos"]},
                      "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}]
    for policy in policies.values():
        [denied] = [entry for entry in policy["PolicyDocument"]["Statement"] if entry["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_eventbridge_sends_each_place_that_asks_for_it_and_only_its_rules_may(tmp_path: Path) -> None:
    plan = _plan(tmp_path, {"buckets": [
        _bucket("s3://photos/a b/", "s3://copies/x/", events="eventbridge"), _bucket("s3://photos/a b/c/", "s3://theirs/", events="eventbridge"),
        _bucket("s3://photos/d/", "s3://others/"), _bucket("s3://films", "s3://reels", events="eventbridge")]})
    resources = _load(_template(plan).body)["Resources"]
    rules = {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::Events::Rule"}
    patterns = [rule["Properties"]["EventPattern"] for rule in rules.values()]
    # A place within another needs no rule, and keys come as they are.
    assert [pattern["detail"] for pattern in patterns] == [
        {"bucket": {"name": ["films"]}}, {"bucket": {"name": ["photos"]}, "object": {"key": [{"prefix": "a b/"}]}}]
    names = {rule["Properties"]["Name"] for rule in rules.values()}
    assert len(names) == 2 and all(name.startswith(f"{plan.function_name}-events-") for name in names)
    for rule in rules.values():
        assert rule["Condition"] == "FollowsBuckets" and rule["Properties"]["State"] == "ENABLED"
        assert rule["Properties"]["EventPattern"]["source"] == ["aws.s3"]
        # H4: deletes by lifecycle rules are among "Object Deleted"; H6: tags.
        assert rule["Properties"]["EventPattern"]["detail-type"] == [
            "Object Created", "Object Deleted", "Object Tags Added", "Object Tags Deleted"]
        [target] = rule["Properties"]["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": ["BucketEventsQueue", "Arn"]}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["BucketFailuresQueue", "Arn"]}}
    for queue in ("BucketEventsQueue", "BucketFailuresQueue"):
        statements = {entry["Sid"]: entry for entry in resources[f"{queue}Policy"]["Properties"]["PolicyDocument"]["Statement"]}
        assert statements["RulesMaySend"] == {
            "Sid": "RulesMaySend", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": [queue, "Arn"]},
            "Condition": {"ArnEquals": {"aws:SourceArn": [{"Fn::GetAtt": [name, "Arn"]} for name in rules]}}}
    # The longest name, and the longest prefix within a pattern's 2,048 characters.
    assert len(f"{'x' * 48}-events-12345678") <= 64
    [longest] = event_bridge.rules(plan, _plan(tmp_path, {"buckets": [
        _bucket(f"s3://{'b' * 63}/{'p' * 900}/", "s3://copies", events="eventbridge")]}).regions[0]).values()
    assert len(json.dumps(longest["Properties"]["EventPattern"])) < 2_048


def test_roles_may_do_what_their_mappings_need_and_no_more(plan: Plan) -> None:
    tables, buckets = _statements(plan, "TablesRole"), _statements(plan, "BucketsRole")
    assert set(tables) == {"ReadStreams", "WriteTables", "ActAsTargetsRoles", "WriteLogs", "ReportFailures"}
    assert tables["ReadStreams"]["Resource"] == [
        f"{_arn(name)}/stream/2026-11-21T00:00:00.000" for name in ("Orders", "Users.2")]
    # The other account's table is its role's.
    assert tables["WriteTables"]["Resource"] == [_arn("Orders", "eu-west-1"), _arn("People")]
    assert tables["ActAsTargetsRoles"] == {
        "Sid": "ActAsTargetsRoles", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [ROLE]}
    assert set(buckets) == {"ReadObjects", "AskForMissingSources", "WriteObjects", "AskForMissingTargets",
                            "ActAsTargetsRoles", "WriteLogs", "ReceiveEvents"}
    # A prefix is meant as it stands: its star is none of IAM's.
    assert buckets["ReadObjects"]["Resource"] == ["arn:aws:s3:::photos/a${*}b/*", "arn:aws:s3:::photos/c/*"]
    assert buckets["WriteObjects"]["Resource"] == ["arn:aws:s3:::copies/x/*"]
    for statement in (*tables.values(), *buckets.values()):
        assert not [action for action in _list(statement["Action"]) if "*" in action]
        for resource in _list(statement["Resource"]):
            # Within a bucket only: keys are not known beforehand.
            assert isinstance(resource, dict) or "*" not in resource or resource.startswith("arn:aws:s3:::"), resource


def test_copies_by_a_state_machine_read_sources_and_write_targets_only(plan: Plan) -> None:
    copies = _statements(plan, "CopyRole")
    assert set(copies) == {"ReadTables", "WriteTables", "ReadObjects", "AskForMissingSources", "WriteObjects",
                           "AskForMissingTargets", "ActAsTargetsRoles", "WriteLogs", "NoteWrites", "ListNotes"}
    buckets = _statements(plan, "BucketsRole")
    for sid in ("ReadObjects", "AskForMissingSources", "WriteObjects", "AskForMissingTargets", "ActAsTargetsRoles"):
        assert copies[sid] == buckets[sid]
    assert set(_statements(plan, "CopyRole", 1)) == {"ReadTables", "WriteTables", "WriteLogs", "NoteWrites", "ListNotes"}
    assert copies["ReadTables"]["Resource"] == [_arn("Orders"), _arn("Users.2")]
    assert copies["ReadTables"]["Action"] == ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan"]
    assert {"dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:GetItem"} < set(copies["WriteTables"]["Action"])
    assert copies["WriteTables"]["Resource"] == [_arn("Orders", "eu-west-1"), _arn("People")]
    # Beside the zip, and nothing else there: whoever could write the zip would be all functions.
    assert copies["NoteWrites"]["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::${CodeBucket}/merge-notes/*"}
    assert copies["NoteWrites"]["Action"] == ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    assert copies["ListNotes"]["Action"] == "s3:ListBucket"
    assert copies["ListNotes"]["Condition"] == {"StringLike": {"s3:prefix": "merge-notes/*"}}
    function = _resources(plan, "AWS::Lambda::Function")["CopyFunction"]
    assert function["Environment"]["Variables"] == {"NOTES_BUCKET": {"Ref": "CodeBucket"}}
    [machine] = _resources(plan, "AWS::StepFunctions::StateMachine").values()
    file = json.loads((ROOT / "infrastructure" / "sync-copy-state-machine.json").read_text())
    assert json.loads(machine["DefinitionString"]) == file
    assert set(machine["DefinitionSubstitutions"]) == {"Partition", "CopyFunctionArn"}
    allowed = {entry["Sid"]: entry for entry in _statements(plan, "CopyMachineRole").values()}
    assert allowed["CopySegments"]["Resource"] == {"Fn::GetAtt": ["CopyFunction", "Arn"]}
    assert allowed["StartSegments"]["Resource"]["Fn::Sub"].endswith(":stateMachine:${FunctionName}-copy")


def test_a_part_that_is_not_mapped_is_not_made(plan: Plan) -> None:
    assert _template(plan).parameters["FollowsBuckets"] == "true"
    other = _template(plan, 1)
    assert (other.region, other.parameters["FollowsTables"], other.parameters["FollowsBuckets"]) == ("us-west-2", "true", "false")
    body = _load(other.body)
    for name, resource in body["Resources"].items():
        wanted = {"Bucket": "FollowsBuckets", "Table": "FollowsTables"}
        part = next((condition for word, condition in wanted.items() if name.startswith(word)), None)
        if part:
            assert resource["Condition"] == part, name
        elif name.startswith("Copy"):
            # For tables and for buckets.
            assert "Condition" not in resource, name
        elif not name.startswith(("Alarm", "Stream")):
            raise AssertionError(name)


def test_alarms_watch_lag_failures_and_depth(plan: Plan) -> None:
    alarms = {alarm["AlarmName"]["Fn::Sub"].removeprefix("${FunctionName}-"): alarm
              for alarm in _resources(plan, "AWS::CloudWatch::Alarm").values()}
    assert {name: alarm["MetricName"] for name, alarm in alarms.items()} == {
        "tables-lag": "IteratorAge", "tables-errors": "Errors", "tables-throttles": "Throttles",
        "tables-undelivered-failures": "DestinationDeliveryFailures",
        "table-failures": "ApproximateNumberOfMessagesVisible", "buckets-lag": "ApproximateAgeOfOldestMessage",
        "buckets-errors": "Errors", "buckets-throttles": "Throttles",
        "bucket-events-depth": "ApproximateNumberOfMessagesVisible",
        "bucket-failures": "ApproximateNumberOfMessagesVisible"}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["TreatMissingData"] == "notBreaching"
    # IteratorAge comes in milliseconds.
    assert alarms["tables-lag"]["Threshold"] == {"Fn::Sub": "${LagAlarmSeconds}000"}


def test_more_tables_than_a_policy_holds_are_allowed_together(tmp_path: Path) -> None:
    many = _plan(tmp_path, {"tables": [
        {"source": _arn(f"{'x' * 60}{number}"), "targets": [{"table": _arn(f"{'x' * 60}{number}", "eu-west-1")}]}
        for number in range(80)]})
    statements = _statements(many, "TablesRole")
    assert statements["ReadStreams"]["Resource"] == [f"{_arn('*')}/stream/*"]
    assert statements["WriteTables"]["Resource"] == [_arn("*", "eu-west-1")]
    assert permissions.is_widened(permissions.of_tables(many.regions[0], [f"{_arn(str(number) * 90)}/stream/x" for number in range(80)]))
    assert len(_template(many).body.encode()) > stacks.INLINE_LIMIT


def test_the_target_accounts_policies_are_as_narrow(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    trust = permissions.trust(plan, ROLE, ACCOUNT)["Statement"][0]
    assert trust["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert trust["Condition"] == {"ArnLike": {"aws:PrincipalArn": [
        f"arn:aws:iam::{ACCOUNT}:role/DynamoDBSyncFunction-{part}-*" for part in ("TablesRole", "CopyRole", "BucketsRole")]}}
    statements = {entry["Sid"]: entry for entry in permissions.of_target_role(plan, ROLE)}
    assert statements["WriteTables"]["Resource"] == [_arn("Orders", "eu-west-1", "210987654321")]
    assert statements["WriteObjects"]["Resource"] == ["arn:aws:s3:::theirs/*"]
    assert statements["ReadObjects"]["Resource"] == ["arn:aws:s3:::photos/c/*"]
    roles.print_policies(plan, ACCOUNT)
    printed = capsys.readouterr().out
    assert "aws iam create-role --role-name SyncTarget" in printed and "Add to the policy of bucket photos" in printed
    documents = [json.loads(text) for text in _json_documents(printed)]
    assert permissions.document(permissions.of_target_role(plan, ROLE)) in documents


def test_history_is_shown_with_all_that_it_needs(plan: Plan) -> None:
    lines = history.commands(plan)
    assert lines[0].endswith("--mode merge --where 'kind = '\"'\"'order'\"'\"''")
    assert lines[1].endswith(f"--mode merge --target-profile PROFILE_OF_{ROLE.split(':')[4]}")
    assert "dist/bin/sync bucket 's3://photos/a*b/' s3://copies/x/ --mode merge --source-region us-east-1 --target-region" in lines[4]
    assert not any("--create" in line for line in lines)


def test_history_makes_the_targets_that_are_missing(plan: Plan) -> None:
    lines = history.commands(plan, {_arn("Orders", "eu-west-1"), "copies"})
    made = [line for line in lines if "--create" in line]
    assert made == [lines[0], lines[4]]
    assert lines[0].startswith(f"dist/bin/sync table {_arn('Orders')} {_arn('Orders', 'eu-west-1')} --create --mode merge --where")
    # Two parts of one bucket: the first one makes it.
    two = replace(plan, buckets=(plan.buckets[0], plan.buckets[0]))
    assert ["--create" in line for line in history.commands(two, {"copies"})][-2:] == [True, False]


def test_sources_in_two_accounts_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="2 accounts") as caught:
        _plan(tmp_path, {"tables": [
            {"source": _arn("Orders"), "targets": [{"table": _arn("Aaa")}]},
            {"source": _arn("Orders", account="999999999999"), "targets": [{"table": _arn("Bbb")}]}]})
    assert "one configuration file per account" in str(caught.value)


def _json_documents(text: str) -> Iterator[str]:
    """The JSON documents that stand in a text, each from a line that begins one to the line that ends it."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines or line in ("{", "["):
            lines.append(line)
        if line in ("}", "]"):
            yield "\n".join(lines)
            lines = []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
