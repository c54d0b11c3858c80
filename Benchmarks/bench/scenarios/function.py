"""The function in its packaged form, driven by the stand-in's Lambda runtime API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..figures import Figure, at_least_ratio, at_most, at_most_ratio, told
from ..process import BenchmarkError, Running, running
from ..stand_in import StandIn, stand_in
from ..workspace import Workspace

EVENT = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-21T02:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:123456789012:rule/backup"],
    "detail": {},
}


class Function(NamedTuple):
    name: str
    command: list[str | Path]


def swift(workspace: Workspace) -> Function:
    return Function("Swift", [workspace.function / "bootstrap"])


def python(workspace: Workspace) -> Function:
    return Function("Python", [workspace.python, "-m", "awslambdaric", "handler.handler"])


def environment(workspace: Workspace, server: StandIn, tables: int) -> dict[str, str]:
    arns = [f"arn:aws:dynamodb:us-east-1:123456789012:table/Table{number:04}" for number in range(tables)]
    return {
        "_HANDLER": "backup",
        "LAMBDA_TASK_ROOT": str(workspace.function),
        "PYTHONPATH": str(workspace.peers),
        "AWS_LAMBDA_FUNCTION_NAME": "Backup",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "TABLE_ARNS": ",".join(arns),
        "S3_BUCKET": "backups",
        "S3_REGION": "us-east-1",
        "S3_PREFIX": "daily",
        **server.endpoint,
        **server.lambda_api,
    }


def expect_all_started(answer: Any, tables: int) -> None:
    if not isinstance(answer, dict) or answer.get("started") != tables or answer.get("failed") != 0:
        raise BenchmarkError(f"not all of {tables} tables were started: {str(answer)[:2000]}")


def start(workspace: Workspace) -> Sequence[Figure]:
    """process start to the first GET /next, against Python and an idle C program"""
    functions = [swift(workspace), python(workspace), Function("idle C", [workspace.tools / "idle_runtime"])]
    wall: dict[str, list[float]] = {function.name: [] for function in functions}
    cpu: dict[str, list[float]] = {function.name: [] for function in functions}
    for number in range(workspace.runs(40, 10) + 1):
        for function in functions:
            with stand_in(workspace) as server:
                with running(workspace, function.command, environment(workspace, server, 10)) as process:
                    counts = server.wait("next_calls", 1)
                    # The first round only warms the file cache.
                    if number:
                        wall[function.name].append((counts["first_next_at"] - process.started_at) / 1e6)
                        cpu[function.name].append(process.cpu() * 1e3)
    return [
        at_most("Swift: start to GET /next", wall["Swift"], "ms", 10),
        at_least_ratio("Python's start by Swift's", wall["Python"], wall["Swift"], 40),
        told("Swift: CPU of the start", cpu["Swift"], "ms"),
        told("Python: start to GET /next", wall["Python"], "ms"),
        told("idle C program: start to GET /next", wall["idle C"], "ms"),
    ]


def zip_size(workspace: Workspace) -> Sequence[Figure]:
    """bytes of dist/function.zip"""
    return [at_most("dist/function.zip", [workspace.zip_file.stat().st_size / 1e6], "MB", 8)]


def memory(workspace: Workspace) -> Sequence[Figure]:
    """peak memory of an invocation with 10 tables"""
    peaks: dict[str, list[float]] = {}
    for _ in range(workspace.runs(10, 3)):
        for function in (swift(workspace), python(workspace)):
            with stand_in(workspace) as server:
                server.give_events(EVENT, 1)
                with running(workspace, function.command, environment(workspace, server, 10)) as process:
                    server.wait("answers", 1)
                    expect_all_started(server.last_answer(), 10)
                    peaks.setdefault(function.name, []).append(process.peak_mib() * 1.048576)
    return [
        at_most("Swift: peak resident memory", peaks["Swift"], "MB", 25),
        told("Python: peak resident memory", peaks["Python"], "MB"),
    ]


def concurrency(workspace: Workspace) -> Sequence[Figure]:
    """100 tables with 20 ms for each AWS call: time of a warm invocation, calls in flight"""
    seconds: dict[str, list[float]] = {}
    in_flight: dict[str, list[float]] = {}
    calls: list[float] = []
    for _ in range(workspace.runs(10, 3)):
        for function in (swift(workspace), python(workspace)):
            with stand_in(workspace, latency_us=20_000) as server:
                with running(workspace, function.command, environment(workspace, server, 100)) as process:
                    invoke(server, process, 1, 100)
                    before = server.counts()
                    counts = invoke(server, process, 1, 100)
                    elapsed = (counts["last_answer_at"] - counts["last_event_at"]) / 1e9
                    seconds.setdefault(function.name, []).append(elapsed)
                    in_flight.setdefault(function.name, []).append(counts["maximum_in_flight"])
                    if function.name == "Swift":
                        calls.append(counts["aws_calls"] - before["aws_calls"])
    return [
        at_most("Swift: 100 tables", seconds["Swift"], "s", 0.5),
        at_most("Swift: calls in flight, at most", in_flight["Swift"], "", 64, summary="max"),
        told("Swift: AWS calls", calls, ""),
        told("Python, 64 threads: 100 tables", seconds["Python"], "s"),
        told("Python: calls in flight", in_flight["Python"], ""),
    ]


def invocation(workspace: Workspace) -> Sequence[Figure]:
    """CPU of a warm invocation with one table and no latency, against Python"""
    count = workspace.runs(200, 50)
    cpu: dict[str, list[float]] = {}
    wall: dict[str, list[float]] = {}
    for _ in range(workspace.runs(5, 3)):
        for function in (swift(workspace), python(workspace)):
            with stand_in(workspace) as server:
                with running(workspace, function.command, environment(workspace, server, 1)) as process:
                    invoke(server, process, 10, 1)
                    before = process.cpu()
                    counts = invoke(server, process, count, 1)
                    cpu.setdefault(function.name, []).append((process.cpu() - before) / count * 1e3)
                    wall.setdefault(function.name, []).append(
                        (counts["last_answer_at"] - counts["last_event_at"]) / 1e6
                    )
    return [
        at_most_ratio("Swift's CPU in Python's", cpu["Swift"], cpu["Python"], 0.1),
        told("Swift: CPU of an invocation", cpu["Swift"], "ms"),
        told("Python: CPU of an invocation", cpu["Python"], "ms"),
        told("Swift: event to answer", wall["Swift"], "ms"),
        told("Python: event to answer", wall["Python"], "ms"),
    ]


def invoke(server: StandIn, process: Running, count: int, tables: int) -> dict[str, int]:
    """Sends events one after the other and waits for the last answer and the call for the next event."""
    before = server.wait("next_calls", 1)
    server.give_events(EVENT, count)
    server.wait("answers", before["answers"] + count)
    counts = server.wait("next_calls", before["answers"] + count + 1)
    expect_all_started(server.last_answer(), tables)
    return counts
