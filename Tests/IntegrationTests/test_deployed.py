"""The function as ./deploy.sh deploys it: invoked by hand, fired by its schedule, retried, and watched by alarms."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from conftest import FUNCTION, REGION, Account, unique, until


@pytest.fixture(autouse=True)
def restored(deployed: Account) -> Iterator[None]:
    """Each test finds every table with recovery and leaves it so."""
    yield
    for table in ("Orders", "Users"):
        deployed.set_pitr(table, True)


def _counts(account: Account) -> list[int]:
    return [len(account.exports(table)) for table in ("Orders", "Users")]


def _messages(account: Account, word: str) -> list[dict[str, Any]]:
    """The function's log lines with that word."""
    events = account.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"]
    return [json.loads(event["message"]) for event in events if word in event["message"]]


def _running(account: Account) -> list[str]:
    exports = [export for table in ("Orders", "Users") for export in account.exports(table)]
    return [export["ExportArn"] for export in exports if export["ExportStatus"] == "IN_PROGRESS"]


def _event(name: str) -> dict[str, Any]:
    """A schedule's event, with an id of its own."""
    return {
        "version": "0",
        "id": f"{unique()}-{name}",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": {},
    }


def _invoke_later(account: Account, event: dict[str, Any]) -> None:
    """Invokes as EventBridge does: asynchronously, with retries."""
    account.client("lambda").invoke(FunctionName=FUNCTION, InvocationType="Event", Payload=json.dumps(event))


def _alarm(account: Account, name: str) -> str:
    state: str = account.client("cloudwatch").describe_alarms(AlarmNames=[f"{FUNCTION}-{name}"])["MetricAlarms"][0][
        "StateValue"
    ]
    return state


def test_a_backup_by_hand_starts_what_was_asked_for(deployed: Account) -> None:
    before = _counts(deployed)
    answer = deployed.json("monitor", "backup", "--table", "Orders", "--wait")
    assert [(result["table"], result["status"]) for result in answer["results"]] == [("Orders", "STARTED")]
    assert answer["exports"][0]["itemCount"] == 10
    assert _counts(deployed) == [before[0] + 1, before[1]]
    assert "Users" in deployed.fail(2, "monitor") and "HEALTHY" in deployed.succeed("monitor", "--table", "Orders")


def test_the_schedule_backs_up_every_table(deployed: Account) -> None:
    before = _counts(deployed)
    url = f"{deployed.endpoint}/_local-aws/rules/{REGION}/{FUNCTION}-schedule/fire?account={deployed.number}"
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).close()
    until(lambda: _counts(deployed) == [before[0] + 1, before[1] + 1], "an export of each table")
    deployed.succeed("monitor", "watch")
    report = deployed.json("monitor")
    assert [table["verdict"] for table in report["tables"]] == ["HEALTHY", "HEALTHY"]
    assert (report["schedule"]["state"], report["function"]["state"]) == ("ENABLED", "Active")
    schedule = json.loads((deployed.folder / "config.json").read_text())["schedule"]
    assert report["schedule"]["nextRun"].endswith(f"T{int(schedule.split()[1]):02}:00:00Z")


def test_the_same_event_delivered_twice_starts_one_export(deployed: Account) -> None:
    before = _counts(deployed)
    event = json.dumps(_event("twice"))
    answers = [
        json.loads(deployed.client("lambda").invoke(FunctionName=FUNCTION, Payload=event)["Payload"].read())
        for _ in range(2)
    ]
    assert _counts(deployed) == [before[0] + 1, before[1] + 1]
    exports = [[result["exportArn"] for result in answer["results"]] for answer in answers]
    assert exports[0] == exports[1]


def test_a_retry_starts_only_what_is_missing(deployed: Account) -> None:
    before = _counts(deployed)
    deployed.set_pitr("Users", False)
    event = json.dumps(_event("retry"))
    # By hand, one after the other: Lambda's own attempts do not wait for a test.
    first = deployed.client("lambda").invoke(FunctionName=FUNCTION, Payload=event)
    assert first["FunctionError"] and _counts(deployed) == [before[0] + 1, before[1]]
    deployed.set_pitr("Users", True)
    retry = deployed.client("lambda").invoke(FunctionName=FUNCTION, Payload=event)
    assert "FunctionError" not in retry, retry["Payload"].read()
    deployed.succeed("monitor", "watch")
    assert _counts(deployed) == [before[0] + 1, before[1] + 1]


