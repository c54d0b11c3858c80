"""When an EventBridge schedule fires next: for the common cases, the others stay an expression."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional


def next_run(expression: str, now: Optional[datetime] = None) -> Optional[datetime]:
    """The next run of a cron expression whose day fields are open, in UTC; None for every other expression."""
    match = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", expression)
    if not match or any(field not in ("*", "?") for field in match.groups()[2:]):
        return None
    minutes, hours = _values(match[1], 60), _values(match[2], 24)
    if not minutes or not hours:
        return None
    moment = (now or datetime.now(timezone.utc)).replace(second=0, microsecond=0)
    for _ in range(2 * 24 * 60):
        moment += timedelta(minutes=1)
        if moment.minute in minutes and moment.hour in hours:
            return moment
    return None


def described(expression: str) -> str:
    """For the summary: the expression and, when known, its next run."""
    upcoming = next_run(expression)
    return f"{expression}, next run {upcoming:%Y-%m-%d %H:%M} UTC" if upcoming else expression


def _values(field: str, limit: int) -> set[int]:
    """The numbers a cron field stands for; empty when the field is not understood."""
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\d+(?:-\d+)?)(?:/(\d+))?", part)
        if not match or match[2] == "0":
            return set()
        if match[1] == "*":
            first, last = 0, limit - 1
        else:
            bounds = [int(number) for number in match[1].split("-")]
            first, last = bounds[0], bounds[-1] if len(bounds) == 2 or not match[2] else limit - 1
        found.update(range(first, last + 1, int(match[2] or 1)))
    return {number for number in found if number < limit}
