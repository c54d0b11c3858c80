"""python -m demo create REGION | compare TABLE RESTORED REGION — used by scripts/demo;
create-bucket BUCKET REGION | write REGION BUCKET — used by scripts/demo-sync.

The items that `create` writes are made from a seed, so `compare` knows them without having kept anything.
"""

from __future__ import annotations

import base64
import sys
from typing import Any

import boto3

from . import items, writer
from .compare import differences
from .items import Item

_SEED = 20261121
_TABLES: dict[str, tuple[list[Item], list[str], dict[str, Any]]] = {
    "Orders": (
        items.orders(3000, _SEED),
        ["customer", "order"],
        {
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in [("customer", "S"), ("order", "N"), ("status", "S"), ("day", "S")]
            ],
            "KeySchema": [
                {"AttributeName": "customer", "KeyType": "HASH"},
                {"AttributeName": "order", "KeyType": "RANGE"},
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-status",
                    "KeySchema": [
                        {"AttributeName": "status", "KeyType": "HASH"},
                        {"AttributeName": "day", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                },
                {
                    "IndexName": "by-day",
                    "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["amount", "paid"]},
                },
            ],
            "Tags": [{"Key": "team", "Value": "shop"}],
        },
    ),
    "Users": (
        items.users(500, _SEED),
        ["id"],
        {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "B"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    ),
}


def create(region: str) -> None:
    dynamodb = boto3.client("dynamodb", region)
    for name, (rows, _, schema) in _TABLES.items():
        dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **schema)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        for start in range(0, len(rows), 25):
            batch = [{"PutRequest": {"Item": for_boto3(row)}} for row in rows[start : start + 25]]
            while batch:
                answer = dynamodb.batch_write_item(RequestItems={name: batch})
                batch = answer["UnprocessedItems"].get(name, [])
        print(f"    {name}: {len(rows):,} items, {len(schema.get('GlobalSecondaryIndexes', []))} indexes")
    dynamodb.update_time_to_live(
        TableName="Users", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )


def compare(table: str, restored: str, region: str) -> int:
    rows, keys, schema = _TABLES[table]
    dynamodb = boto3.client("dynamodb", region)
    pages = dynamodb.get_paginator("scan").paginate(TableName=restored, ConsistentRead=True)
    found = [item for page in pages for item in page["Items"]]
    lines = differences(rows, found, keys)
    description = dynamodb.describe_table(TableName=restored)["Table"]
    wanted = {index["IndexName"] for index in schema.get("GlobalSecondaryIndexes", [])}
    indexes = {index["IndexName"] for index in description.get("GlobalSecondaryIndexes", [])}
    lines += [f"index missing: {name}" for name in sorted(wanted - indexes)]
    for line in lines[:10]:
        print(f"    {line}")
    verdict = "equal" if not lines else f"{len(lines)} differences"
    print(f"    {len(rows):,} items written at first, {len(found):,} in {restored}, {len(indexes)} indexes: {verdict}")
    return 0 if not lines else 3


def for_boto3(value: Any) -> Any:
    """boto3's client wants binaries as bytes and encodes them itself."""
    if isinstance(value, dict):
        return {
            name: base64.b64decode(each)
            if name == "B" and isinstance(each, str)
            else [base64.b64decode(one) if isinstance(one, str) else one for one in each]
            if name == "BS" and isinstance(each, list)
            else for_boto3(each)
            for name, each in value.items()
        }
    return [for_boto3(each) for each in value] if isinstance(value, list) else value


def main(arguments: list[str]) -> int:
    match arguments:
        case ["create", region]:
            create(region)
        case ["compare", table, restored, region]:
            return compare(table, restored, region)
        case ["create-bucket", bucket, region]:
            writer.create_bucket(bucket, region)
        case ["write", region, bucket]:
            writer.write([for_boto3(row) for row in _TABLES["Orders"][0]], region, bucket)
        case _:
            print(__doc__, file=sys.stderr)
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
