"""What deploy.sh leaves in the account: looked at after one deployment, then updated and deleted."""

from __future__ import annotations

import json
import zipfile

import pytest
from botocore.exceptions import ClientError
from conftest import BUCKET_REGION, Project

NAME = "DynamoDBBackupFunction"


def test_function_has_its_runtime_retries_and_log_retention(deployed: Project) -> None:
    function = deployed.client("lambda").get_function_configuration(FunctionName=NAME)
    assert (function["Runtime"], function["Handler"], function["MemorySize"]) == ("provided.al2023", "backup", 256)
    assert 300 <= function["Timeout"] <= 900
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    # CloudFormation always asks for a qualifier; $LATEST is what the rules invoke.
    retries = deployed.client("lambda").get_function_event_invoke_config(FunctionName=NAME, Qualifier="$LATEST")
    assert retries["MaximumRetryAttempts"] == 2
    assert retries["DestinationConfig"]["OnFailure"]["Destination"].endswith(f":{NAME}-on-failure")
    log_group = deployed.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{NAME}")["logGroups"][0]
    assert log_group["retentionInDays"] == 90


def test_rules_start_backup_and_check(deployed: Project) -> None:
    events = deployed.client("events")
    rule = events.describe_rule(Name=f"{NAME}-schedule")
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(0 2 * * ? *)", "ENABLED")
    backup = events.list_targets_by_rule(Rule=f"{NAME}-schedule")["Targets"][0]
    assert backup["Arn"].endswith(f":function:{NAME}") and "Input" not in backup
    assert backup["DeadLetterConfig"]["Arn"].endswith(f":{NAME}-undelivered")
    check = events.list_targets_by_rule(Rule=f"{NAME}-check")["Targets"][0]
    assert json.loads(check["Input"]) == {"source": "check"}
    policy = json.loads(deployed.client("lambda").get_policy(FunctionName=NAME)["Policy"])
    sources = {statement["Condition"]["ArnLike"]["AWS:SourceArn"].split("rule/")[1] for statement in policy["Statement"]}
    assert sources == {f"{NAME}-schedule", f"{NAME}-check"}


def test_alarms_watch_function_rules_queues_and_backups(deployed: Project) -> None:
    alarms = {alarm["AlarmName"].removeprefix(f"{NAME}-"): alarm
              for alarm in deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert set(alarms) == {
        "errors", "throttles", "schedule-failed-invocations", "schedule-sent-to-dlq", "check-failed-invocations",
        "check-sent-to-dlq", "on-failure-queue", "undelivered-queue", "backups-failed", "backup-age"}
    age = alarms["backup-age"]
    assert (age["Namespace"], age["MetricName"]) == ("DynamoDBBackup", "HoursSinceLastCompletedBackup")
    assert (age["Threshold"], age["Period"], age["TreatMissingData"]) == (26, 3600, "breaching")
    assert all(alarm["AlarmActions"][0].endswith(f":{NAME}-alarms") for alarm in alarms.values())
    reported = {"backup-age": "breaching", "backups-failed": "ignore"}
    assert all(alarm["TreatMissingData"] == reported.get(name, "notBreaching") for name, alarm in alarms.items())


def test_bucket_is_closed_versioned_and_has_the_lifecycle_for_its_prefix(deployed: Project) -> None:
    s3 = deployed.client("s3", BUCKET_REGION)
    assert s3.get_bucket_location(Bucket=deployed.bucket)["LocationConstraint"] == BUCKET_REGION
    assert all(s3.get_public_access_block(Bucket=deployed.bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=deployed.bucket)["Status"] == "Enabled"
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=deployed.bucket)["Policy"]
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=deployed.bucket)["Rules"]}
    archive = rules["dynamodb-backup-archive"]
    assert archive["Filter"]["And"] == {"Prefix": "backups/prod/", "ObjectSizeGreaterThan": 1048576}
    assert [(step["Days"], step["StorageClass"]) for step in archive["Transitions"]] == [
        (30, "STANDARD_IA"), (90, "GLACIER"), (270, "DEEP_ARCHIVE")]
    assert rules["dynamodb-backup-expire"]["Expiration"]["Days"] == 730
    assert rules["dynamodb-backup-expire"]["Filter"] == {"Prefix": "backups/prod/"}


def test_zip_carries_the_settings_in_effect(deployed: Project) -> None:
    with zipfile.ZipFile(deployed.folder / "dist" / "function.zip") as archive:
        assert archive.namelist() == ["bootstrap", "config.json"]
        assert archive.getinfo("bootstrap").external_attr >> 16 == 0o100755
        settings = json.loads(archive.read("config.json"))
    assert settings["tables"] == [deployed.arn("Orders"), deployed.arn("Users")]
    assert settings["bucket"] == {"name": deployed.bucket, "region": BUCKET_REGION, "prefix": "backups/prod"}
    assert settings["maximumAgeHours"] == 26


