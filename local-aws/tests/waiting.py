"""Waiting for the end of what runs in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def until(found: Callable[[], T | None], what: str, seconds: float = 180) -> T:
    """Calls `found` until it returns something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def finished_export(ddb: Any, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        description: dict[str, Any] = ddb.describe_export(ExportArn=arn)["ExportDescription"]
        return description if description["ExportStatus"] != "IN_PROGRESS" else None

    return until(look, arn)


def finished_import(ddb: Any, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        description: dict[str, Any] = ddb.describe_import(ImportArn=arn)["ImportTableDescription"]
        return description if description["ImportStatus"] != "IN_PROGRESS" else None

    return until(look, arn)
