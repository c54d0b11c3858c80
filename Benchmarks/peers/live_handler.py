"""Live sync as one writes it in Python: boto3, clients made once, a pool of threads. Runs under awslambdaric.

`tables` brings the records of a stream to a table, `buckets` the objects that a queue's messages name to a bucket: with the
same calls as the Swift function, and with the same partial batch answers.
"""

from __future__ import annotations

import base64
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CALLS_AT_ONCE = 32
BATCH = 25
CONFIG = Config(max_pool_connections=CALLS_AT_ONCE, retries={"mode": "standard"}, s3={"addressing_style": "path"})
REGION = os.environ["AWS_REGION"]
TARGET_TABLE = os.environ.get("TARGET_TABLE", "Target")
TARGET_BUCKET = os.environ.get("TARGET_BUCKET", "target")

dynamodb = boto3.client("dynamodb", region_name=REGION, config=CONFIG)
s3 = boto3.client("s3", region_name=REGION, config=CONFIG)
pool = ThreadPoolExecutor(CALLS_AT_ONCE)


def tables(event: dict[str, Any], _context: object) -> dict[str, Any]:
    last: dict[str, dict[str, Any]] = {}
    first: dict[str, str] = {}
    for record in event["Records"]:
        change = record["dynamodb"]
        key = json.dumps(change["Keys"], sort_keys=True)
        last[key] = record
        first.setdefault(key, change["SequenceNumber"])
    changes = list(last.items())
    batches = [changes[start : start + BATCH] for start in range(0, len(changes), BATCH)]
    failed = [first[key] for keys in pool.map(write, batches) for key in keys]
    print(json.dumps({"Records": len(event["Records"]), "Failed": len(failed)}))
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}] if failed else []}


def write(changes: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Gives the keys of what was not written."""
    requests = []
    for _, record in changes:
        change = record["dynamodb"]
        if record["eventName"] == "REMOVE":
            requests.append({"DeleteRequest": {"Key": with_bytes(change["Keys"])}})
        else:
            requests.append({"PutRequest": {"Item": with_bytes(change["NewImage"])}})
    try:
        for attempt in range(8):
            answer = dynamodb.batch_write_item(RequestItems={TARGET_TABLE: requests})
            requests = answer["UnprocessedItems"].get(TARGET_TABLE, [])
            if not requests:
                return []
            time.sleep(0.05 * 2**attempt)
    except (ClientError, BotoCoreError) as error:
        print(json.dumps({"error": str(error)}))
    return [key for key, _ in changes]


def with_bytes(value: Any) -> Any:
    """Events have binaries in Base64, boto3 wants bytes."""
    if isinstance(value, list):
        return [with_bytes(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64decode(each)
        if name == "B" and isinstance(each, str)
        else [base64.b64decode(one) for one in each]
        if name == "BS"
        else with_bytes(each)
        for name, each in value.items()
    }


def buckets(event: dict[str, Any], _context: object) -> dict[str, Any]:
    messages: dict[tuple[str, str], set[str]] = {}
    for message in event["Records"]:
        for record in json.loads(message["body"])["Records"]:
            place = (record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
            messages.setdefault(place, set()).add(message["messageId"])
    places = list(messages)
    done = list(pool.map(settle, places))
    failed = {message for place, is_done in zip(places, done, strict=True) if not is_done for message in messages[place]}
    print(json.dumps({"Events": len(event["Records"]), "Failed": len(failed)}))
    return {"batchItemFailures": [{"itemIdentifier": message} for message in sorted(failed)]}


def settle(place: tuple[str, str]) -> bool:
    bucket, key = place
    try:
        for _ in range(25):
            there, here = head(TARGET_BUCKET, key), head(bucket, key)
            if here is None:
                if there is None:
                    return True
                s3.delete_object(Bucket=TARGET_BUCKET, Key=key, IfMatch=there["ETag"])
                continue
            if there is not None and all(there.get(name) == here.get(name) for name in ("ETag", "ContentType", "Metadata")):
                return True
            condition = {"IfMatch": there["ETag"]} if there else {"IfNoneMatch": "*"}
            source = {"Bucket": bucket, "Key": key}
            s3.copy_object(
                Bucket=TARGET_BUCKET, Key=key, CopySource=source, CopySourceIfMatch=here["ETag"], **condition
            )
    except (ClientError, BotoCoreError) as error:
        print(json.dumps({"error": str(error)}))
    return False


def head(bucket: str, key: str) -> dict[str, Any] | None:
    try:
        return s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return None
        raise
