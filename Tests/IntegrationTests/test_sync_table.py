"""`sync table` on the local AWS: a table's items into another one, and everything that may stand in its way."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
from typing import Any

import pytest
from conftest import Account, until
from demo import items
from demo.__main__ import for_boto3

Item = dict[str, Any]


def fill(account: Account, table: str, rows: list[Item], region: str = "us-east-1") -> None:
    dynamodb = account.client("dynamodb", region)
    for start in range(0, len(rows), 25):
        batch = [{"PutRequest": {"Item": for_boto3(row)}} for row in rows[start : start + 25]]
        assert not dynamodb.batch_write_item(RequestItems={table: batch})["UnprocessedItems"]


def contents(account: Account, table: str, region: str = "us-east-1") -> list[Item]:
    pages = account.client("dynamodb", region).get_paginator("scan").paginate(TableName=table)
    return sorted((item for page in pages for item in page["Items"]), key=repr)


def create(account: Account, table: str, region: str = "us-east-1") -> None:
    account.client("dynamodb", region).create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "order", "AttributeType": "N"},
        ],
    )


def test_every_item_arrives_equal_in_another_region(account: Account) -> None:
    create(account, "Orders")
    create(account, "Orders-copy", "eu-west-1")
    fill(account, "Orders", items.orders(700, 11))
    told = account.succeed("sync", "table", "Orders", "Orders-copy", "--region", "us-east-1", "--target-region", "eu-west-1")
    assert "700 items" in told
    copied = contents(account, "Orders-copy", "eu-west-1")
    assert len(copied) == 700
    assert copied == contents(account, "Orders")


def test_a_target_is_made_like_the_source_and_the_dry_run_writes_nothing(account: Account) -> None:
    dynamodb = account.client("dynamodb")
    names = [("customer", "S"), ("order", "N"), ("day", "S"), ("total", "N")]
    dynamodb.create_table(
        TableName="Orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-day", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}]}],
        LocalSecondaryIndexes=[{
            "IndexName": "by-total", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "total", "KeyType": "RANGE"}]}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": "team", "Value": "shop"}],
    )  # fmt: skip
    dynamodb.update_time_to_live(
        TableName="Orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    account.set_pitr("Orders", True)
    fill(account, "Orders", items.orders(60, 3))
    estimate = account.json("sync", "table", "Orders", "New", "--region", "us-east-1", "--dry-run")
    assert estimate["targetExists"] is False and estimate["items"] == 60
    assert dynamodb.list_tables()["TableNames"] == ["Orders"]
    assert "--create makes it like the source" in account.fail(1, "sync", "table", "Orders", "New", "--region", "us-east-1")

    done = account.run("sync", "table", "Orders", "New", "--region", "us-east-1", "--create")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read 60 = written 60" in done.stdout
    assert "AttributeName=expires" in done.stderr
    # What CreateTable cannot take over is named, with the command that brings it.
    assert "- point-in-time recovery" in done.stderr and "update-continuous-backups --table-name New" in done.stderr
    assert "- Contributor Insights" not in done.stderr
    made = dynamodb.describe_table(TableName="New")["Table"]
    assert [index["IndexName"] for index in made["GlobalSecondaryIndexes"]] == ["by-day"]
    assert [index["IndexName"] for index in made["LocalSecondaryIndexes"]] == ["by-total"]
    assert made["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert dynamodb.list_tags_of_resource(ResourceArn=account.arn("New"))["Tags"] == [{"Key": "team", "Value": "shop"}]
    ttl = dynamodb.describe_time_to_live(TableName="New")["TimeToLiveDescription"]
    assert ttl["TimeToLiveStatus"] == "DISABLED"
    assert contents(account, "New") == contents(account, "Orders")
    assert "exists in us-east-1 already" in account.fail(
        1, "sync", "table", "Orders", "New", "--region", "us-east-1", "--create"
    )


def test_what_stands_in_the_way_is_one_line_and_nothing_is_written(account: Account) -> None:
    create(account, "Orders")
    create(account, "Full")
    account.create_table("Other", items=0, pitr=False)
    fill(account, "Orders", items.orders(30, 5))
    fill(account, "Full", items.orders(3, 6))
    before = contents(account, "Full")
    for target, message in [
        ("Orders", "source and target are the same table"),
        (account.arn("Orders"), "source and target are the same table"),
        ("Other", "source and target have different keys: customer (S), order (N) and id (S)"),
        ("Nowhere", "the target Nowhere does not exist in us-east-1"),
        ("Full", "the target Full holds items already: --overwrite"),
    ]:
        told = account.fail(1, "sync", "table", "Orders", target, "--region", "us-east-1")
        assert told.startswith(f"sync: error: {message}"), told
        assert told.count("error") == 1
    assert "ResourceNotFoundException" in account.fail(1, "sync", "table", "Nowhere", "Full", "--region", "us-east-1")
    assert contents(account, "Full") == before

    account.succeed("sync", "table", "Orders", "Full", "--region", "us-east-1", "--overwrite")
    assert len(contents(account, "Full")) >= 30


def test_one_source_is_split_over_two_targets(account: Account) -> None:
    rows = items.orders(200, 8)
    for table in ("Orders", "Low", "High"):
        create(account, table)
    fill(account, "Orders", rows)
    middle = sorted(int(row["order"]["N"]) for row in contents(account, "Orders"))[100]
    for target, condition in (("Low", f"order < {middle}"), ("High", f"NOT order < {middle}")):
        result = account.json(
            "sync", "table", "Orders", target, "--region", "us-east-1", "--where", condition, "--mode", "merge"
        )
        assert result["read"] == 200 == result["written"] + result["filtered"], result
    low, high = contents(account, "Low"), contents(account, "High")
    assert low and high and sorted(low + high, key=repr) == contents(account, "Orders")


def test_a_copy_that_is_killed_or_interrupted_goes_on_with_the_same_command(account: Account) -> None:
    create(account, "Orders")
    create(account, "Copy")
    fill(account, "Orders", items.orders(3000, 12))
    command = ["sync", "table", "Orders", "Copy", "--region", "us-east-1", "--segments", "40", "--checkpoint", "c"]
    # So slow that nobody is late for its end, and soon done with the first segments.
    slowly = [*command, "--max-write-units", "100"]
    checkpoint = account.folder / "c"

    # Ctrl-C as soon as a page is done.
    stopped = account.interrupt(*slowly, when=lambda: checkpoint.exists() and checkpoint.read_bytes().count(b"\n") > 1)
    assert stopped.returncode == 130, stopped.stderr
    assert "the same command goes on from there" in stopped.stderr
    assert checkpoint.stat().st_mode & 0o777 == 0o600
    told = account.fail(1, *slowly, "--where", "customer = 'x'")
    assert "of a copy without --where" in told

    # kill -9, twice, wherever that may be.
    for _ in range(2):
        before = checkpoint.stat().st_mtime_ns
        process = subprocess.Popen(
            [str(account.programs / slowly[0]), *slowly[1:]],
            cwd=account.folder,
            env=account.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: checkpoint.stat().st_mtime_ns != before, "the checkpoint to be written")
        process.send_signal(signal.SIGSTOP)
        busy = account.fail(1, *slowly)
        assert "another sync is at work with the checkpoint" in busy
        process.kill()
        process.wait()

    result = account.json(*command)
    assert result["resumed"] is True
    assert result["read"] == result["written"] == 3000
    assert contents(account, "Copy") == contents(account, "Orders")
    assert not checkpoint.exists()


@pytest.mark.long
@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_a_copy_that_is_killed_at_random_points_loses_nothing(account: Account, mode: str) -> None:
    seed = int(os.environ.get("KILL_SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"seed {seed}")
    chosen = random.Random(seed)
    create(account, "Orders")
    create(account, "Copy")
    fill(account, "Orders", items.orders(3000, seed % 1000))
    command = [
        str(account.programs / "sync"), "table", "Orders", "Copy", "--region", "us-east-1", "--mode", mode,
        "--segments", "40", "--checkpoint", "c", "--output", "json",
    ]  # fmt: skip
    kills = begun_anew = 0
    while True:
        process = subprocess.Popen(
            command,
            cwd=account.folder,
            env=account.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        try:
            # Later runs get more time, so that the test ends on a machine of any speed.
            output, errors = process.communicate(timeout=chosen.uniform(0.2, 1) * 0.2 * 1.3**kills)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0, f"seed {seed}: {errors}"
        result = json.loads(output)
        if result["resumed"]:
            break
        # No kill had met it with something done: chance, or a machine that was busy elsewhere.
        begun_anew += 1
        assert begun_anew < 10, f"seed {seed}: it never goes on where it was"
        account.client("dynamodb").delete_table(TableName="Copy")
        create(account, "Copy")
        kills = 0
    assert kills > 0, f"seed {seed}"
    assert result["failed"] == result["filtered"] == result["expired"] == 0
    # What a killed run of a merge has put is there when the next one comes to it.
    assert result["read"] == 3000 == result["written"] + result["kept"], f"seed {seed}: {result}"
    assert mode == "merge" or result["kept"] == 0
    equal = account.json("sync", "verify", "table", "Orders", "Copy", "--region", "us-east-1")
    assert equal["verdict"] == "EQUAL" and equal["equal"] == 3000, f"seed {seed}"


def test_a_disk_that_is_full_stops_the_copy_in_one_line(account: Account) -> None:
    create(account, "Orders")
    create(account, "Copy")
    fill(account, "Orders", items.orders(200, 13))

    def fill_the_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    done = subprocess.run(
        [str(account.programs / "sync"), "table", "Orders", "Copy", "--region", "us-east-1", "--checkpoint", "c"],
        cwd=account.folder,
        env=account.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=fill_the_disk,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("sync: error: cannot write c"), done.stderr
    assert "Copied" not in done.stdout