def test_role_holds_only_its_tables_and_its_prefix(deployed: Project) -> None:
    iam = deployed.client("iam")
    role = next(role["RoleName"] for role in iam.list_roles()["Roles"] if "FunctionRole" in role["RoleName"])
    policy = iam.get_role_policy(RoleName=role, PolicyName="backup")["PolicyDocument"]
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    tables = [deployed.arn("Orders"), deployed.arn("Users")]
    assert statements["ReadAndExportTables"]["Resource"] == tables
    assert statements["FollowExportsAndReadIndexes"]["Resource"] == [f"{arn}/*" for arn in tables]
    assert statements["WriteBackups"]["Resource"] == f"arn:aws:s3:::{deployed.bucket}/backups/prod/*"
    assert [sid for sid, statement in statements.items() if statement["Resource"] == "*"] == ["ListExports"]
    actions = [action for statement in statements.values() for action in _list(statement["Action"])]
    assert "dynamodb:ExportTableToPointInTime" in actions
    assert not [action for action in actions if "Delete" in action or "*" in action]


def test_second_run_changes_nothing(deployed: Project) -> None:
    assert "Deployed." in deployed.first_output and f"stack {NAME}: created" in deployed.first_output
    second = deployed.deploy()
    assert "No changes" in second and "created" not in second and "updated" not in second
    assert second.count("dist/function.zip:") == 1


def test_update_changes_the_rule_and_keeps_lifecycle_rules_of_others(project: Project) -> None:
    project.create_table()
    project.deploy()
    s3 = project.client("s3", BUCKET_REGION)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=project.bucket)["Rules"]
    foreign = {"ID": "mine", "Status": "Enabled", "Filter": {"Prefix": "other/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=project.bucket, LifecycleConfiguration={"Rules": [foreign, rules[0]]})

    output = project.deploy(SCHEDULE="rate(6 hours)")
    assert f"stack {NAME}: updated" in output and "lifecycle rules of s3-lifecycle.json applied" in output
    assert project.client("events").describe_rule(Name=f"{NAME}-schedule")["ScheduleExpression"] == "rate(6 hours)"
    after = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket=project.bucket)["Rules"]]
    assert sorted(after) == sorted(["mine", *(rule["ID"] for rule in rules)])

    s3.put_object(Bucket=project.bucket, Key="daily/2026/11/21/Orders/table_schema.json", Body=b"{}")
    refused = project.run("--delete")
    assert refused.returncode == 1 and "add --yes" in refused.stderr
    assert project.client("lambda").get_function_configuration(FunctionName=NAME)
    deleted = project.run("--delete", "--yes")
    assert deleted.returncode == 0, deleted.stdout + deleted.stderr
    assert f"Kept: s3://{project.bucket}/daily/" in deleted.stdout
    assert s3.head_object(Bucket=project.bucket, Key="daily/2026/11/21/Orders/table_schema.json")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [project.bucket]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        project.client("lambda").get_function_configuration(FunctionName=NAME)
    assert "there is none" in project.run("--delete", "--yes").stdout
    assert f"stack {NAME}: created" in project.deploy()


def test_dry_run_changes_nothing(project: Project) -> None:
    project.create_table()
    done = project.run("--dry-run")
    assert done.returncode == 0 and "add     Function (AWS::Lambda::Function)" in done.stdout
    stacks = project.client("cloudformation").list_stacks()["StackSummaries"]
    assert [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"] == []
    assert project.client("s3").list_buckets()["Buckets"] == []


def test_foreign_bucket_of_the_account_is_only_looked_at(project: Project) -> None:
    project.create_table()
    s3 = project.client("s3", BUCKET_REGION)
    s3.create_bucket(Bucket=project.bucket, CreateBucketConfiguration={"LocationConstraint": BUCKET_REGION})
    assert "bucket stack skipped, settings only checked" in project.deploy()
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=project.bucket)
    done = project.run("--check")
    assert done.returncode == 1
    remedy = next(line for line in done.stdout.splitlines() if "-> aws s3api put-bucket-lifecycle" in line)
    with open(remedy.split("file://")[1], encoding="utf-8") as file:
        s3.put_bucket_lifecycle_configuration(Bucket=project.bucket, LifecycleConfiguration=json.load(file))
    assert "the 3 rules of s3-lifecycle.json are in effect" in project.run("--check").stdout


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]
