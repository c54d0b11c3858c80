"""The same work done by several programs in turns, each time against servers that know of nothing yet."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .figures import Figure, told
from .process import BenchmarkError, Usage, run
from .stand_in import StandIn, stand_in
from .workspace import Workspace


@dataclass(frozen=True)
class Contender:
    name: str
    # The command and its environment, for the servers' ports.
    command: Callable[[Sequence[StandIn]], Sequence[str | Path]]
    environment: Mapping[str, str] = field(default_factory=dict)
    runs: int = 1
    # Where the work is a part only: how many times that part is the whole.
    scale: float = 1


@dataclass(frozen=True)
class Sample:
    usage: Usage
    # What each server counted.
    counts: Sequence[Mapping[str, int]]


@dataclass
class Samples:
    name: str
    scale: float = 1
    samples: list[Sample] = field(default_factory=list)

    @property
    def wall(self) -> list[float]:
        return [sample.usage.wall * self.scale for sample in self.samples]

    @property
    def cpu(self) -> list[float]:
        return [sample.usage.cpu * self.scale for sample in self.samples]

    @property
    def peak(self) -> list[float]:
        """In MB."""
        return [sample.usage.peak_mib * 1.048576 for sample in self.samples]

    @property
    def server_cpu(self) -> list[float]:
        return [sum(counts["cpu_nanoseconds"] for counts in sample.counts) / 1e9 for sample in self.samples]

    def median(self, values: Sequence[float]) -> float:
        return statistics.median(values)

    def figures(self, label: str) -> list[Figure]:
        """What it took, without a goal."""
        name = f"{label}: {self.name}" if self.scale == 1 else f"{label}: {self.name} (a part, × {self.scale:g})"
        return [
            told(f"{name}, time", self.wall, "s"),
            told(f"{name}, CPU", self.cpu, "s"),
            told(f"{name}, peak memory", self.peak, "MB"),
        ]


def contest(
    workspace: Workspace,
    contenders: Sequence[Contender],
    options: Callable[[Contender], Sequence[Mapping[str, int]]],
    check: Callable[[Contender, Sequence[Mapping[str, int]]], None],
) -> dict[str, Samples]:
    """`options` tells the servers to start for a contender, `check` throws when they were not asked to do all."""
    results = {contender.name: Samples(contender.name, contender.scale) for contender in contenders}
    for turn in range(max((contender.runs for contender in contenders), default=0)):
        for contender in contenders:
            if turn >= contender.runs:
                continue
            results[contender.name].samples.append(once(workspace, contender, options(contender), check))
    return results


def once(
    workspace: Workspace,
    contender: Contender,
    options: Sequence[Mapping[str, int]],
    check: Callable[[Contender, Sequence[Mapping[str, int]]], None],
    expected_exit: int = 0,
) -> Sample:
    with ExitStack() as stack:
        servers = [stack.enter_context(stand_in(workspace, **each)) for each in options]
        before = [server.counts()["cpu_nanoseconds"] for server in servers]
        environment = {**servers[0].endpoint, **contender.environment}
        usage = run(workspace, contender.command(servers), environment, expected_exit)
        counts = [
            {**server.counts(), "cpu_nanoseconds": server.counts()["cpu_nanoseconds"] - cpu}
            for server, cpu in zip(servers, before, strict=True)
        ]
        try:
            check(contender, counts)
        except BenchmarkError as error:
            raise BenchmarkError(f"{contender.name}: {error}\n{usage.output[-1000:]}") from None
        return Sample(usage, counts)


def expect(counts: Mapping[str, int], **expected: int) -> None:
    """What a server must have counted, by the members' names."""
    wrong = {name: counts[name] for name, value in expected.items() if counts[name] != value}
    if wrong:
        raise BenchmarkError(f"the server counted {wrong} and not {expected}")
