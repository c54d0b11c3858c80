"""The command line programs."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..figures import Figure, at_least_ratio, at_most, told
from ..process import BenchmarkError, Usage, run
from ..stand_in import stand_in
from ..workspace import Workspace

DAYS, TABLES = 730, 20


def help_text(workspace: Workspace) -> Sequence[Figure]:
    """monitor --help and restore --help"""
    programs = ("monitor", "restore")
    wall: dict[str, list[float]] = {program: [] for program in programs}
    for _ in range(workspace.runs(40, 15)):
        for program in programs:
            wall[program].append(run(workspace, [workspace.products / program, "--help"]).wall * 1e3)
    return [at_most(f"{program} --help", wall[program], "ms", 10) for program in programs]


@contextmanager
def configuration() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.json")
        file.write_text(
            json.dumps(
                {
                    "functionName": "Backup",
                    "tables": ["arn:aws:dynamodb:us-east-1:123456789012:table/Table0000"],
                    "bucket": {"name": "backups", "region": "us-east-1", "prefix": "daily"},
                }
            )
        )
        yield file


def restore_list(workspace: Workspace) -> Sequence[Figure]:
    """730 days × 20 tables, against boto3 by delimiter; memory with 10 and 1000 data files"""
    ours: list[Usage] = []
    theirs: list[Usage] = []
    large: list[Usage] = []
    same_answer: list[Usage] = []
    with configuration() as config:
        command = [workspace.products / "restore", "list", "--config", config]
        peer = [workspace.python, workspace.peers / "restore_list.py", "backups", "daily/"]
        same_answer_peer = [workspace.python, workspace.peers / "restore_list_complete.py", "backups", "daily/"]
        # With one thread the server, which makes 300 KB for each of our calls, is what is measured.
        options = {"days": DAYS, "tables": TABLES, "threads": 2}
        few_files = stand_in(workspace, **options, files=10)
        many_files = stand_in(workspace, **options, files=1000)
        with few_files as few, many_files as many:
            for _ in range(workspace.runs(10, 3)):
                ours.append(_complete(run(workspace, command, few.endpoint)))
                theirs.append(_complete(run(workspace, peer, few.endpoint)))
                large.append(_complete(run(workspace, command, many.endpoint)))
            calls = few.counts()["aws_calls"] / len(ours)
            for _ in range(workspace.runs(3, 1)):
                same_answer.append(_complete(run(workspace, same_answer_peer, few.endpoint)))
    wall = [usage.wall for usage in ours]
    peaks = [usage.peak_mib for usage in ours], [usage.peak_mib for usage in large]
    growth = statistics.median(peaks[1]) / statistics.median(peaks[0])
    return [
        at_least_ratio("boto3's time by restore list's", [usage.wall for usage in theirs], wall, 10),
        Figure(
            "memory with 1000 data files by that with 10",
            growth,
            "×",
            "≤ 1.1 ×",
            growth <= 1.1,
            {"10 files": peaks[0], "1000 files": peaks[1]},
        ),
        told("restore list", wall, "s"),
        told("restore list, CPU", [usage.cpu for usage in ours], "s"),
        told("restore list, peak memory", peaks[0], "MiB"),
        told("restore list, 1000 data files", [usage.wall for usage in large], "s"),
        told("boto3", [usage.wall for usage in theirs], "s"),
        told("boto3, CPU", [usage.cpu for usage in theirs], "s"),
        told("AWS calls of both together", [calls], ""),
        told("boto3 with every backup's state", [usage.wall for usage in same_answer], "s"),
    ]


def _complete(usage: Usage) -> Usage:
    lines = sum("Table0" in line for line in usage.output.splitlines())
    if lines != DAYS * TABLES:
        raise BenchmarkError(f"{lines} backups were listed, not {DAYS * TABLES}: {usage.output[:500]}")
    return usage
