"""The stacks deploy.sh makes: a bucket in one region, the function and all that belongs to it in another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import HERE, LocalAWS
from test_functions import fire, function_zip, metric, receive
from waiting import until

# They look at the same stacks, one after the other.
pytestmark = pytest.mark.xdist_group("cloudformation")


def deploy(aws: LocalAWS, stack: str, template: str, region: str, **parameters: str) -> str:
    # The CLI names change sets by the second: two of one stack in the same second collide.
    time.sleep(1 - time.time() % 1)
    answer = aws.cli(
        "cloudformation", "deploy", "--stack-name", stack, "--template-file", str(HERE / template),
        "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", "--tags", "project=backup",
        "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()),
        region=region,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def outputs(aws: LocalAWS, stack: str, region: str) -> dict[str, str]:
    described = aws.client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


@pytest.fixture(scope="module")
def names() -> Callable[[str], str]:
    suffix = f"{time.time_ns():x}"
    return lambda name: f"{name}-{suffix}"


@pytest.fixture(scope="module")
def bucket_stack(aws: LocalAWS, names: Callable[[str], str]) -> str:
    bucket = names("stack-bucket")
    deploy(aws, names("backup-bucket"), "bucket.yaml", "us-west-2", BucketName=bucket)
    return bucket


@pytest.fixture(scope="module")
def function_stack(aws: LocalAWS, names: Callable[[str], str]) -> dict[str, str]:
    """Parameters of the deployed stack. Code comes from a bucket in the function's own region, as Lambda demands."""
    code = names("code")
    s3 = aws.client("s3", "us-east-1")
    s3.create_bucket(Bucket=code)
    s3.put_object(Bucket=code, Key="function-1.zip", Body=function_zip())
    parameters = {"Name": names("DynamoDBBackup"), "CodeBucket": code, "CodeKey": "function-1.zip"}
    deploy(aws, names("backup"), "function.yaml", "us-east-1", **parameters)
    return parameters


def test_the_bucket_is_what_the_template_says(
    aws: LocalAWS, names: Callable[[str], str], bucket_stack: str
) -> None:
    s3 = aws.client("s3", "us-west-2")
    assert outputs(aws, names("backup-bucket"), "us-west-2") == {"BucketArn": f"arn:aws:s3:::{bucket_stack}"}
    assert s3.head_bucket(Bucket=bucket_stack)["BucketRegion"] == "us-west-2"
    assert s3.get_bucket_versioning(Bucket=bucket_stack)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket_stack)["PublicAccessBlockConfiguration"].values()) == {True}
    encryption = s3.get_bucket_encryption(Bucket=bucket_stack)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert encryption["BucketKeyEnabled"] is True
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket_stack)["OwnershipControls"]
    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    archive, expire = s3.get_bucket_lifecycle_configuration(Bucket=bucket_stack)["Rules"]
    assert archive["Transitions"] == [
        {"Days": 30, "StorageClass": "STANDARD_IA"},
        {"Days": 90, "StorageClass": "GLACIER"},
        {"Days": 270, "StorageClass": "DEEP_ARCHIVE"},
    ]
    assert archive["Filter"] == {"And": {"Prefix": "daily/", "ObjectSizeGreaterThan": 131072}}
    assert expire["Expiration"] == {"Days": 730} and expire["AbortIncompleteMultipartUpload"]
    assert expire["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket_stack)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_function_is_what_the_template_says_and_runs(
    aws: LocalAWS, names: Callable[[str], str], function_stack: dict[str, str]
) -> None:
    functions, name = aws.client("lambda"), function_stack["Name"]
    configuration = functions.get_function(FunctionName=name)["Configuration"]
    assert (configuration["State"], configuration["Timeout"], configuration["MemorySize"]) == ("Active", 300, 256)
    assert configuration["LoggingConfig"]["LogFormat"] == "JSON"
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 1
    destinations = functions.get_function_event_invoke_config(FunctionName=name)["DestinationConfig"]
    assert "failures" in destinations["OnFailure"]["Destination"].lower()
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [90]
    alarm = aws.client("cloudwatch").describe_alarms(AlarmNames=[f"{name}-errors"])["MetricAlarms"][0]
    assert alarm["TreatMissingData"] == "notBreaching" and alarm["AlarmActions"][0].endswith(f"{name}-alarms")
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answer["Payload"].read())["environment"]["S3_PREFIX"] == "daily"
    rule = aws.client("events").describe_rule(Name=name)
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(0 2 * * ? *)", "ENABLED")
    targets = aws.client("events").list_targets_by_rule(Rule=name)["Targets"]
    assert targets[0]["RetryPolicy"] == {"MaximumRetryAttempts": 4, "MaximumEventAgeInSeconds": 3600}


def test_the_deployed_rule_fires_and_the_alarm_sees_failures(
    aws: LocalAWS, names: Callable[[str], str], function_stack: dict[str, str]
) -> None:
    name = function_stack["Name"]
    before = metric(aws, "AWS/Lambda", "Invocations", FunctionName=name)
    fire(aws, name)
    until(lambda: metric(aws, "AWS/Lambda", "Invocations", FunctionName=name) > before, "the invocation")
    aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"do": "fail"}')
    url = outputs(aws, names("backup"), "us-east-1")["QueueUrl"]
    assert receive(aws, (url, ""))["requestPayload"] == {"do": "fail"}
    alarms = aws.client("cloudwatch")
    until(
        lambda: alarms.describe_alarms(AlarmNames=[f"{name}-errors"])["MetricAlarms"][0]["StateValue"] == "ALARM",
        "the alarm",
    )


