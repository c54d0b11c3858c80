"""What the user sees: progress, findings, tables."""

from __future__ import annotations

import os
import sys
import textwrap
import shutil
from dataclasses import dataclass
from typing import Sequence

OK, WARNING, PROBLEM, UNKNOWN = "ok", "warning", "PROBLEM", "unknown"
_COLORS = {OK: "32", WARNING: "33", PROBLEM: "31", UNKNOWN: "33"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    verdict: str
    subject: str
    text: str
    remedy: str = ""


def step(text: str) -> None:
    print(f"==> {text}", flush=True)


def detail(text: str) -> None:
    print(f"    {text}", flush=True)


def warning(text: str) -> None:
    print(f"{_colored('warning:', WARNING)} {text}", flush=True)


def findings_table(findings: Sequence[Finding]) -> str:
    """Findings as an aligned table; remedies stand below their finding and are never wrapped, so they can be copied."""
    width = max(len(finding.subject) for finding in findings)
    columns = max(shutil.get_terminal_size((120, 24)).columns, 80)
    lines = []
    for finding in findings:
        indent = " " * (9 + width + 2)
        wrapped = textwrap.wrap(finding.text, columns - len(indent), break_long_words=False, break_on_hyphens=False)
        lines.append(f"{_colored(f'{finding.verdict:<8}', finding.verdict)} {finding.subject:<{width}}  {wrapped[0]}")
        lines += [indent + line for line in wrapped[1:]]
        lines += [f"{indent}-> {finding.remedy}"] if finding.remedy else []
    return "\n".join(lines)


def _colored(text: str, verdict: str) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{_COLORS[verdict]}m{text}\033[0m"
