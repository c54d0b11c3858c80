"""The table on the terminal and the JSON file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .figures import Figure

VERDICTS = {True: "met", False: "MISSED", None: ""}


@dataclass(frozen=True)
class Result:
    scenario: str
    figures: Sequence[Figure]


def heading(facts: dict[str, Any]) -> str:
    return "\n".join(f"{name:16} {value}" for name, value in facts.items()) + "\n"


def table(results: Sequence[Result]) -> str:
    rows = [("SCENARIO", "WHAT", "MEASURED", "GOAL", "VERDICT")]
    for result in results:
        for index, figure in enumerate(result.figures):
            name = "" if index else result.scenario
            rows.append((name, figure.what, _number(figure.value, figure.unit), figure.goal, VERDICTS[figure.is_met]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        cells = [
            text.rjust(width) if column == 2 else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def to_json(facts: dict[str, Any], results: Sequence[Result]) -> str:
    return json.dumps({"machine": facts, "results": [asdict(result) for result in results]}, indent=2) + "\n"


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 1000 or (unit == "" and value == int(value)) else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
