"""Live sync of tables: writers on a source, its stream, the packaged function, and the targets."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import REGION, Account, until

OTHER_REGION = "eu-west-1"
KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
ROLE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def make_source(account: Account) -> str:
    """A table with a stream; gives the stream's ARN."""
    stream: str = account.client("dynamodb").create_table(
        TableName="Orders",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **KEY,
    )["TableDescription"]["LatestStreamArn"]
    return stream


@pytest.fixture
def deploy(account: Account, function_zip: Path) -> Iterator[Callable[[str, list[dict[str, Any]]], str]]:
    """Deploys the packaged function for a stream and its table's targets, and gives the failure queue's URL."""
    yield lambda stream, targets: make_function(account, function_zip, stream, targets)
    client = account.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=mapping["UUID"])


def make_function(account: Account, function_zip: Path, stream: str, targets: list[dict[str, Any]]) -> str:
    config = {"sync": {"tables": [{"source": account.arn("Orders"), "targets": targets}]}}
    package = io.BytesIO()
    with zipfile.ZipFile(function_zip) as packaged, zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, packaged.read("bootstrap"))
        archive.writestr("config.json", json.dumps(config))
    role = account.client("iam").create_role(RoleName="Sync", AssumeRolePolicyDocument=json.dumps(ROLE_POLICY))
    sqs = account.client("sqs")
    queue: str = sqs.create_queue(QueueName="Failures")["QueueUrl"]
    client = account.client("lambda")
    client.create_function(
        FunctionName="DynamoDBSyncFunction",
        Runtime="provided.al2023",
        Handler="table-sync",
        Role=role["Role"]["Arn"],
        Timeout=30,
        Code={"ZipFile": package.getvalue()},
        Environment={"Variables": {"FAILURE_QUEUE_URL": queue}},
        LoggingConfig={"LogFormat": "JSON"},
    )
    destination = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.create_event_source_mapping(
        FunctionName="DynamoDBSyncFunction",
        EventSourceArn=stream,
        StartingPosition="TRIM_HORIZON",
        BatchSize=100,
        BisectBatchOnFunctionError=True,
        # As often as it takes until the second target is made.
        MaximumRetryAttempts=10_000,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": destination}},
    )
    return queue


def items(account: Account, table: str, region: str = REGION) -> dict[str, str]:
    """Every item by its key, as text that is the same for equal items."""
    pages = account.client("dynamodb", region).get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    found = [item for page in pages for item in page["Items"]]
    return {f"{item['pk']['S']} {item['sk']['N']}": json.dumps(item, sort_keys=True, default=repr) for item in found}


def write(account: Account, seed: int, count: int) -> None:
    """Puts, updates and deletes a few keys again and again."""
    chosen = random.Random(seed)
    dynamodb = account.client("dynamodb")
    for number in range(count):
        key = {"pk": {"S": f"k{chosen.randrange(20)} ü\"{{"}, "sk": {"N": str(chosen.randrange(2))}}
        state = chosen.choice(["open", "closed"])
        if chosen.random() < 0.3:
            dynamodb.delete_item(TableName="Orders", Key=key)
        elif chosen.random() < 0.5:
            dynamodb.update_item(
                TableName="Orders",
                Key=key,
                UpdateExpression="SET #s = :s, n = :n",
                ExpressionAttributeNames={"#s": "state"},
                ExpressionAttributeValues={":s": {"S": state}, ":n": {"N": f"{number}.10"}},
            )
        else:
            more = {"b": {"B": bytes([seed % 256, number % 256])}, "l": {"L": [{"M": {"x": {"NULL": True}}}]}}
            dynamodb.put_item(TableName="Orders", Item={**key, "state": {"S": state}, "w": {"N": str(seed)}, **more})


def lines(account: Account, word: str) -> list[dict[str, Any]]:
    """The function's log lines with that word; none before it has logged anything."""
    logs = account.client("logs")
    try:
        events = logs.filter_log_events(logGroupName="/aws/lambda/DynamoDBSyncFunction")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(event["message"]) for event in events if word in event["message"]]


def test_writers_are_followed_also_by_a_target_that_was_not_there_at_first(
    account: Account, deploy: Callable[..., str]
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    stream = make_source(account)
    account.client("dynamodb", OTHER_REGION).create_table(TableName="Orders", **KEY)
    write(account, seed, 30)
    queue = deploy(
        stream,
        [
            {"table": account.arn("Orders", OTHER_REGION)},
            {"table": account.arn("Open"), "where": "state = 'open'"},
        ],
    )
    with ThreadPoolExecutor(4) as writers:
        running = [writers.submit(write, account, seed + number, 100) for number in range(1, 5)]
        # Nothing can be written to the second target, and the first one is written all the same.
        until(lambda: lines(account, "ResourceNotFoundException"), "an error that names what is missing")
        until(lambda: items(account, "Orders", OTHER_REGION), "items in the first target")
        account.client("dynamodb").create_table(TableName="Open", **KEY)
        for each in running:
            each.result()

    def is_equal() -> bool:
        source = items(account, "Orders")
        opened = {key: text for key, text in source.items() if '"S": "open"' in text}
        return items(account, "Orders", OTHER_REGION) == source and items(account, "Open") == opened

    assert until(is_equal, f"targets that equal the source (seed {seed})")
    assert items(account, "Orders")
    assert "Messages" not in account.client("sqs").receive_message(QueueUrl=queue)
    metrics = [line for line in lines(account, "CloudWatchMetrics") if "Records" in line]
    assert {line["Target"] for line in metrics} == {account.arn("Orders", OTHER_REGION), account.arn("Open")}
    assert all(line["Source"] == account.arn("Orders") and line["Lag"] >= 0 for line in metrics)


def test_a_stream_without_images_is_an_error_that_says_what_to_change(account: Account, deploy: Callable[..., str]) -> None:
    stream = account.client("dynamodb").create_table(
        TableName="Orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, **KEY
    )["TableDescription"]["LatestStreamArn"]
    deploy(stream, [{"table": account.arn("Orders-new")}])
    write(account, 1, 20)
    [line, *_] = until(lambda: lines(account, "StreamWithoutImages"), "the error")
    assert "KEYS_ONLY" in line["message"] and "--stream-specification" in line["message"]
