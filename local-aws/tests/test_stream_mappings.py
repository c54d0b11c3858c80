"""Event source mappings of DynamoDB streams: what is delivered again, and from where (AWS facts 7)."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import HERE, LocalAWS, start_server, stop_server
from test_functions import ROLE_POLICY
from waiting import until

sys.path.insert(0, str(HERE.parent))

from launcher.stream_mappings import failed_position  # noqa: E402

# They have a server of their own.
pytestmark = pytest.mark.xdist_group("stream_mappings")


@pytest.fixture(scope="module")
def impatient() -> Iterator[LocalAWS]:
    """Does not wait before a failed batch comes again."""
    server = start_server(LOCAL_AWS_ASYNC_RETRY_SECONDS="0")
    yield server
    stop_server(server)


@dataclass
class Stream:
    """A table with a stream, and a function that a mapping gives its records to."""

    aws: LocalAWS
    name: str
    folder: Path
    queue: str

    def put(self, *keys: str) -> None:
        for key in keys:
            self.aws.client("dynamodb").put_item(TableName=self.name, Item={"pk": {"S": key}})

    def say(self, file: str, *keys: str) -> None:
        (self.folder / file).write_text(" ".join(keys))

    def came(self) -> list[str]:
        """The keys of each invocation."""
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def messages(self) -> list[dict[str, Any]]:
        found = self.aws.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]


Start = Callable[..., Stream]


@pytest.fixture
def start(impatient: LocalAWS, tmp_path: Path, unique: Callable[[str], str]) -> Iterator[Start]:
    name = unique("Stream")
    mappings: list[str] = []

    def make(*before: str, **members: Any) -> Stream:
        """The keys `before` are written before there is a mapping."""
        table = impatient.client("dynamodb").create_table(
            TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]
        sqs = impatient.client("sqs")
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        destination = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        role = impatient.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ROLE_POLICY))
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, (HERE / "stream_bootstrap.py").read_bytes())
        client = impatient.client("lambda")
        client.create_function(
            FunctionName=name, Runtime="provided.al2023", Handler="x", Role=role["Role"]["Arn"], Timeout=60,
            Code={"ZipFile": package.getvalue()}, Environment={"Variables": {"FOLDER": str(tmp_path)}})
        stream = Stream(impatient, name, tmp_path, queue)
        stream.put(*before)
        mappings.append(client.create_event_source_mapping(
            FunctionName=name, EventSourceArn=table["LatestStreamArn"], BatchSize=10,
            DestinationConfig={"OnFailure": {"Destination": destination}},
            **{"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"], **members},
        )["UUID"])
        return stream

    yield make
    for mapping in mappings:
        impatient.client("lambda").delete_event_source_mapping(UUID=mapping)


def test_records_from_before_the_mapping_come_in_their_order(start: Start) -> None:
    stream = start("a", "b", "c")
    until(stream.came, "an invocation")
    stream.put("d")
    until(lambda: len(stream.came()) == 2, "the second invocation")
    assert stream.came() == ["a b c", "d"]


def test_what_is_reported_comes_again_from_the_lowest_on(start: Start, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("b c")
    stream = start("a", "b", "c", "d")
    until(lambda: len(stream.came()) >= 2, "a second attempt")
    stream.say("report")
    stream.put("e")
    # With the last attempt or behind it.
    until(lambda: stream.came()[-1].endswith("e"), "the next record")
    assert stream.came()[0] == "a b c d" and set(stream.came()[1:-1]) == {"b c d"}
    assert stream.came()[-1] in ("e", "b c d e")


def test_without_the_response_type_what_is_reported_counts_as_done(start: Start, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("b")
    stream = start("a", "b", "c", FunctionResponseTypes=[])
    until(stream.came, "an invocation")
    stream.put("d")
    until(lambda: len(stream.came()) == 2, "the second invocation")
    assert stream.came() == ["a b c", "d"]


def test_an_error_divides_the_batch_until_only_the_poison_is_given_up(start: Start, tmp_path: Path) -> None:
    (tmp_path / "error").write_text("c")
    stream = start("a", "b", "c", "d", MaximumRetryAttempts=4, BisectBatchOnFunctionError=True)
    until(lambda: "d" in " ".join(stream.came()[-1:]).split() and "c" not in stream.came()[-1], "the record behind it")
    assert stream.came()[:2] == ["a b c d", "a b"]
    [message] = until(stream.messages, "a message")
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == message["DDBStreamBatchInfo"]["endSequenceNumber"]


def test_retries_end(start: Start, tmp_path: Path) -> None:
    (tmp_path / "error").write_text("a")
    stream = start("a", "b", MaximumRetryAttempts=2)
    until(lambda: len(stream.came()) == 3, "three attempts")
    stream.put("c")
    until(lambda: stream.came()[-1] == "c", "the next record")
    assert stream.came() == ["a b", "a b", "a b", "c"]
    assert [message["DDBStreamBatchInfo"]["batchSize"] for message in until(stream.messages, "a message")] == [2]


@pytest.mark.parametrize(("body", "place"), [
    (None, None), ("", None), ({}, None), ("{}", None), ('{"batchItemFailures":[]}', None), ({"batchItemFailures": None}, None),
    ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}, 1), ("no JSON", 0),
    ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": ""}]}, 0),
    ({"batchItemFailures": [{"itemIdentifier": None}]}, 0), ({"batchItemFailures": [{"item": "2"}]}, 0),
    ({"batchItemFailures": [{"itemIdentifier": "9"}]}, 0), ("null", None),
])
def test_answers(body: Any, place: int | None) -> None:
    assert failed_position(body, ["1", "2", "3"]) == place
