"""DescribeContinuousBackups and UpdateContinuousBackups, with the restorable window that exports are checked against."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .history import HISTORIES, TableHistory
from .settings import Settings

#: LatestRestorableDateTime trails the present by five minutes (AWS facts 1.4).
_LATEST_LAG_SECONDS = 300
_DEFAULT_RECOVERY_PERIOD_DAYS = 35


@dataclass(frozen=True)
class RestorableWindow:
    """The moments a table can be restored to or exported at, in seconds since 1970."""

    earliest: float
    latest: float


def restorable_window(history: TableHistory, now: float) -> RestorableWindow:
    earliest = max(history.enabled_at, now - history.recovery_period_days * 86_400)
    return RestorableWindow(earliest, max(earliest, now - _LATEST_LAG_SECONDS))


class ContinuousBackups:
    def __init__(self, ddb: Any, settings: Settings) -> None:
        self._ddb = ddb
        self._settings = settings

    def describe(self, data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        name = self._ddb._normalize_table_name(data.get("TableName"))
        table = self._ddb._tables.get(name)
        if table is None:
            return self._table_not_found(name)
        return self._description(table)

    def update(self, data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        ddb = self._ddb
        name = ddb._normalize_table_name(data.get("TableName"))
        table = ddb._tables.get(name)
        if table is None:
            return self._table_not_found(name)
        specification = data.get("PointInTimeRecoverySpecification") or {}
        enabled = specification.get("PointInTimeRecoveryEnabled")
        if not isinstance(enabled, bool):
            return ddb.error_response_json(
                "ValidationException",
                "1 validation error detected: Value null at 'pointInTimeRecoverySpecification."
                "pointInTimeRecoveryEnabled' failed to satisfy constraint: Member must not be null",
            )
        days = specification.get("RecoveryPeriodInDays", _DEFAULT_RECOVERY_PERIOD_DAYS)
        if not isinstance(days, int) or not 1 <= days <= 35:
            return ddb.error_response_json(
                "ValidationException",
                f"1 validation error detected: Value '{days}' at 'pointInTimeRecoverySpecification."
                "recoveryPeriodInDays' failed to satisfy constraint: Member must be between 1 and 35",
            )
        ddb._pitr_settings[name] = enabled
        if enabled:
            HISTORIES.enable(table, time.time() - self._settings.pitr_backdate_seconds, days)
        else:
            HISTORIES.disable(table)
        return self._description(table)

    def _description(self, table: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        history = HISTORIES.get(table)
        recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED" if history else "DISABLED"}
        if history is not None:
            window = restorable_window(history, time.time())
            recovery["RecoveryPeriodInDays"] = history.recovery_period_days
            recovery["EarliestRestorableDateTime"] = round(window.earliest, 3)
            recovery["LatestRestorableDateTime"] = round(window.latest, 3)
        return self._ddb.json_response(
            {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": recovery,
                }
            }
        )

    def _table_not_found(self, name: str) -> tuple[int, dict[str, str], bytes]:
        # The continuous backup operations declare TableNotFoundException, not ResourceNotFoundException.
        return self._ddb.error_response_json("TableNotFoundException", f"Table not found: {name}")
