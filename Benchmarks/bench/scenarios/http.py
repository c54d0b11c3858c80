"""AWSCore's HTTP client against a bare loop around the same libcurl."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..figures import Figure, at_least_ratio, at_most_ratio, ratio, told
from ..process import BenchmarkError, run
from ..stand_in import stand_in
from ..workspace import Workspace


def http(workspace: Workspace) -> Sequence[Figure]:
    """20,000 small requests at 64 in flight, as many signed calls, and 2 GB each way, against bare libcurl"""
    streamed = (2 << 30) if not workspace.is_quick else (256 << 20)
    figures: list[Figure] = []
    for label, arguments, expected, runs in (
        ("20,000 requests", ("small", "20000", "64"), 20_000 * 310, workspace.runs(15, 5)),
        ("20,000 signed calls with 10 KB", ("client", "20000", "64"), 20_000 * 310, workspace.runs(15, 5)),
        (f"{streamed >> 20} MiB down", ("download", str(streamed)), streamed, workspace.runs(7, 5)),
        (f"{streamed >> 20} MiB up", ("upload", str(streamed)), streamed, workspace.runs(7, 5)),
    ):
        figures += _compare(workspace, label, arguments, expected, runs)
    return figures


def _compare(
    workspace: Workspace, label: str, arguments: Sequence[str], expected: int, runs: int
) -> Sequence[Figure]:
    clients = {"Swift": workspace.products / "BenchmarkHarness", "C": workspace.tools / "http_client"}
    wall: dict[str, list[float]] = {name: [] for name in clients}
    cpu: dict[str, list[float]] = {name: [] for name in clients}
    peak: dict[str, list[float]] = {name: [] for name in clients}
    with stand_in(workspace) as server:
        for _ in range(runs):
            for name, program in clients.items():
                usage = run(workspace, [program, str(server.port), *arguments])
                if json.loads(usage.output)["bytes"] != expected:
                    raise BenchmarkError(f"{name}: {label}: {usage.output.strip()} in place of {expected} bytes")
                wall[name].append(usage.wall)
                cpu[name].append(usage.cpu)
                peak[name].append(usage.peak_mib)
    (rate, processor) = (f"{label}: Swift's rate by C's", f"{label}: Swift's CPU by C's")
    if arguments[0] == "client":
        # C does less: it signs nothing.
        compared = [ratio(rate, wall["C"], wall["Swift"]), ratio(processor, cpu["Swift"], cpu["C"])]
    else:
        compared = [
            at_least_ratio(rate, wall["C"], wall["Swift"], 0.8),
            at_most_ratio(processor, cpu["Swift"], cpu["C"], 1.5),
        ]
    return [
        *compared,
        told(f"{label}: Swift", wall["Swift"], "s"),
        told(f"{label}: Swift, CPU", cpu["Swift"], "s"),
        told(f"{label}: Swift, peak memory", peak["Swift"], "MiB"),
    ]
