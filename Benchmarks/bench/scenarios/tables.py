"""`sync table` and `sync verify table` beside bare libcurl programs and boto3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..contest import Contender, Samples, contest, expect, once
from ..figures import Figure, at_least_ratio, at_most, at_most_ratio, ratio, told
from ..stand_in import StandIn
from ..workspace import Workspace

MEMORY_MB = 100
# What the bare copy reads in and how many batches it has in flight: what ours does without being told.
SEGMENTS, IN_FLIGHT = 16, 64
SIGNED, UNSIGNED = "bare libcurl", "bare libcurl, unsigned"
FAULTS = {"unprocessed_permille": 20, "throttled_permille": 20}


def ours(workspace: Workspace, runs: int) -> Contender:
    program = workspace.products / "sync"
    return Contender("sync table", lambda servers: [program, "table", "Source", "Target", "--quiet"], runs=runs)


def bare(workspace: Workspace, runs: int, writers: int = IN_FLIGHT, is_signed: bool = True) -> Contender:
    def command(servers: Sequence[StandIn]) -> list[str]:
        program = [str(workspace.tools / "copy_table"), str(servers[0].port), str(SEGMENTS), str(writers)]
        return [*program, "signed"] if is_signed else program

    return Contender(SIGNED if is_signed else UNSIGNED, command, runs=runs)


def boto3(workspace: Workspace, scale: float) -> Contender:
    program = workspace.peers / "copy_table.py"
    return Contender("boto3", lambda servers: [workspace.python, program, "Source", "Target"], scale=scale)


def sync_table(workspace: Workspace) -> Sequence[Figure]:
    """1 million items: CPU, time and memory against bare libcurl and boto3; with latency, with throttling"""
    return [
        *_without_latency(workspace),
        *_with_latency(workspace, {}, ""),
        *_with_latency(workspace, FAULTS, ", faults"),
    ]


def _items(workspace: Workspace) -> int:
    return workspace.runs(1_000_000, 100_000)


def _per_million(samples: Samples, items: int) -> list[float]:
    return [seconds * 1e6 / items for seconds in samples.cpu]


def _without_latency(workspace: Workspace) -> Sequence[Figure]:
    items, peer_items = _items(workspace), min(_items(workspace), workspace.runs(100_000, 20_000))
    contenders = [bare(workspace, 5), bare(workspace, 5, is_signed=False), ours(workspace, 5)]
    if workspace.has_peers:
        contenders.append(boto3(workspace, items / peer_items))

    def options(contender: Contender) -> Sequence[Mapping[str, int]]:
        return [{"items": peer_items if contender.name == "boto3" else items}]

    def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
        expect(counts[0], items_there=options(contender)[0]["items"], **NOTHING_WRONG)

    results = contest(workspace, contenders, options, check)
    mine, limit, unsigned = results["sync table"], results[SIGNED], results[UNSIGNED]
    label = f"{items:,} items"
    figures = [at_most_ratio(f"{label}: CPU by bare libcurl's", mine.cpu, limit.cpu, 1.7)]
    figures.append(ratio(f"{label}: CPU by that of one that signs nothing", mine.cpu, unsigned.cpu))
    if "boto3" in results:
        figures.append(at_least_ratio(f"{label}: boto3's CPU by ours", results["boto3"].cpu, mine.cpu, 30))
    figures.append(at_most(f"{label}: sync table, peak memory", mine.peak, "MB", MEMORY_MB, summary="max"))
    for samples in results.values():
        figures.append(told(f"CPU for a million items: {samples.name}", _per_million(samples, items), "s"))
    for samples in results.values():
        figures += samples.figures(label)
    figures.append(told(f"{label}: the server's own CPU beside sync table", mine.server_cpu, "s"))
    return figures


NOTHING_WRONG = {"items_changed": 0, "items_unknown": 0, "items_put_again": 0}


def _with_latency(workspace: Workspace, faults: Mapping[str, int], suffix: str) -> Sequence[Figure]:
    items, runs = workspace.runs(1_000_000, 200_000), workspace.runs(3, 3)
    options = {"items": items, "latency_us": 20_000, **faults}

    def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
        expect(counts[0], items_there=items, **NOTHING_WRONG)

    mine, limit = Samples("sync table"), Samples(SIGNED)
    in_flight: list[float] = []
    for _ in range(runs):
        sample = once(workspace, ours(workspace, 1), [options], check)
        mine.samples.append(sample)
        # The bare copy has as many calls in flight as ours had at most.
        most = sample.counts[0]["maximum_in_flight"]
        in_flight.append(most)
        limit.samples.append(once(workspace, bare(workspace, 1, max(1, most - SEGMENTS)), [options], check))
    label = f"{items:,} items, 20 ms{suffix}"
    rates = [[items / wall for wall in samples.wall] for samples in (mine, limit)]
    return [
        at_least_ratio(f"{label}: rate by bare libcurl's", rates[0], rates[1], 0.6),
        at_most(f"{label}: sync table, peak memory", mine.peak, "MB", MEMORY_MB, summary="max"),
        told(f"{label}: calls in flight, at most", in_flight, ""),
        told(f"{label}: sync table", rates[0], "items/s"),
        told(f"{label}: bare libcurl", rates[1], "items/s"),
        told(f"{label}: CPU by bare libcurl's", [mine.median(mine.cpu) / limit.median(limit.cpu)], "×"),
    ]


def sync_verify(workspace: Workspace) -> Sequence[Figure]:
    """1 million equal items on both sides: CPU, time and memory against a bare reader of both"""
    items = _items(workspace)
    program = workspace.products / "sync"
    arguments = ["verify", "table", "Source", "Copy", "--quiet"]
    mine = Contender("sync verify", lambda servers: [program, *arguments], runs=5)

    def read(servers: Sequence[StandIn]) -> list[str]:
        return [str(workspace.tools / "read_tables"), str(servers[0].port), "8", "Source", "Copy"]

    def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
        expect(counts[0], items_scanned=2 * items)

    # It must find what differs in whatever order it comes, or its being quick says nothing.
    for order in ({}, {"copy_page_bytes": 700_000}, {"reversed_copy": 1}):
        different = {"items": 100_000, "different_items": 100, **order}
        once(workspace, mine, [different], lambda contender, counts: None, expected_exit=3)
    contenders = [Contender("bare libcurl", read, runs=5), mine]
    results = contest(workspace, contenders, lambda contender: [{"items": items}], check)
    ours_, limit = results["sync verify"], results["bare libcurl"]
    label = f"2 × {items:,} items"
    figures = [
        at_most_ratio(f"{label}: CPU by a bare reader's", ours_.cpu, limit.cpu, 1.5),
        at_most_ratio(f"{label}: time by a bare reader's", ours_.wall, limit.wall, 1.5),
        at_most(f"{label}: sync verify, peak memory", ours_.peak, "MB", MEMORY_MB, summary="max"),
        *ours_.figures(label),
        *limit.figures(label),
        told(f"{label}: the server's own CPU beside sync verify", ours_.server_cpu, "s"),
    ]
    # Not what DynamoDB does, and the worst that there is; the reader does the same in whatever order items come.
    worst = replace(mine, runs=3)
    reversed_ = contest(workspace, [worst], lambda contender: [{"items": items, "reversed_copy": 1}], check)[mine.name]
    label = f"2 × {items:,} items, one side reversed"
    figures += [
        at_most(f"{label}: sync verify, peak memory", reversed_.peak, "MB", MEMORY_MB, summary="max"),
        told(f"{label}: CPU by a bare reader's", [reversed_.median(reversed_.cpu) / limit.median(limit.cpu)], "×"),
        told(f"{label}: time by a bare reader's", [reversed_.median(reversed_.wall) / limit.median(limit.wall)], "×"),
        *reversed_.figures(label),
    ]
    return figures
