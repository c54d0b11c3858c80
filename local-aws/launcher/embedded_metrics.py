"""Metrics out of log lines: the embedded metric format, which ministack leaves in the log (AWS facts 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


def metrics_in_line(line: str) -> Iterator[Metric]:
    """The metrics of one log line; none when it is not in the embedded metric format."""
    if '"_aws"' not in line:
        return
    try:
        document = json.loads(line)
        directives = document["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    for directive in directives:
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in names if name in document}
            for definition in directive.get("Metrics") or []:
                values = document.get(definition.get("Name"))
                for value in values if isinstance(values, list) else [values]:
                    if isinstance(value, (int, float)) and not isinstance(value, bool):
                        yield Metric(
                            str(directive.get("Namespace")),
                            str(definition["Name"]),
                            float(value),
                            str(definition.get("Unit") or "None"),
                            dimensions,
                        )


def install() -> None:
    from ministack.services import cloudwatch, lambda_svc

    emit_logs = lambda_svc._emit_lambda_logs

    def emit(
        func: dict[str, Any], request_id: str, log_text: str, error: bool, duration_ms: int, **options: Any
    ) -> None:
        emit_logs(func, request_id, log_text, error, duration_ms, **options)
        for line in (log_text or "").split("\n"):
            for metric in metrics_in_line(line):
                cloudwatch.record_metric(metric.namespace, metric.name, metric.value, metric.unit, metric.dimensions)

    lambda_svc._emit_lambda_logs = emit
