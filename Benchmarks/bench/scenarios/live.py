"""Live sync: the packaged function between a batch of events and the tables and buckets of the stand-in."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..contest import expect
from ..figures import Figure, at_most, at_most_ratio, told
from ..process import BenchmarkError, running
from ..stand_in import StandIn, stand_in
from ..workspace import Workspace
from .function import Function

RECORDS = 1_000
OBJECTS = 100
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/"
CONFIGURATION = {
    "sync": {
        "tables": [{"source": f"{ARN}Source", "targets": [{"table": f"{ARN}Target"}]}],
        "buckets": [
            {
                "source": "s3://source",
                "sourceRegion": "us-east-1",
                "target": "s3://target",
                "targetRegion": "us-east-1",
            }
        ],
    }
}


def live(workspace: Workspace) -> Sequence[Figure]:
    """live sync: CPU for 1,000 stream records and 100 bucket events against Python, own time from event to target"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(CONFIGURATION))
        return [*tables(workspace, folder), *buckets(workspace, folder)]


def functions(workspace: Workspace, kind: str) -> list[Function]:
    ours = Function("Swift", [workspace.function / "bootstrap"])
    theirs = Function("Python", [workspace.python, "-m", "awslambdaric", f"live_handler.{kind}"])
    return [ours, theirs] if workspace.has_peers else [ours]


def environment(workspace: Workspace, server: StandIn, folder: str, kind: str) -> dict[str, str]:
    return {
        "_HANDLER": f"{kind.removesuffix('s')}-sync",
        "LAMBDA_TASK_ROOT": folder,
        "PYTHONPATH": str(workspace.peers),
        "AWS_LAMBDA_FUNCTION_NAME": "Sync",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "FAILURE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/Failures",
        **server.endpoint,
        **server.lambda_api,
    }


def invoke(server: StandIn, event: dict[str, Any]) -> float:
    """Hands the event over; gives the seconds until the answer, when all of it has to be at the target."""
    before = server.wait("next_calls", 1)
    server.give_events(event, 1)
    counts = server.wait("next_calls", before["next_calls"] + 1)
    answer = server.last_answer()
    if answer != {"batchItemFailures": []}:
        raise BenchmarkError(f"not all was done: {str(answer)[:2000]}")
    return (counts["last_answer_at"] - counts["last_event_at"]) / 1e9


def stream_records(server: StandIn, count: int) -> list[dict[str, Any]]:
    """Records of a stream for items as the stand-in's Source has them, each with both images: about 1 KB."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(
        "POST",
        "/",
        json.dumps({"TableName": "Source", "Limit": count}),
        {"X-Amz-Target": "DynamoDB_20120810.Scan", "Content-Type": "application/x-amz-json-1.0"},
    )
    items = json.loads(connection.getresponse().read())["Items"][:count]
    connection.close()
    return [
        {
            "eventID": f"{number:032x}",
            "eventName": "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1795226400,
                "Keys": {"pk": item["pk"], "sk": item["sk"]},
                "NewImage": item,
                "OldImage": item,
                "SequenceNumber": f"{100000000000 + number}",
                "SizeBytes": 900,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            "eventSourceARN": f"{ARN}Source/stream/2026-11-21T00:00:00.000",
        }
        for number, item in enumerate(items)
    ]


def message(number: int) -> dict[str, Any]:
    """A queue's message with S3's notification of one of the stand-in's objects."""
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-21T10:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "DynamoDBSyncFunction",
            "bucket": {
                "name": "source",
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": "arn:aws:s3:::source",
            },
            "object": {
                "key": f"photos/{number // 1000:04}/object-{number:09}.jpg",
                "size": 1000,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    }
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-{number:012}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a" * 4,
        "body": json.dumps({"Records": [record]}),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:DynamoDBSyncFunction-bucket-events",
        "awsRegion": "us-east-1",
    }


def measure(
    workspace: Workspace,
    folder: str,
    kind: str,
    options: dict[str, int],
    batches: Callable[[StandIn], list[dict[str, Any]]],
    singles: Callable[[StandIn, int], list[dict[str, Any]]],
    check: Callable[[dict[str, int]], None],
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """CPU of a batch in milliseconds, and the time of events with one record, for each function."""
    cpu: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    for _ in range(workspace.runs(5, 3)):
        for function in functions(workspace, kind):
            with stand_in(workspace, **options) as server:
                events, alone = batches(server), singles(server, workspace.runs(400, 100))
                with running(workspace, function.command, environment(workspace, server, folder, kind)) as process:
                    invoke(server, events[0])
                    before = process.cpu()
                    for event in events[1:]:
                        invoke(server, event)
                    cpu.setdefault(function.name, []).append((process.cpu() - before) / (len(events) - 1) * 1e3)
                    taken = [invoke(server, event) * 1e3 for event in alone]
                    times.setdefault(function.name, []).extend(taken)
                check(server.counts())
    return cpu, times


def figures(kind: str, batch: str, cpu: dict[str, list[float]], times: dict[str, list[float]]) -> list[Figure]:
    found = []
    if "Python" in cpu:
        found.append(at_most_ratio(f"{kind}, {batch}: Swift's CPU in Python's", cpu["Swift"], cpu["Python"], 0.1))
    found += [told(f"{kind}, {batch}: CPU, {name}", values, "ms") for name, values in cpu.items()]
    hundredths = statistics.quantiles(times["Swift"], n=100)
    found += [
        at_most(f"{kind}, one event to its target: p50", [hundredths[49]], "ms", 10),
        at_most(f"{kind}, one event to its target: p99", [hundredths[98]], "ms", 30),
    ]
    if "Python" in times:
        found.append(told(f"{kind}, one event to its target: Python's p50", times["Python"], "ms"))
    return found


def tables(workspace: Workspace, folder: str) -> list[Figure]:
    count = workspace.runs(30, 10)

    def check(counts: dict[str, int]) -> None:
        expect(counts, items_changed=0, items_unknown=0, items_there=RECORDS, calls_throttled=0)

    cpu, times = measure(
        workspace,
        folder,
        "tables",
        {"items": RECORDS},
        lambda server: [{"Records": stream_records(server, RECORDS)}] * (count + 1),
        lambda server, number: [{"Records": [record]} for record in stream_records(server, RECORDS)[:number]],
        check,
    )
    return figures("tables", f"{RECORDS} records of 1 KB", cpu, times)


def buckets(workspace: Workspace, folder: str) -> list[Figure]:
    count, alone = workspace.runs(20, 8), workspace.runs(400, 100)
    objects = (count + 1) * OBJECTS + alone

    def check(counts: dict[str, int]) -> None:
        expect(counts, objects_changed=0, objects_unknown=0, objects_there=objects, objects_put_again=0)

    cpu, times = measure(
        workspace,
        folder,
        "buckets",
        {"objects": objects, "object_bytes": 1_000},
        lambda _: [
            {"Records": [message(number) for number in range(start, start + OBJECTS)]}
            for start in range(0, (count + 1) * OBJECTS, OBJECTS)
        ],
        lambda _, number: [{"Records": [message((count + 1) * OBJECTS + each)]} for each in range(number)],
        check,
    )
    return figures("buckets", f"{OBJECTS} events", cpu, times)
