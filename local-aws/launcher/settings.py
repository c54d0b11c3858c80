"""The knobs of the local AWS, read from the environment once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(ValueError):
    """An environment variable that holds something else than it should."""


def _number(environment: Mapping[str, str], name: str, default: float, lowest: float) -> float:
    text = environment.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} is not a number: {text!r}") from None
    if value < lowest:
        raise SettingsError(f"{name} is {text}, but must be at least {lowest:g}")
    return value


def _flag(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "").lower()
    if text not in ("", "0", "1", "true", "false"):
        raise SettingsError(f"{name} is {text!r}, but must be 0 or 1")
    return text in ("1", "true")


@dataclass(frozen=True)
class Settings:
    """What can be set; README.md explains each for users."""

    #: Account of every caller whose access key id is not itself a 12-digit account id.
    account_id: str
    #: How long an export stays IN_PROGRESS, in seconds (on AWS: minutes).
    export_seconds: float
    #: How long an import stays IN_PROGRESS, in seconds (on AWS: minutes).
    import_seconds: float
    #: Data files of one export; the last one stays empty when there is more than one.
    export_files: int
    #: Exports that may run at the same time before LimitExceededException.
    export_limit: int
    #: Shortest window of an incremental export, in seconds (AWS: 900).
    incremental_minimum_seconds: float
    #: Pretends that PITR was switched on this many seconds earlier than it was.
    pitr_backdate_seconds: float
    #: Wait before the first retry of a failed asynchronous invocation, in seconds (AWS: 60); the second waits twice.
    async_retry_seconds: float
    #: How often schedules are looked at, in seconds.
    schedule_tick_seconds: float
    #: Check signatures and IAM policies of every request.
    authorize: bool
    log_level: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        account_id = environment.get("LOCAL_AWS_ACCOUNT_ID", "") or "123456789012"
        if len(account_id) != 12 or not account_id.isdigit():
            raise SettingsError(f"LOCAL_AWS_ACCOUNT_ID is {account_id!r}, but must be 12 digits")
        return cls(
            account_id=account_id,
            export_seconds=_number(environment, "LOCAL_AWS_EXPORT_SECONDS", 2, 0),
            import_seconds=_number(environment, "LOCAL_AWS_IMPORT_SECONDS", 2, 0),
            export_files=int(_number(environment, "LOCAL_AWS_EXPORT_FILES", 4, 1)),
            export_limit=int(_number(environment, "LOCAL_AWS_EXPORT_LIMIT", 300, 0)),
            incremental_minimum_seconds=_number(environment, "LOCAL_AWS_INCREMENTAL_MINIMUM_SECONDS", 900, 0),
            pitr_backdate_seconds=_number(environment, "LOCAL_AWS_PITR_BACKDATE_SECONDS", 0, 0),
            async_retry_seconds=_number(environment, "LOCAL_AWS_ASYNC_RETRY_SECONDS", 1, 0),
            schedule_tick_seconds=_number(environment, "LOCAL_AWS_SCHEDULE_TICK_SECONDS", 1, 0.1),
            authorize=_flag(environment, "LOCAL_AWS_AUTHORIZE"),
            log_level=(environment.get("LOCAL_AWS_LOG_LEVEL", "") or "INFO").upper(),
        )
