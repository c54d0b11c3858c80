"""An application that keeps writing to table Orders and to a bucket, until it is told to stop: for scripts/demo-sync."""

from __future__ import annotations

import random
import signal
import time
from typing import Any

import boto3

from .items import Item

#: Objects that are there before the writer begins, and that it writes again and again.
OBJECTS = 200
_PAUSE_SECONDS = 0.02


def create_bucket(bucket: str, region: str) -> None:
    """A bucket with objects below photos/, names with spaces and other signs among them."""
    s3 = boto3.client("s3", region)
    s3.create_bucket(Bucket=bucket)
    for number in range(OBJECTS):
        s3.put_object(Bucket=bucket, Key=_key(number), Body=f"photo {number}\n".encode() * (number + 1))
    print(f"    {bucket}: {OBJECTS:,} objects")


def write(rows: list[Item], region: str, bucket: str) -> None:
    """Puts, updates and deletes items and objects at random; says at the end how many."""
    running = True

    def stop(*_: Any) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    chosen = random.Random()
    dynamodb, s3 = boto3.client("dynamodb", region), boto3.client("s3", region)
    counts = {"items put": 0, "updated": 0, "deleted": 0, "objects put": 0, "deleted again": 0}
    while running:
        row = chosen.choice(rows)
        key = {name: row[name] for name in ("customer", "order")}
        match chosen.randrange(10):
            case 0 | 1 | 2:
                dynamodb.put_item(TableName="Orders", Item={**key, "status": {"S": "new"}, "day": row["day"]})
                counts["items put"] += 1
            case 3 | 4 | 5 | 6:
                dynamodb.update_item(
                    TableName="Orders",
                    Key=key,
                    UpdateExpression="SET #s = :paid ADD visits :one",
                    ExpressionAttributeNames={"#s": "status"},
                    ExpressionAttributeValues={":paid": {"S": "paid"}, ":one": {"N": "1"}},
                )
                counts["updated"] += 1
            case 7:
                dynamodb.delete_item(TableName="Orders", Key=key)
                counts["deleted"] += 1
            case 8:
                text = f"written at {time.time()}\n".encode()
                s3.put_object(Bucket=bucket, Key=_key(chosen.randrange(OBJECTS + 50)), Body=text)
                counts["objects put"] += 1
            case _:
                s3.delete_object(Bucket=bucket, Key=_key(chosen.randrange(OBJECTS)))
                counts["deleted again"] += 1
        time.sleep(_PAUSE_SECONDS)
    print(f"    the writer made {sum(counts.values()):,} changes: "
          + ", ".join(f"{count:,} {name}" for name, count in counts.items()))


def _key(number: int) -> str:
    return f"photos/{number % 7}/bild {number} + ü.jpg"
