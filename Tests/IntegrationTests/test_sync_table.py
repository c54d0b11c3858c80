"""`sync table` on the local AWS: a table's items into another one, and everything that may stand in its way."""

from __future__ import annotations

from typing import Any

from conftest import Account
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
