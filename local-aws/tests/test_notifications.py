"""S3's notifications: which rules it takes, and what it sends to a queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import LocalAWS
from waiting import until

REGION = "us-west-2"


def _rule(identifier: str, queue: str, prefix: str = "", suffix: str = "", event: str = "s3:ObjectCreated:*") -> Any:
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    rule: dict[str, Any] = {"Id": identifier, "QueueArn": queue, "Events": [event]}
    return {**rule, "Filter": {"Key": {"FilterRules": rules}}} if rules else rule


def _put(aws: LocalAWS, bucket: str, *rules: Any) -> None:
    aws.client("s3", REGION).put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": list(rules)}
    )


@pytest.fixture
def queue(aws: LocalAWS) -> tuple[str, str]:
    """URL and ARN."""
    sqs = aws.client("sqs", REGION)
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_rules_that_overlap_are_refused_with_the_words_of_s3(
    aws: LocalAWS, bucket: str, queue: tuple[str, str]
) -> None:
    _, arn = queue
    first = _rule("first", arn, prefix="a/", suffix=".jpg")
    for other in (
        _rule("other", arn),
        _rule("other", arn, prefix="a/b/", event="s3:ObjectCreated:Put"),
        _rule("other", arn, suffix="x.jpg"),
    ):
        with pytest.raises(ClientError, match="Configuration is ambiguously defined"):
            _put(aws, bucket, first, other)
    _put(
        aws, bucket, first, _rule("prefix", arn, prefix="b/"), _rule("suffix", arn, prefix="a/", suffix=".png"),
        _rule("event", arn, event="s3:ObjectRemoved:*"),
    )  # fmt: skip
    rules = aws.client("s3", REGION).get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert {rule["Id"] for rule in rules} == {"first", "prefix", "suffix", "event"}


def test_filters_are_encoded_as_keys_are(aws: LocalAWS, bucket: str, queue: tuple[str, str]) -> None:
    url, arn = queue
    _put(aws, bucket, _rule("encoded", arn, prefix="a+b%C3%A9/"))
    s3, sqs = aws.client("s3", REGION), aws.client("sqs", REGION)
    for key in ("a+bé/left out", "a bé/1+2"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    def bodies() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    found = until(lambda: [body for body in bodies() if "Records" in body], "the event")
    assert {record["s3"]["object"]["key"] for body in found for record in body["Records"]} == {"a+b%C3%A9/1%2B2"}
    assert {record["s3"]["configurationId"] for body in found for record in body["Records"]} == {"encoded"}


def test_tags_are_events_of_their_own(aws: LocalAWS, bucket: str, queue: tuple[str, str]) -> None:
    url, arn = queue
    s3, sqs = aws.client("s3", REGION), aws.client("sqs", REGION)
    s3.put_object(Bucket=bucket, Key="a b", Body=b"12")
    _put(aws, bucket, _rule("tags", arn, event="s3:ObjectTagging:*"))
    s3.put_object_tagging(Bucket=bucket, Key="a b", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="a b")
    with pytest.raises(ClientError):
        s3.put_object_tagging(Bucket=bucket, Key="missing", Tagging={"TagSet": []})
    found: dict[str, Any] = {}

    def both() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for record in json.loads(message["Body"]).get("Records", []):
                # Tests share the queue.
                if record["s3"]["configurationId"] == "tags":
                    found[record["eventName"]] = record["s3"]["object"]
        return len(found) == 2

    until(both, "the events")
    assert set(found) == {"ObjectTagging:Put", "ObjectTagging:Delete"}
    assert all(each["key"] == "a+b" and each["size"] == 2 for each in found.values())
