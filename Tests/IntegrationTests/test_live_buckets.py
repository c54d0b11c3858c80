"""Live sync of buckets: writers on a source, its events in a queue, the packaged function, and the targets."""

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

ROLE_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
KEYS = [f"in/k{number} ü+&%{{" for number in range(6)] + [f"k{number}" for number in range(6)]
FUNCTION = "DynamoDBSyncFunction-buckets"


class Buckets:
    """A source bucket and its targets, the function and its queues."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.s3 = account.client("s3")
        self.sqs = account.client("sqs")
        self.source, self.whole, self.part = (f"{name}-{account.number}" for name in ("source", "whole", "part"))
        for bucket in (self.source, self.whole, self.part):
            self.s3.create_bucket(Bucket=bucket)

    def make_queue(self, name: str, **attributes: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, answer["Attributes"]["QueueArn"]

    def deploy(self, function_zip: Path) -> None:
        self.failures, failures_arn = self.make_queue("Failures")
        self.events, events_arn = self.make_queue(
            "Events",
            # Twice an invocation's longest time, or messages come again while they are worked on.
            VisibilityTimeout="30",
            RedrivePolicy=json.dumps({"deadLetterTargetArn": failures_arn, "maxReceiveCount": 3}),
            Policy=json.dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": f"arn:aws:sqs:{REGION}:{self.account.number}:Events",
                }],
            }),
        )
        mappings = [
            {"source": f"s3://{self.source}", "target": f"s3://{self.whole}/copy"},
            {"source": f"s3://{self.source}/in", "target": f"s3://{self.part}"},
        ]
        regions = {"sourceRegion": REGION, "targetRegion": REGION}
        config = {"sync": {"buckets": [{**mapping, **regions} for mapping in mappings]}}
        package = io.BytesIO()
        with zipfile.ZipFile(function_zip) as packaged, zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, packaged.read("bootstrap"))
            archive.writestr("config.json", json.dumps(config))
        role = self.account.client("iam").create_role(RoleName="Sync", AssumeRolePolicyDocument=json.dumps(ROLE_POLICY))
        client = self.account.client("lambda")
        client.create_function(
            FunctionName=FUNCTION,
            Runtime="provided.al2023",
            Handler="bucket-sync",
            Role=role["Role"]["Arn"],
            Timeout=15,
            Code={"ZipFile": package.getvalue()},
            LoggingConfig={"LogFormat": "JSON"},
        )
        client.create_event_source_mapping(
            FunctionName=FUNCTION,
            EventSourceArn=events_arn,
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        self.s3.put_bucket_notification_configuration(
            Bucket=self.source,
            NotificationConfiguration={
                "QueueConfigurations": [{
                    "Id": "DynamoDBSyncFunction",
                    "QueueArn": events_arn,
                    "Events": [
                        "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "s3:ObjectTagging:*",
                    ],
                }]
            },
        )

    def waiting(self) -> int:
        """Messages of the queue of events, those that are worked on among them."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.events, AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    def objects(self, bucket: str, prefix: str = "") -> dict[str, Any]:
        """Every object's contents and properties by its key behind the prefix."""
        found = {}
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for entry in [entry for page in pages for entry in page.get("Contents", [])]:
            try:
                answer = self.s3.get_object(Bucket=bucket, Key=entry["Key"])
                tags = self.s3.get_object_tagging(Bucket=bucket, Key=entry["Key"])["TagSet"]
            except self.s3.exceptions.NoSuchKey:
                continue
            found[entry["Key"].removeprefix(prefix)] = (
                answer["Body"].read(), answer["ContentType"], answer["Metadata"],
                sorted((tag["Key"], tag["Value"]) for tag in tags),
            )
        return found

    def write(self, seed: int, count: int) -> None:
        """Puts, tags, copies in place and deletes a few keys again and again."""
        chosen = random.Random(seed)
        s3 = self.account.client("s3")
        for number in range(count):
            key = chosen.choice(KEYS)
            kind = chosen.random()
            if kind < 0.3:
                s3.delete_object(Bucket=self.source, Key=key)
            elif kind < 0.5:
                tags = [{"Key": "t", "Value": f"{number} ü"}] if chosen.random() < 0.7 else []
                try:
                    s3.put_object_tagging(Bucket=self.source, Key=key, Tagging={"TagSet": tags})
                except s3.exceptions.ClientError as error:
                    assert error.response["Error"]["Code"] == "NoSuchKey", error
            else:
                s3.put_object(
                    Bucket=self.source,
                    Key=key,
                    Body=f"{chosen.randrange(4)}" * chosen.randrange(2_000),
                    ContentType=chosen.choice(["text/plain", "image/png"]),
                    Metadata={"writer": f"{seed}"},
                    Tagging=chosen.choice(["", "a=b&c=d"]),
                )


