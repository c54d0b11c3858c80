"""./deploy.sh --enable-pitr: turns point-in-time recovery on where it is off."""

from __future__ import annotations

from . import report, tables
from .aws import AWS
from .config import Config

# Per GB of table size and month in us-east-1; other regions differ a little.
_DOLLARS_PER_GB = 0.20


def run(aws: AWS, config: Config) -> None:
    """Turns it on for the configured tables that have it off; says what it will cost."""
    states = tables.read_all(aws, config)
    tables.require_all(states, config)
    for state in states:
        if state.problem:
            report.warning(f"{state.table.name}: {state.problem}")
    off = [state for state in states if state.pitr is False]
    if not off:
        print("Point-in-time recovery is on for every table already.")
        return
    gigabytes = sum(state.bytes for state in off) / 1e9
    print(f"Point-in-time recovery costs about ${_DOLLARS_PER_GB:.2f} per GB and month: about"
          f" ${gigabytes * _DOLLARS_PER_GB:.2f} a month for these {gigabytes:.1f} GB.")
    for state in off:
        tables.enable(aws, state.table)
        report.detail(f"{state.table.name}: point-in-time recovery is on")