def test_deploying_again_changes_nothing_and_new_parameters_change_what_they_name(
    aws: LocalAWS, names: Callable[[str], str], function_stack: dict[str, str]
) -> None:
    stack = names("backup")
    assert "No changes to deploy" in deploy(aws, stack, "function.yaml", "us-east-1", **function_stack)
    url = outputs(aws, stack, "us-east-1")["QueueUrl"]
    s3 = aws.client("s3")
    s3.put_object(Bucket=function_stack["CodeBucket"], Key="function-2.zip", Body=function_zip())
    changed = {"CodeKey": "function-2.zip", "Schedule": "rate(1 minute)", "Email": "a@example.com"}
    deploy(aws, stack, "function.yaml", "us-east-1", **{**function_stack, **changed})
    assert aws.client("events").describe_rule(Name=function_stack["Name"])["ScheduleExpression"] == "rate(1 minute)"
    assert outputs(aws, stack, "us-east-1")["QueueUrl"] == url
    topic = aws.client("sns").list_subscriptions()["Subscriptions"]
    assert "a@example.com" in [subscription["Endpoint"] for subscription in topic]
    deploy(aws, stack, "function.yaml", "us-east-1", **{**function_stack, "Email": ""})


def test_drift_is_seen(aws: LocalAWS, names: Callable[[str], str], function_stack: dict[str, str]) -> None:
    formation, stack = aws.client("cloudformation"), names("backup")

    def drifted() -> str:
        detection = formation.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]

        def look() -> dict[str, Any] | None:
            status: dict[str, Any] = formation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            return status if status["DetectionStatus"] != "DETECTION_IN_PROGRESS" else None

        return str(until(look, "drift detection")["StackDriftStatus"])

    assert drifted() == "IN_SYNC"
    functions, name = aws.client("lambda"), function_stack["Name"]
    functions.update_function_configuration(FunctionName=name, Timeout=5)
    assert drifted() == "DRIFTED"
    functions.update_function_configuration(FunctionName=name, Timeout=300)


def test_a_failing_change_is_rolled_back(
    aws: LocalAWS, names: Callable[[str], str], function_stack: dict[str, str]
) -> None:
    answer = aws.cli(
        "cloudformation", "deploy", "--stack-name", names("broken"), "--template-file", str(HERE / "function.yaml"),
        "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", f"Name={names('Broken')}",
        f"CodeBucket={function_stack['CodeBucket']}", "CodeKey=missing.zip",
    )  # fmt: skip
    assert answer.returncode != 0
    status = aws.client("cloudformation").describe_stacks(StackName=names("broken"))["Stacks"][0]["StackStatus"]
    assert status == "ROLLBACK_COMPLETE"


def test_capabilities_are_demanded(aws: LocalAWS, names: Callable[[str], str]) -> None:
    answer = aws.cli(
        "cloudformation", "deploy", "--stack-name", names("capable"), "--template-file", str(HERE / "function.yaml"),
        "--parameter-overrides", "Name=x", "CodeBucket=y", "CodeKey=z",
    )  # fmt: skip
    assert answer.returncode != 0 and "InsufficientCapabilities" in answer.stderr


def test_deleting_the_stacks_keeps_the_bucket_and_nothing_else(
    aws: LocalAWS, names: Callable[[str], str], bucket_stack: str, function_stack: dict[str, str]
) -> None:
    s3 = aws.client("s3", "us-west-2")
    s3.put_object(Bucket=bucket_stack, Key="daily/x", Body=b"x")
    for stack, region in ((names("backup"), "us-east-1"), (names("backup-bucket"), "us-west-2")):
        formation = aws.client("cloudformation", region)
        formation.delete_stack(StackName=stack)
        formation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    assert s3.get_object(Bucket=bucket_stack, Key="daily/x")["Body"].read() == b"x"
    name = function_stack["Name"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        aws.client("lambda").get_function(FunctionName=name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        aws.client("events").describe_rule(Name=name)
    assert aws.client("cloudwatch").describe_alarms(AlarmNames=[f"{name}-errors"])["MetricAlarms"] == []
    # The name is taken: a new stack must import the bucket or leave it out.
    answer = aws.cli(
        "cloudformation", "deploy", "--stack-name", names("again"), "--template-file", str(HERE / "bucket.yaml"),
        "--parameter-overrides", f"BucketName={bucket_stack}", region="us-west-2",
    )  # fmt: skip
    assert answer.returncode != 0


def test_a_bucket_with_objects_is_not_deleted(aws: LocalAWS, names: Callable[[str], str]) -> None:
    formation, s3, bucket = aws.client("cloudformation"), aws.client("s3"), names("plain")
    template = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}}}
    formation.create_stack(StackName=bucket, TemplateBody=json.dumps(template))
    formation.get_waiter("stack_create_complete").wait(StackName=bucket, WaiterConfig={"Delay": 1})
    s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    formation.delete_stack(StackName=bucket)
    stack = until(
        lambda: [
            each
            for each in formation.describe_stacks(StackName=bucket)["Stacks"]
            if each["StackStatus"] == "DELETE_FAILED"
        ],
        "the failed deletion",
    )
    assert "not empty" in json.dumps(formation.describe_stack_events(StackName=bucket)["StackEvents"], default=str)
    assert stack and s3.get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
