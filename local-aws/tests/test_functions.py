"""Lambda functions with a custom runtime, invoked directly, asynchronously and by schedules (AWS facts 3 and 7)."""

from __future__ import annotations

import base64
import io
import json
import re
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from conftest import ACCOUNT, HERE, LocalAWS, start_server, stop_server
from waiting import until

ROLE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def function_zip() -> bytes:
    """The zip scripts/package-lambda makes: an executable `bootstrap` at its root."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, (HERE / "bootstrap.py").read_bytes())
        archive.writestr("config.json", "{}")
    return buffer.getvalue()


def make_function(aws: LocalAWS, name: str, **members: Any) -> str:
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ROLE_POLICY))
    arn: str = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="backup",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": function_zip()},
        Timeout=60,
        **members,
    )["FunctionArn"]
    return arn


@pytest.fixture
def function(aws: LocalAWS, unique: Callable[[str], str]) -> Iterator[str]:
    name = unique("Backup")
    make_function(aws, name, Environment={"Variables": {"TABLE_ARNS": "a,b"}}, LoggingConfig={"LogFormat": "JSON"})
    yield name
    aws.client("lambda").delete_function(FunctionName=name)


@pytest.fixture
def queue(aws: LocalAWS, unique: Callable[[str], str]) -> tuple[str, str]:
    """URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("failures"))["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def invoke(aws: LocalAWS, name: str, event: dict[str, Any], **members: Any) -> tuple[dict[str, Any], Any]:
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **members)
    body = answer["Payload"].read()
    return answer, json.loads(body) if body else None


def receive(aws: LocalAWS, queue: tuple[str, str]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        messages = aws.client("sqs").receive_message(QueueUrl=queue[0], WaitTimeSeconds=1).get("Messages")
        return json.loads(messages[0]["Body"]) if messages else None

    return until(look, "a message")


def test_a_function_sees_lambdas_environment_and_the_way_back(aws: LocalAWS, function: str) -> None:
    answer, body = invoke(aws, function, {"do": "echo", "x": "ü"}, LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST") and "FunctionError" not in answer
    assert body["event"] == {"do": "echo", "x": "ü"}
    environment = body["environment"]
    expected = {
        "_HANDLER": "backup",
        "TABLE_ARNS": "a,b",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "TZ": ":UTC",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert environment["AWS_SECRET_ACCESS_KEY"] and environment["AWS_SESSION_TOKEN"]
    assert Path(environment["LAMBDA_TASK_ROOT"], "config.json").read_text() == "{}"
    assert "HOME" not in environment and not [name for name in environment if name.startswith("LOCAL_AWS")]
    headers = body["headers"]
    assert headers["Lambda-Runtime-Invoked-Function-Arn"].endswith(":function:" + function)
    left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - datetime.now(timezone.utc).timestamp()
    assert 0 < left <= 60
    assert headers["Lambda-Runtime-Aws-Request-Id"] in base64.b64decode(answer["LogResult"]).decode()
    # The process waits for the next event, as on Lambda.
    assert invoke(aws, function, {"do": "echo"})[1]["pid"] == body["pid"]


def test_a_function_reaches_the_local_aws(aws: LocalAWS, function: str, table: dict[str, Any]) -> None:
    assert table["TableName"] in invoke(aws, function, {"do": "call"})[1]["TableNames"]


def test_errors_come_back_as_function_errors(aws: LocalAWS, function: str) -> None:
    answer, body = invoke(aws, function, {"do": "fail"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert body == {"errorMessage": "it failed", "errorType": "Function.Test", "stackTrace": []}
    answer, body = invoke(aws, function, {"do": "exit"})
    assert (answer["FunctionError"], body["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "FunctionError" not in invoke(aws, function, {"do": "echo"})[0]


def test_a_failed_asynchronous_invocation_is_retried_with_its_id_and_reported(
    aws: LocalAWS, function: str, queue: tuple[str, str]
) -> None:
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": queue[1]}}
    )
    answer, body = invoke(aws, function, {"do": "fail", "n": 1}, InvocationType="Event")
    assert (answer["StatusCode"], body) == (202, None)
    record = receive(aws, queue)
    assert record["requestPayload"] == {"do": "fail", "n": 1}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"].endswith(f":function:{function}:$LATEST")
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "it failed"

    events = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    ids = [json.loads(event["message"])["requestId"] for event in events if '"doing"' in event["message"]]
    assert ids == [record["requestContext"]["requestId"]] * 3
    # Alarms stand on these.
    assert metric(aws, "AWS/Lambda", "Errors", FunctionName=function) == 3
    assert metric(aws, "AWS/Lambda", "Invocations", FunctionName=function) == 3
    assert metric(aws, "Test", "Failed", Table="T") >= 6


def metric(aws: LocalAWS, namespace: str, name: str, **dimensions: str) -> float:
    now = datetime.now(timezone.utc)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def test_the_schedule_fires_the_function(aws: LocalAWS, function: str, queue: tuple[str, str]) -> None:
    events, functions = aws.client("events"), aws.client("lambda")
    arn = functions.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    functions.put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": queue[1]}}
    )
    # So far away that it does not fire by itself.
    hour = (datetime.now(timezone.utc).hour + 12) % 24
    rule = events.put_rule(Name=function, ScheduleExpression=f"cron(0 {hour} * * ? *)")["RuleArn"]
    events.put_targets(Rule=function, Targets=[{"Id": "function", "Arn": arn}])
    # Without a permission nothing happens but a failed invocation.
    fire(aws, function)
    until(lambda: metric(aws, "AWS/Events", "FailedInvocations", RuleName=function), "a failed invocation")
    functions.add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    fire(aws, function)
    event = receive(aws, queue)["requestPayload"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "region": "us-east-1",
        "resources": [rule],
        "detail": {},
    }
    assert metric(aws, "AWS/Events", "FailedInvocations", RuleName=function) == 1


def fire(aws: LocalAWS, rule: str) -> None:
    """Makes the rule due now, as the passing of time would."""
    request = urllib.request.Request(f"{aws.endpoint}/_local-aws/rules/us-east-1/{rule}/fire", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_no_process_survives_the_server() -> None:
    server = start_server()
    try:
        make_function(server, "Backup")
        pid = invoke(server, "Backup", {"do": "echo"})[1]["pid"]
        assert Path(f"/proc/{pid}").exists()
    finally:
        stop_server(server)
    assert not Path(f"/proc/{pid}").exists()
