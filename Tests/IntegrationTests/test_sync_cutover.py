"""sync status, sync replay and sync cutover on what deploy.sh sync has made on the local AWS."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import REGION, Account, until
from test_deploy_sync import KEY, Project

FUNCTION = "DynamoDBSyncFunction"
# CloudWatch is not late here.
QUICK = ("--settle", "2", "--timeout", "180")


@pytest.fixture
def followed(account: Account, tools: Path, function_zip: Path) -> Iterator[Account]:
    """A table and a bucket that are followed, with items and objects of before."""
    dynamodb = account.client("dynamodb")
    for table in ("Orders", "Copy"):
        dynamodb.create_table(TableName=table, **KEY)
    for number in range(30):
        dynamodb.put_item(TableName="Orders", Item={"id": {"S": f"{number}"}, "n": {"N": f"{number}"}})
    s3 = account.client("s3")
    for bucket in ("old", "new"):
        s3.create_bucket(Bucket=f"{bucket}-{account.number}")
    s3.put_object(Bucket=f"old-{account.number}", Key="a b+ü.txt", Body=b"before")
    account.configure_sync(
        tables=[{"source": account.arn("Orders"), "targets": [{"table": account.arn("Copy"), "where": "n >= 10"}]}],
        buckets=[
            {
                "source": f"s3://old-{account.number}",
                "sourceRegion": REGION,
                "target": f"s3://new-{account.number}/kept",
                "targetRegion": REGION,
            }
        ],
    )
    project = Project(account, tools, function_zip)
    project.deploy()
    yield account
    project.run("--delete", "--yes")


def copy_history(account: Account) -> None:
    table = (account.arn("Orders"), account.arn("Copy"))
    bucket = (f"s3://old-{account.number}", f"s3://new-{account.number}/kept")
    account.succeed("sync", "table", *table, "--mode", "merge", "--where", "n >= 10")
    account.succeed("sync", "bucket", *bucket, "--mode", "merge")
    account.succeed("sync", "verify", "table", *table, "--where", "n >= 10", "--settle", "0")
    account.succeed("sync", "verify", "bucket", *bucket, "--settle", "0")


def items(account: Account, table: str) -> dict[str, str]:
    found = account.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return {item["id"]["S"]: item["n"]["N"] for item in found}


def report(account: Account, name: str) -> dict[str, Any]:
    """The report of a cut-over, whose hash is what anybody computes of its text."""
    document: dict[str, Any] = json.loads((account.folder / f"{name}.json").read_text())
    signed = document.pop("sha256")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == signed
    assert signed in (account.folder / f"{name}.txt").read_text()
    return document


@pytest.mark.long
def test_a_migration_is_shown_replayed_and_signed_off(followed: Account) -> None:
    account = followed
    before = account.json("sync", "status", code=2)
    assert not before["safe"] and [mapping["kind"] for mapping in before["mappings"]] == ["table", "bucket"]
    for mapping in before["mappings"]:
        assert mapping["eventSource"]["state"] == "Enabled" and mapping["failures"] == 0 and mapping["faults"] == []
        assert any("no copy of what was there before" in reason for reason in mapping["reasons"])
    copy_history(account)
    status = until(lambda: (found := account.run("sync", "status", "--output", "json")).returncode == 0 and found, "safe")
    table, bucket = json.loads(status.stdout)["mappings"]
    assert table["history"]["state"] == "finished" and table["history"]["percent"] == 100
    assert table["verification"]["verdict"] == "EQUAL" and bucket["verification"]["equal"] == 1
    assert "Cutting over is safe." in account.succeed("sync", "status")

    # A change that the target did not take, a batch that Lambda gave up, and an event that nobody could apply.
    dynamodb, sqs, s3 = account.client("dynamodb"), account.client("sqs"), account.client("s3")
    queue = sqs.get_queue_url(QueueName=f"{FUNCTION}-table-failures")["QueueUrl"]
    dynamodb.put_item(TableName="Copy", Item={"id": {"S": "15"}, "n": {"N": "-1"}})
    dynamodb.delete_item(TableName="Copy", Key={"id": {"S": "20"}})
    change = {
        "type": "table-change",
        "version": 1,
        "source": account.arn("Orders"),
        "target": account.arn("Copy"),
        "key": {"id": {"S": "15"}},
    }
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(change))
    dynamodb.put_item(TableName="Orders", Item={"id": {"S": "20"}, "n": {"N": "21"}})
    until(lambda: items(account, "Copy").get("20") == "21", "the change")
    dynamodb.delete_item(TableName="Copy", Key={"id": {"S": "20"}})
    stream = dynamodb.describe_table(TableName="Orders")["Table"]["LatestStreamArn"]
    streams = account.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    last = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"][-1]["dynamodb"]["SequenceNumber"]
    batch = {
        "shardId": shard,
        "startSequenceNumber": last,
        "endSequenceNumber": last,
        "batchSize": 1,
        "streamArn": stream,
    }
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"version": "1.0", "DDBStreamBatchInfo": batch}))
    s3.delete_object(Bucket=f"new-{account.number}", Key="kept/a b+ü.txt")
    event = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": f"old-{account.number}"}, "object": {"key": "a+b%2B%C3%BC.txt", "sequencer": "01"}},
    }
    dead = sqs.get_queue_url(QueueName=f"{FUNCTION}-bucket-failures")["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"Records": [event]}))

    assert "run sync replay" in account.fail(2, "sync", "status")
    assert account.json("sync", "replay", "--dry-run")["planned"] == 3
    assert items(account, "Copy")["15"] == "-1"
    done = account.json("sync", "replay")
    assert done["complete"] and done["done"] == 3 and done["written"] == 3 and done["remaining"] == 0
    assert items(account, "Copy")["15"] == "15" and items(account, "Copy")["20"] == "21"
    assert s3.get_object(Bucket=f"new-{account.number}", Key="kept/a b+ü.txt")["Body"].read() == b"before"
    assert "failure queues are empty" in account.succeed("sync", "replay")

    output = account.succeed("sync", "cutover", "--writers-stopped", "--report", "signed", *QUICK)
    assert output.count("PASSED") == 7 and "Cutting over is safe" in output
    signed = report(account, "signed")
    assert signed["result"] == "SAFE" and [each["verdict"] for each in signed["verifications"]] == ["EQUAL", "EQUAL"]
    assert len(signed["steps"][1]["details"]) == 2 and len(signed["functions"]) == 2
    assert not [key for table in ("Orders", "Copy") for key in items(account, table) if "canary" in key]
    assert s3.list_objects_v2(Bucket=f"old-{account.number}")["KeyCount"] == 1
    # Whoever changes it is found out by the README's line.
    if shutil.which("jq"):
        assert jq_hash(account.folder / "signed.json") == json.loads((account.folder / "signed.json").read_text())["sha256"]
        changed = (account.folder / "signed.json").read_text().replace('"FAILED"', '"PASSED"').replace('"equal": 20', '"equal": 21')
        (account.folder / "changed.json").write_text(changed)
        assert jq_hash(account.folder / "changed.json") != json.loads(changed)["sha256"]
    # A signed report is not overwritten.
    assert "there already" in account.fail(1, "sync", "cutover", "--yes", "--report", "signed", *QUICK)

    # A command that does not stop the writers ends it, one that does is part of the report.
    output = account.fail(2, "sync", "cutover", "--stop-writers", "echo busy; exit 3", "--report", "busy", *QUICK)
    assert "ended with 3, so that writers may be at work" in output and "busy" in output
    assert report(account, "busy")["result"] == "NOT SAFE"
    stop = "touch stopped"
    account.succeed("sync", "cutover", "--stop-writers", stop, "--report", "stopped", *QUICK)
    assert (account.folder / "stopped").exists()
    assert report(account, "stopped")["steps"][2]["details"] == [f"stopped by: {stop}"]
    assert "exclude each other" in account.fail(64, "sync", "cutover", "--stop-writers", stop, "--writers-stopped")

    # Something that live sync does not see.
    dynamodb.delete_item(TableName="Copy", Key={"id": {"S": "12"}})
    output = account.fail(3, "sync", "cutover", "--yes", "--report", "other", *QUICK)
    assert "1 missing" in output and "NOT safe" in output
    assert report(account, "other")["result"] == "NOT SAFE"
    # From now on nobody is asked to stop the writers before that is repaired.
    output = account.fail(2, "sync", "cutover", "--stop-writers", "touch asked", "--report", "again", *QUICK)
    assert "found the sides DIFFERENT; run sync verify table" in output and not (account.folder / "asked").exists()


def jq_hash(path: Path) -> str:
    """What README.md's line for checking a report prints."""
    line = f"jq -cjS 'del(.sha256)' '{path}' | sha256sum"
    return subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout.split()[0]


