"""Alarms on one metric as CloudWatch evaluates them: by dimensions, period by period, missing data as told.

ministack adds up all dimensions of a metric, never looks at missing data, and only evaluates when a metric is put.
"""

from __future__ import annotations

import logging
import operator
import threading
import time
from collections.abc import Callable
from typing import Any

_LOG = logging.getLogger("local-aws.alarms")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
#: How often alarms are looked at, in seconds (AWS: at least once a minute).
_TICK_SECONDS = 1.0


def install() -> None:
    from ministack.services import cloudwatch

    evaluate_other = cloudwatch._evaluate_alarm

    def evaluate(alarm: dict[str, Any]) -> None:
        if alarm.get("Metrics") or alarm.get("ComparisonOperator") not in _COMPARISONS or not alarm.get("MetricName"):
            evaluate_other(alarm)
            return
        state, reason = alarm_state(alarm, lambda: _values(cloudwatch, alarm, time.time()))
        if state in (None, alarm["StateValue"]):
            return
        old_state = alarm["StateValue"]
        alarm.update({"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())})
        cloudwatch._record_history(alarm["AlarmName"], old_state, state, reason)
        cloudwatch._dispatch_alarm_actions(alarm, old_state, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)

    def watch() -> None:
        from ministack.core.responses import request_scope

        while True:
            time.sleep(_TICK_SECONDS)
            for (account_id, region, name), alarm in cloudwatch._alarms.all_items():
                try:
                    with request_scope(account_id, region):
                        evaluate(alarm)
                except Exception:
                    _LOG.exception("evaluating alarm %s broke", name)

    cloudwatch._evaluate_alarm = evaluate
    threading.Thread(target=watch, daemon=True, name="local-aws-alarms").start()


def alarm_state(alarm: dict[str, Any], values: Callable[[], list[float | None]]) -> tuple[str | None, str]:
    """The state for the values of the last periods, newest first (None: no data); no state means: as it was."""
    periods = values()
    needed = int(alarm.get("DatapointsToAlarm") or len(periods))
    missing = alarm.get("TreatMissingData") or "missing"
    compare = _COMPARISONS[alarm["ComparisonOperator"]]
    threshold = float(alarm["Threshold"])
    present = [value for value in periods if value is not None]
    breaching = sum(compare(value, threshold) for value in present)
    absent = len(periods) - len(present)
    if not present and missing == "missing":
        return "INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received"
    if not present and missing == "ignore":
        return None, ""
    if missing == "breaching":
        breaching += absent
    elif missing in ("missing", "ignore") and absent and breaching == len(present):
        # Fewer datapoints than periods: what is there decides.
        needed = min(needed, len(present))
    if breaching >= needed:
        shown = ", ".join("no data" if value is None else f"{value:g}" for value in periods)
        return "ALARM", f"Threshold Crossed: [{shown}] {alarm['ComparisonOperator']} {threshold:g}"
    return "OK", "Threshold not crossed"


def _values(cloudwatch: Any, alarm: dict[str, Any], now: float) -> list[float | None]:
    """The alarm's statistic for each of its periods, newest first. Periods reach back from now."""
    dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    points = list(cloudwatch._metrics.get(key) or [])
    period, count = int(alarm["Period"]), int(alarm["EvaluationPeriods"])
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    values: list[float | None] = []
    for index in range(count):
        end = now - index * period
        within = [point for point in points if end - period < point["Timestamp"] <= end]
        stats = cloudwatch._calc_stats(within)
        values.append(cloudwatch._stat_value(stats, statistic, within) if stats else None)
    return values
