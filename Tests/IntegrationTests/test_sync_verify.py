"""`sync verify` on the local AWS: equal sides, planted differences, and their repair."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
from conftest import Account
from demo import items
from demo.__main__ import for_boto3
from test_sync_table import Item, contents, create, fill

SIDES = ("--region", "us-east-1", "--target-region", "eu-west-1")


def two_tables(account: Account, count: int = 400) -> list[Item]:
    rows = items.orders(count, 17)
    for region in ("us-east-1", "eu-west-1"):
        create(account, "Orders", region)
        fill(account, "Orders", rows, region)
    return rows


def verify(account: Account, *arguments: str) -> tuple[int, dict[str, Any]]:
    run = account.run("sync", "verify", "table", "Orders", "Orders", *SIDES, "--settle", "0", "--output", "json", *arguments)
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


def key(row: Item) -> Item:
    return {name: for_boto3(row)[name] for name in ("customer", "order")}


def plant(account: Account, rows: list[Item]) -> None:
    """One item missing at the target, one that only it has, and one with another paid and one attribute less."""
    dynamodb = account.client("dynamodb", "eu-west-1")
    dynamodb.delete_item(TableName="Orders", Key=key(rows[10]))
    dynamodb.put_item(TableName="Orders", Item={**for_boto3(rows[11]), "order": {"N": "999999"}})
    changed = for_boto3(rows[12])
    changed["paid"] = {"BOOL": not changed["paid"]["BOOL"]}
    del changed["empty"]
    dynamodb.put_item(TableName="Orders", Item=changed)


def test_equal_tables_are_called_equal(account: Account) -> None:
    two_tables(account)
    code, report = verify(account)
    assert code == 0
    assert (report["verdict"], report["complete"], report["equal"]) == ("EQUAL", True, 400)
    assert report["source"]["items"] == report["target"]["items"] == 400
    assert report["differences"] == []
    told = account.succeed("sync", "verify", "table", "Orders", "Orders", *SIDES)
    assert told.startswith("Orders in us-east-1 and Orders in eu-west-1: equal\n")


def test_differences_are_found_told_and_written_to_a_file(account: Account) -> None:
    rows = two_tables(account)
    plant(account, rows)
    code, report = verify(account, "--report", "differences.jsonl")
    assert code == 3
    assert report["verdict"] == "DIFFERENT"
    assert [report[name] for name in ("equal", "missing", "extra", "different", "changing")] == [398, 1, 1, 1, 0]
    path = account.folder / "differences.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = {line["difference"]: line for line in map(json.loads, path.read_text().splitlines())}
    assert {line["difference"]: line for line in report["differences"]} == lines
    assert lines["MISSING"]["key"] == rows_key(rows[10])
    assert lines["EXTRA"]["key"]["order"] == {"N": "999999"}
    assert lines["DIFFERENT"]["attributes"] == ["empty", "paid"]
    told = account.fail(3, "sync", "verify", "table", "Orders", "Orders", *SIDES, "--settle", "0")
    assert "Orders in us-east-1 and Orders in eu-west-1: different\n" in told
    assert "Missing     1 (at the source only)" in told


def rows_key(row: Item) -> Item:
    return {name: row[name] for name in ("customer", "order")}


def test_a_repair_writes_deletes_only_by_name_and_is_idempotent(account: Account) -> None:
    rows = two_tables(account)
    plant(account, rows)
    code, report = verify(account, "--repair")
    assert code == 3, "the extra item is still there"
    assert {name: count for name, count in report["repairs"].items() if count} == {"WRITTEN": 2, "LEFT": 1}
    assert len(contents(account, "Orders", "eu-west-1")) == 401
    code, report = verify(account, "--repair", "--delete")
    assert code == 0
    assert (report["verdict"], report["repairs"]["DELETED"]) == ("EQUAL", 1)
    assert contents(account, "Orders", "eu-west-1") == contents(account, "Orders")
    code, report = verify(account, "--repair", "--delete")
    assert (code, report["equal"]) == (0, 400)
    assert not any(report["repairs"].values())


def test_a_sample_is_named_as_one(account: Account) -> None:
    rows = two_tables(account)
    code, report = verify(account, "--sample", "50")
    assert code == 0
    assert (report["verdict"], report["complete"]) == ("EQUAL_IN_SAMPLE", False)
    assert report["source"]["items"] == report["target"]["items"] == 50
    told = account.succeed("sync", "verify", "table", "Orders", "Orders", *SIDES, "--sample", "20%")
    assert "no difference in this sample, which proves nothing about the rest" in told
    plant(account, rows)
    code, report = verify(account, "--sample", "1000")
    assert (code, report["missing"], report["extra"], report["different"]) == (3, 1, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Orders", "Orders"), "source and target are the same table"),
        (("Orders", "Nowhere", "--target-region", "eu-west-1"), "the target Nowhere does not exist in eu-west-1"),
        (("Nowhere", "Orders", "--target-region", "eu-west-1"), "Nowhere"),
        (("Orders", "Other", "--target-region", "eu-west-1"), "different keys: customer (S), order (N) and id (S)"),
        (
            ("Orders", "Orders", "--target-region", "eu-west-1", "--report", "/nonexistent/report"),
            "the report /nonexistent/report cannot be written: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    account: Account, arguments: tuple[str, ...], message: str
) -> None:
    create(account, "Orders")
    create(account, "Orders", "eu-west-1")
    account.client("dynamodb", "eu-west-1").create_table(
        TableName="Other",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    told = account.fail(1, "sync", "verify", "table", *arguments, "--region", "us-east-1")
    assert message in told
    assert len(told.splitlines()) <= 2, told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--delete",), "--delete needs --repair"),
        (("--sample", "0"), "--sample"),
        (("--sample", "100%"), "--sample"),
        (("--settle", "-1"), "--settle"),
        (("--segments", "0"), "--segments"),
        (("--max-read-units", "0"), "--max-read-units"),
    ],
)
def test_a_wrong_command_line_ends_with_64(account: Account, arguments: tuple[str, ...], message: str) -> None:
    told = account.fail(64, "sync", "verify", "table", "Orders", "Orders-new", *arguments)
    assert message in told


BUCKETS = ("--region", "us-east-1")


def bucket_names(account: Account) -> tuple[str, str]:
    return f"source-{account.number}", f"target-{account.number}"


def two_buckets(account: Account) -> Any:
    """Ten objects in each, with awkward keys."""
    s3 = account.client("s3")
    for bucket in bucket_names(account):
        s3.create_bucket(Bucket=bucket)
        for number in range(10):
            s3.put_object(Bucket=bucket, Key=f"a b+c/ü%41/{number}", Body=f"content {number}".encode())
    return s3


def verify_buckets(account: Account, *arguments: str, target: str = "") -> tuple[int, dict[str, Any]]:
    source, other = (f"s3://{name}" for name in bucket_names(account))
    run = account.run(
        "sync", "verify", "bucket", source, target or other, *BUCKETS, "--settle", "0", "--output", "json", *arguments
    )
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


def test_buckets_are_compared_and_repaired(account: Account) -> None:
    s3 = two_buckets(account)
    code, report = verify_buckets(account)
    assert (code, report["verdict"], report["equal"]) == (0, "EQUAL", 10)
    s3.delete_object(Bucket=bucket_names(account)[1], Key="a b+c/ü%41/3")
    s3.put_object(Bucket=bucket_names(account)[1], Key="a b+c/ü%41/4", Body=b"CONTENT 4")
    s3.put_object(Bucket=bucket_names(account)[1], Key="only/here", Body=b"x")
    for how in ("etag", "checksum", "content"):
        code, report = verify_buckets(account, "--compare", how, "--report", "objects.jsonl")
        assert (code, report["verdict"]) == (3, "DIFFERENT")
        lines = [json.loads(line) for line in (account.folder / "objects.jsonl").read_text().splitlines()]
        assert {line["key"]: line["difference"] for line in lines} == {
            "a b+c/ü%41/3": "MISSING",
            "a b+c/ü%41/4": "DIFFERENT",
            "only/here": "EXTRA",
        }
    code, report = verify_buckets(account, "--repair")
    assert code == 3
    assert (report["repairs"]["WRITTEN"], report["repairs"]["LEFT"]) == (2, 1)
    code, report = verify_buckets(account, "--repair", "--delete", "--compare", "content")
    assert (code, report["verdict"], report["repairs"]["DELETED"]) == (0, "EQUAL", 1)
    assert verify_buckets(account, "--metadata", "--tags")[0] == 0


def test_a_bucket_and_a_folder_are_compared(account: Account) -> None:
    two_buckets(account)
    folder = account.folder / "files" / "a b+c" / "ü%41"
    folder.mkdir(parents=True)
    for number in range(10):
        (folder / str(number)).write_text(f"content {number}")
    code, report = verify_buckets(account, target=str(account.folder / "files"))
    assert (code, report["verdict"], report["equal"]) == (0, "EQUAL", 10)
    (folder / "7").write_text("content 8")
    code, report = verify_buckets(account, target=str(account.folder / "files"))
    assert (code, [line["key"] for line in report["differences"]]) == (3, ["a b+c/ü%41/7"])


def test_where_compares_a_part(account: Account) -> None:
    rows = two_tables(account)
    plant(account, rows)
    code, report = verify(account, "--where", "attribute_not_exists(customer)")
    assert (code, report["source"]["items"], report["source"]["filtered"]) == (0, 0, 400)
    code, report = verify(account, "--where", '"order" = 10')
    assert (code, report["missing"], report["source"]["items"]) == (3, 1, 1)
    told = account.fail(64, "sync", "verify", "table", "Orders", "Orders-new", "--where", "order ==")
    assert "--where: " in told