@pytest.fixture
def buckets(account: Account, function_zip: Path) -> Iterator[Buckets]:
    made = Buckets(account)
    made.deploy(function_zip)
    yield made
    client = account.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=mapping["UUID"])


def lines(account: Account, word: str) -> list[dict[str, Any]]:
    """The function's log lines with that word; none before it has logged anything."""
    logs = account.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(event["message"]) for event in events if word in event["message"]]


def received(buckets: Buckets, queue: str) -> Callable[[], list[str]]:
    return lambda: [
        message["Body"]
        for message in buckets.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_writers_are_followed_and_what_cannot_be_read_waits_in_the_queue_of_failures(buckets: Buckets) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    buckets.sqs.send_message(QueueUrl=buckets.events, MessageBody="nonsense")
    with ThreadPoolExecutor(4) as writers:
        for each in [writers.submit(buckets.write, seed + number, 40) for number in range(4)]:
            each.result()

    def is_equal() -> bool:
        source = buckets.objects(buckets.source)
        part = {key.removeprefix("in/"): value for key, value in source.items() if key.startswith("in/")}
        return buckets.objects(buckets.whole, "copy/") == source and buckets.objects(buckets.part) == part

    assert until(is_equal, f"targets that equal the source (seed {seed})")
    assert buckets.objects(buckets.source)
    # With nothing else at work, the message that is none may come again as soon as it has failed.
    until(lambda: buckets.waiting() <= 1, "the end of the events")
    buckets.sqs.set_queue_attributes(QueueUrl=buckets.events, Attributes={"VisibilityTimeout": "1"})
    assert until(received(buckets, buckets.failures), "the message that is none") == ["nonsense"]
    [error, *_] = lines(buckets.account, "the event is not one of S3")
    assert "byte 0" in error.get("message", error.get("errorMessage", ""))
    metrics = [line for line in lines(buckets.account, "CloudWatchMetrics") if "Events" in line]
    assert {line["Target"] for line in metrics} == {f"s3://{buckets.whole}/copy/", f"s3://{buckets.part}/"}
    assert all(line["Source"].startswith(f"s3://{buckets.source}/") and line["Lag"] >= 0 for line in metrics)


def test_a_deletion_of_a_version_deletes_nothing_and_one_of_a_marker_brings_the_object_back(buckets: Buckets) -> None:
    s3, source = buckets.s3, buckets.source
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=source, Key="a", Body=b"old")["VersionId"]
    s3.put_object(Bucket=source, Key="a", Body=b"new")

    def contents() -> bytes | None:
        found = buckets.objects(buckets.whole, "copy/")
        return found["a"][0] if "a" in found else None

    until(lambda: contents() == b"new", "the copy")
    s3.delete_object(Bucket=source, Key="a", VersionId=old)
    unchanged = lambda: [line for line in lines(buckets.account, "ObjectsUnchanged") if line["ObjectsUnchanged"] > 0]  # noqa: E731
    until(unchanged, "an event that changes nothing")
    assert contents() == b"new"
    marker = s3.delete_object(Bucket=source, Key="a")["VersionId"]
    until(lambda: contents() is None, "the deletion")
    # S3 tells of it as of any deletion.
    s3.delete_object(Bucket=source, Key="a", VersionId=marker)
    assert until(lambda: contents() == b"new", "the object's return")