def canaries(account: Account) -> list[str]:
    objects = account.client("s3").list_objects_v2(Bucket=f"old-{account.number}").get("Contents", [])
    table = account.client("dynamodb").scan(TableName="Orders", ConsistentRead=True)["Items"]
    return [item["id"]["S"] for item in table if "sync-canary" in item["id"]["S"]] + [
        each["Key"] for each in objects if "sync-canary" in each["Key"]
    ]


def kill_with_canaries_left(account: Account) -> list[str]:
    """Kills a cut-over and gives the ids that it left; another one where that was through before anybody looked."""
    for number in itertools.count():
        killed = subprocess.Popen(
            [str(account.programs / "sync"), "cutover", "--yes", "--report", f"killed-{number}", *QUICK],
            cwd=account.folder,
            env=account.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        try:
            until(lambda: canaries(account) or killed.poll() is not None, "a canary")
        finally:
            killed.kill()
            killed.wait()
        left = [key for key in canaries(account) if key.startswith("sync-canary")]
        if left:
            break
    assert not (account.folder / f"killed-{number}.json").exists()
    return left


@pytest.mark.long
def test_a_cutover_that_is_killed_is_safe_to_run_again(followed: Account) -> None:
    account = followed
    copy_history(account)
    left = kill_with_canaries_left(account)
    output = account.succeed("sync", "cutover", "--yes", "--report", "again", *QUICK)
    assert all(f'a canary that an earlier run had left: Orders (us-east-1): {{"id":{{"S":"{key}"}}}}' in output for key in left)
    assert canaries(account) == [] and not [key for key in items(account, "Copy") if "canary" in key]
    # Ctrl-C takes canaries away at once.
    for number in itertools.count():
        report_name = f"stopped-{number}"
        done = account.interrupt("sync", "cutover", "--yes", "--report", report_name, *QUICK, when=lambda: canaries(account))
        if done.returncode != 0:
            break
    assert done.returncode == 130 and "do not cut over" in done.stderr and canaries(account) == []


def test_a_gap_in_the_stream_is_named_until_a_comparison_closes_it(followed: Account) -> None:
    account = followed
    stream = account.client("dynamodb").describe_table(TableName="Orders")["Table"]["LatestStreamArn"]
    sqs = account.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{FUNCTION}-table-failures")["QueueUrl"]
    batch = {
        "shardId": "shardId-00000000000000000000-00000000",
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
        "approximateArrivalOfFirstRecord": "2026-11-01T10:00:00Z",
        "approximateArrivalOfLastRecord": "2026-11-01T10:00:05Z",
        "streamArn": stream,
    }
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"version": "1.0", "DDBStreamBatchInfo": batch}))
    status = account.fail(2, "sync", "status")
    assert "a gap: changes from 2026-11-01 10:00:00 UTC to 2026-11-01 10:00:05 UTC are gone from the stream" in status
    output = account.fail(1, "sync", "replay")
    assert "can no longer be read" in output and "sequence numbers 1 to 2" in output and "2026-11-01 10:00:05" in output
    command = f"sync verify table {account.arn('Orders')} {account.arn('Copy')} --repair --where 'n >= 10'"
    assert command in output and command in status
    assert account.fail(2, "sync", "cutover", "--yes", "--report", "gap", *QUICK).count("run sync replay") == 1
    # A comparison that begins behind the gap and finds nothing closes it. Times are to the second.
    sent = int(sqs.receive_message(QueueUrl=queue, AttributeNames=["SentTimestamp"], VisibilityTimeout=0)["Messages"][0][
        "Attributes"]["SentTimestamp"])
    until(lambda: time.time() * 1000 > sent + 1500, "the next second")
    copy_history(account)
    done = account.json("sync", "replay")
    assert done["complete"] and done["done"] == 1 and done["gaps"][0]["closed"]


def test_what_is_not_deployed_is_named(account: Account) -> None:
    account.client("dynamodb").create_table(TableName="Orders", **KEY)
    account.client("dynamodb").create_table(TableName="Copy", **KEY)
    account.configure_sync(tables=[{"source": account.arn("Orders"), "targets": [{"table": account.arn("Copy")}]}])
    assert "live sync is not deployed in us-east-1" in account.fail(2, "sync", "status")
    assert "live sync is not deployed in us-east-1" in account.fail(1, "sync", "replay")
    output = account.fail(2, "sync", "cutover", "--yes", "--report", "none", *QUICK)
    assert "FAILED" in output and "./deploy.sh sync" in output
    assert "there is no terminal" in account.fail(1, "sync", "cutover")
    assert 'no mapping is about "Nothing"' in account.fail(1, "sync", "replay", "Nothing")
