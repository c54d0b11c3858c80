"""A figure: what was measured, what it is compared with and whether it is good enough."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    what: str
    value: float
    unit: str
    # As the table shows it; empty for figures that are only told.
    goal: str = ""
    is_met: bool | None = None
    # What the value was worked out from: for the JSON file.
    samples: dict[str, Sequence[float]] = field(default_factory=dict)


def told(what: str, samples: Sequence[float], unit: str) -> Figure:
    """A median without a goal."""
    return Figure(what, statistics.median(samples), unit, samples={"": samples})


def at_most(what: str, samples: Sequence[float], unit: str, limit: float, summary: str = "median") -> Figure:
    value = max(samples) if summary == "max" else statistics.median(samples)
    return Figure(what, value, unit, f"≤ {limit:g} {unit}".rstrip(), value <= limit, {"": samples})


def ratio(what: str, one: Sequence[float], other: Sequence[float]) -> Figure:
    """One by the other, without a goal."""
    return Figure(what, statistics.median(one) / statistics.median(other), "×", samples={"one": one, "other": other})


def at_most_ratio(what: str, ours: Sequence[float], theirs: Sequence[float], limit: float) -> Figure:
    """Ours in theirs: of time or CPU, where less is better."""
    value = statistics.median(ours) / statistics.median(theirs)
    return Figure(what, value, "×", f"≤ {limit:g} ×", value <= limit, {"ours": ours, "theirs": theirs})


def at_least_ratio(what: str, larger: Sequence[float], smaller: Sequence[float], limit: float) -> Figure:
    """How many times faster: the peer's time by ours, or our rate by the peer's."""
    value = statistics.median(larger) / statistics.median(smaller)
    return Figure(what, value, "×", f"≥ {limit:g} ×", value >= limit, {"larger": larger, "smaller": smaller})
