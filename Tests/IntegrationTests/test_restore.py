"""`restore` end to end: from the bucket alone into new tables of other regions, and all that may stand in its way."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from conftest import BUCKET_REGION, REGION, Account, until
from demo import items
from demo.__main__ import for_boto3
from demo.compare import differences

OTHER = "eu-west-1"
LOCAL_INDEX = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in
                             [("id", "S"), ("sort", "N"), ("total", "N")]],
    "LocalSecondaryIndexes": [{
        "IndexName": "by-total", "Projection": {"ProjectionType": "ALL"},
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "total", "KeyType": "RANGE"}]}],
}  # fmt: skip


@pytest.fixture
def backed_up(account: Account) -> Account:
    """An account whose table Orders has three items and one complete backup."""
    account.create_table("Orders")
    account.succeed("monitor", "backup", "--local", "--wait")
    return account


def _day(account: Account) -> str:
    """The day of the newest backup."""
    day: str = account.json("restore", "list")[0]["date"]
    return day


def _tables(account: Account, region: str = OTHER) -> list[str]:
    names: list[str] = account.client("dynamodb", region).list_tables()["TableNames"]
    return names


def _manifest_key(account: Account) -> str:
    return next(key for key in account.keys() if key.endswith("manifest-summary.json"))


def test_a_deleted_table_comes_back_item_by_item(account: Account) -> None:
    rows = items.orders(400, 7)
    names = [("customer", "S"), ("order", "N"), ("day", "S")]
    index = {
        "IndexName": "by-day",
        "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    account.create_table(
        "Orders",
        items=0,
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names],
        GlobalSecondaryIndexes=[index],
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    dynamodb = account.client("dynamodb")
    for start in range(0, len(rows), 25):
        batch = [{"PutRequest": {"Item": for_boto3(row)}} for row in rows[start : start + 25]]
        assert not dynamodb.batch_write_item(RequestItems={"Orders": batch})["UnprocessedItems"]
    account.succeed("monitor", "backup", "--local", "--wait")
    dynamodb.delete_table(TableName="Orders")
    # The configuration may be gone as well: the bucket's name is enough.
    (account.folder / "config.json").unlink()
    settings = {"S3_BUCKET": account.bucket, "S3_REGION": BUCKET_REGION}

    plan = account.run("restore", "restore", "Orders", OTHER, "--dry-run", **settings)
    assert plan.returncode == 0 and "400 items" in plan.stdout and "- 1 tag\n" in plan.stdout, plan.stdout + plan.stderr
    assert _tables(account) == []

    done = account.run("restore", "restore", "Orders", OTHER, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    (target,) = _tables(account)
    assert re.fullmatch(r"Orders-restored-\d{8}", target) and f"Restored 400 items into {target}" in done.stdout
    pages = account.client("dynamodb", OTHER).get_paginator("scan").paginate(TableName=target)
    found = [item for page in pages for item in page["Items"]]
    assert differences(rows, found, ["customer", "order"]) == []
    table = account.client("dynamodb", OTHER).describe_table(TableName=target)["Table"]
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["by-day"]


def test_the_list_tells_complete_failed_and_schema_less_backups(backed_up: Account) -> None:
    backed_up.deny_manifests()
    backed_up.fail(1, "monitor", "backup", "--local", "--wait")
    backed_up.allow_manifests()
    entries = backed_up.json("restore", "list", "Orders")
    statuses = {entry["status"] for entry in entries}
    assert "COMPLETE" in statuses and statuses & {"FAILED", "RUNNING"}, entries
    assert all(entry["hasSchema"] and entry["hasSettings"] for entry in entries)

    day = _day(backed_up)
    s3 = backed_up.client("s3", BUCKET_REGION)
    s3.delete_object(Bucket=backed_up.bucket, Key=f"daily/{day}/Orders/table_schema.json")
    assert "MISSING" in backed_up.succeed("restore", "list", "Orders")
    # The half-written one is not taken, the complete one is, with the local schema.
    refused = backed_up.fail(1, "restore", "restore", "Orders", OTHER)
    assert "schema" in refused and "export-table-schema" in refused, refused
    backed_up.succeed("export-table-schema", "Orders", REGION)
    assert "Restored 3 items" in backed_up.succeed("restore", "restore", "Orders", OTHER, day)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Nothing", OTHER], "Nothing"),
        (["Orders", OTHER, "2020/01/01"], "2020/01/01"),
        (["Orders", REGION, "--target-table", "Orders"], "Orders"),
        (["Orders", OTHER, "--schema", "missing.json"], "missing.json"),
    ],
)
def test_what_cannot_be_is_said_before_anything_starts(
    backed_up: Account, arguments: list[str], message: str
) -> None:
    output = backed_up.run("restore", "restore", *arguments)
    assert output.returncode == 1 and output.stderr.startswith("restore: error: "), output.stdout + output.stderr
    assert message in output.stderr.splitlines()[0]
    assert _tables(backed_up) == [] and _tables(backed_up, REGION) == ["Orders"]


@pytest.mark.parametrize("damage", ["cut", "not-json", "other-table", "empty"])
def test_a_broken_manifest_is_refused_with_its_key(backed_up: Account, damage: str) -> None:
    s3 = backed_up.client("s3", BUCKET_REGION)
    key = _manifest_key(backed_up)
    contents = s3.get_object(Bucket=backed_up.bucket, Key=key)["Body"].read()
    broken = {
        "cut": contents[: len(contents) // 2],
        "not-json": b"<html>",
        "other-table": contents.replace(b'"itemCount":3', b'"itemCount":4'),
        "empty": b"",
    }[damage]
    assert broken != contents
    s3.put_object(Bucket=backed_up.bucket, Key=key, Body=broken)
    output = backed_up.fail(1, "restore", "restore", "Orders", OTHER)
    assert key in output, output
    assert _tables(backed_up) == []


def test_a_missing_data_file_is_found_before_the_import(backed_up: Account) -> None:
    key = next(key for key in backed_up.keys() if "/data/" in key)
    backed_up.client("s3", BUCKET_REGION).delete_object(Bucket=backed_up.bucket, Key=key)
    output = backed_up.fail(1, "restore", "restore", "Orders", OTHER)
    assert key.rsplit("/", 1)[1] in output, output
    assert _tables(backed_up) == []


@pytest.mark.parametrize(
    "schema", [b"", b"[]", b'{"TableName": "Orders"}', b"\x00\xff", b'{"Table": {"TableName": "Orders"}}']
)
def test_a_schema_file_that_is_none_names_what_is_wrong(backed_up: Account, schema: bytes) -> None:
    key = f"daily/{_day(backed_up)}/Orders/table_schema.json"
    backed_up.client("s3", BUCKET_REGION).delete_object(Bucket=backed_up.bucket, Key=key)
    (backed_up.folder / "mine.json").write_bytes(schema)
    output = backed_up.run("restore", "restore", "Orders", OTHER, "--schema", "mine.json")
    assert output.returncode == 1 and "mine.json" in output.stderr.splitlines()[0], output.stderr
    assert _tables(backed_up) == []


def test_local_indexes_are_lost_only_when_asked_for(account: Account) -> None:
    account.create_table("Orders", **LOCAL_INDEX)
    account.succeed("monitor", "backup", "--local", "--wait")
    refused = account.fail(1, "restore", "restore", "Orders", OTHER)
    assert "by-total" in refused and "--without-local-indexes" in refused
    assert _tables(account) == []
    account.succeed("restore", "restore", "Orders", OTHER, "--without-local-indexes")


def test_archived_data_is_recognised_with_the_thaw_command(backed_up: Account) -> None:
    s3 = backed_up.client("s3", BUCKET_REGION)
    for key in backed_up.keys():
        if "/data/" in key:
            s3.copy_object(
                Bucket=backed_up.bucket,
                Key=key,
                CopySource={"Bucket": backed_up.bucket, "Key": key},
                StorageClass="DEEP_ARCHIVE",
            )
    output = backed_up.fail(1, "restore", "restore", "Orders", OTHER)
    assert "restore-object" in output and "hours" in output and "$" in output, output
    assert _tables(backed_up) == []


def test_ctrl_c_leaves_the_import_going_and_says_how_to_follow_it(backed_up: Account) -> None:
    for number in itertools.count():
        target = f"Back-{number}"
        done = backed_up.interrupt(
            "restore", "restore", "Orders", OTHER, "--target-table", target, when=lambda: target in _tables(backed_up)
        )
        if done.returncode != 0:
            break
    assert done.returncode == 130, done.stdout + done.stderr
    command = re.search(r"restore watch (arn:\S+)", done.stderr)
    assert command, done.stderr
    assert "Restored 3 items" in backed_up.succeed("restore", "watch", command.group(1))


def test_json_tells_the_plan_and_the_end(backed_up: Account) -> None:
    plan = backed_up.json("restore", "restore", "Orders", OTHER, "--dry-run")
    assert (plan["itemCount"], plan["region"], plan["bucket"]) == (3, OTHER, backed_up.bucket)
    assert plan["tableCreationParameters"]["TableName"] == plan["targetTable"]
    end: dict[str, Any] = backed_up.json("restore", "restore", "Orders", OTHER, "--target-table", "Back")
    assert (end["status"], end["importedItemCount"], end["expectedItemCount"]) == ("COMPLETED", 3, 3)
    assert until(lambda: "Back" in _tables(backed_up), "the table")
    assert json.dumps(end).count("arn:aws:dynamodb:eu-west-1") == 2