def test_what_fails_to_the_end_lies_in_the_queue_and_raises_the_alarm(deployed: Account) -> None:
    before = _counts(deployed)
    deployed.set_pitr("Users", False)
    event = _event("queue")
    _invoke_later(deployed, event)
    sqs = deployed.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{FUNCTION}-on-failure")["QueueUrl"]

    def received() -> dict[str, Any] | None:
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
        bodies = [json.loads(message["Body"]) for message in messages]
        return next((body for body in bodies if body["requestPayload"] == event), None)

    record = until(received, "the event in the queue")
    assert record is not None
    assert record["requestContext"]["approximateInvokeCount"] == 3
    payload = record["responsePayload"]
    assert payload["errorType"] == "Function.BackupIncomplete"
    answer = json.loads(payload["errorMessage"])
    # The third attempt: the first one's export, which counts as new for five seconds because clocks differ.
    assert answer["results"][0]["status"] in ("STARTED", "ALREADY_STARTED")
    assert answer["results"][0]["exportArn"] == deployed.exports("Orders")[-1]["ExportArn"]
    assert answer["results"][1]["status"] == "FAILED"
    assert answer["results"][1]["error"]["code"] == "PointInTimeRecoveryUnavailableException"
    assert _counts(deployed) == [before[0] + 1, before[1]]
    for name in ("errors", "backups-failed"):
        until(lambda name=name: _alarm(deployed, name) == "ALARM", f"the alarm {name}")


def test_an_export_that_failed_later_is_reported_by_the_next_run(deployed: Account) -> None:
    s3 = deployed.client("s3", "us-west-2")
    policy = s3.get_bucket_policy(Bucket=deployed.bucket)["Policy"]
    # Or an export of an earlier test would fail, too.
    until(lambda: not _running(deployed), "the end of earlier exports")
    try:
        deployed.deny_manifests()
        deployed.json("monitor", "backup", "--table", "Users", "--wait", code=1)
        assert "S3AccessDenied" in deployed.fail(2, "monitor", "--table", "Users")
        answer = json.loads(
            deployed.client("lambda")
            .invoke(FunctionName=FUNCTION, Payload=json.dumps(_event("next")))["Payload"]
            .read()
        )
        failure = next(each for each in answer["previousFailures"] if each["table"] == "Users")
        assert failure["failureCode"] == "S3AccessDenied"
    finally:
        s3.put_bucket_policy(Bucket=deployed.bucket, Policy=policy)
    assert _messages(deployed, "BackupsFailed")[-1]["BackupsFailed"] == 1
    deployed.succeed("monitor", "backup", "--wait")
    deployed.succeed("monitor")


def test_the_check_tells_the_age_of_the_backups(deployed: Account) -> None:
    deployed.succeed("monitor", "backup", "--wait")
    invoked = deployed.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps({"source": "check"}))
    assert "FunctionError" not in invoked
    assert json.loads(invoked["Payload"].read()) == {"tables": 2, "unhealthy": []}
    line = [line for line in _messages(deployed, "HoursSinceLastCompletedBackup") if "TableName" not in line][-1]
    assert 0 <= line["HoursSinceLastCompletedBackup"] < 1


def test_logs_are_json_lines_without_secrets(deployed: Account) -> None:
    deployed.succeed("monitor", "backup", "--wait")
    events = deployed.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"]
    lines = [event["message"] for event in events]
    # Those are the platform's.
    own = [line for line in lines if not line.startswith(("START ", "END ", "REPORT "))]
    assert own and [line for line in own if not line.startswith("{")] == []
    for line in own:
        assert isinstance(json.loads(line), dict)
        assert "SecretAccessKey" not in line and "Signature=" not in line
