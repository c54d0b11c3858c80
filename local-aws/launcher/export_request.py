"""What ExportTableToPointInTime refuses before it starts anything (AWS facts 1.2 to 1.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .continuous_backups import restorable_window
from .history import TableHistory
from .settings import Settings

_ARN = re.compile(r"^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]{3,255}$")
_BUCKET = re.compile(r"^[a-z0-9A-Z]+[.\-\w]*[a-z0-9A-Z]+$")
_DAY = 86_400


class Refusal(Exception):
    """A synchronous error answer (HTTP 400)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_members(data: dict[str, Any]) -> None:
    """The checks that need no table. Unknown members are accepted silently, as on AWS."""
    table_arn = data.get("TableArn")
    _require(table_arn, "tableArn")
    if not isinstance(table_arn, str) or not table_arn.startswith("arn:"):
        raise Refusal("ValidationException", "tableArn is not a valid ARN")
    if not _ARN.match(table_arn):
        raise Refusal("ValidationException", "Invalid table ARN")
    bucket = data.get("S3Bucket")
    _require(bucket, "s3Bucket")
    if not isinstance(bucket, str) or len(bucket) > 255 or not _BUCKET.match(bucket):
        _constraint(bucket, "s3Bucket", r"regular expression pattern: ^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$")
    owner = data.get("S3BucketOwner")
    if owner is not None and not re.fullmatch("[0-9]{12}", str(owner)):
        _constraint(owner, "s3BucketOwner", "regular expression pattern: [0-9]{12}")
    prefix = data.get("S3Prefix")
    if prefix is not None and len(prefix) > 1024:
        _constraint(prefix, "s3Prefix", "length less than or equal to 1024")
    token = data.get("ClientToken")
    if token is not None and not re.fullmatch(r"[^$]+", str(token)):
        _constraint(token, "clientToken", r"regular expression pattern: ^[^\$]+$")
    _enumeration(data, "S3SseAlgorithm", "s3SseAlgorithm", ["AES256", "KMS"])
    _enumeration(data, "ExportFormat", "exportFormat", ["DYNAMODB_JSON", "ION"])
    _enumeration(data, "ExportType", "exportType", ["FULL_EXPORT", "INCREMENTAL_EXPORT"])
    if data.get("S3SseKmsKeyId") is not None and data.get("S3SseAlgorithm") != "KMS":
        raise Refusal("ValidationException", "KMS Key Id is not supported for this encryption type")
    if data.get("ExportFormat") == "ION":
        raise Refusal("ValidationException", "The local AWS cannot write ION exports; use DYNAMODB_JSON")
    incremental = data.get("ExportType") == "INCREMENTAL_EXPORT"
    specification = data.get("IncrementalExportSpecification")
    if specification is not None and not incremental:
        raise Refusal(
            "ValidationException",
            "Export Type expected to be Incremental Export when incremental export specification is provided",
        )
    if incremental and not specification:
        raise Refusal(
            "ValidationException", "Incremental export specification must be provided when export type is Incremental"
        )
    if incremental and data.get("ExportTime") is not None:
        raise Refusal("ValidationException", "Export time cannot be provided for incremental export")
    if specification:
        _require(specification.get("ExportFromTime"), "incrementalExportSpecification.exportFromTime")
        _enumeration(
            specification,
            "ExportViewType",
            "incrementalExportSpecification.exportViewType",
            ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"],
        )


def check_export_time(export_time: float, history: TableHistory, now: float) -> None:
    """A full export's moment must lie in the restorable window."""
    window = restorable_window(history, now)
    if export_time > now or export_time < int(window.earliest):
        raise _invalid_time("Export Time is invalid")
    if export_time > window.latest:
        raise _invalid_time("Point in Time Recovery is not available for specified export time")


@dataclass(frozen=True)
class IncrementalWindow:
    """From inclusive, to exclusive; whole seconds since 1970."""

    start: int
    end: int
    view_type: str


def incremental_window(
    specification: dict[str, Any], table_creation: float, history: TableHistory, now: float, settings: Settings
) -> IncrementalWindow:
    start = int(specification["ExportFromTime"])
    # Left out, the window reaches to the latest moment there is.
    end = int(specification.get("ExportToTime") or now)
    creation = min(table_creation, history.enabled_at)
    if end > now:
        raise _invalid_time(f"Export period to time cannot be greater than the current time : {_utc(now)}")
    if start < int(creation):
        raise _invalid_time(
            f"Export period from time cannot be less than the table creation time : {_utc(creation)}"
        )
    if start < int(restorable_window(history, now).earliest):
        raise _invalid_time("Point in Time Recovery is not available for specified export time")
    length = "Difference between export period from time and export period to time is "
    if end - start < settings.incremental_minimum_seconds:
        raise _invalid_time(length + "less than 15 minutes")
    if end - start > _DAY:
        raise _invalid_time(length + "greater than 24 hours")
    return IncrementalWindow(start, end, specification.get("ExportViewType") or "NEW_AND_OLD_IMAGES")


def _invalid_time(message: str) -> Refusal:
    return Refusal("InvalidExportTimeException", message)


def _utc(moment: float) -> str:
    from .export_files import iso_milliseconds

    return iso_milliseconds(moment)


def _require(value: Any, member: str) -> None:
    if value is None or value == "":
        _constraint(None, member, "not be null")


def _enumeration(data: dict[str, Any], name: str, member: str, values: list[str]) -> None:
    value = data.get(name)
    if value is not None and value not in values:
        _constraint(value, member, f"satisfy enum value set: [{', '.join(values)}]", verb="Member must ")


def _constraint(value: Any, member: str, constraint: str, verb: str = "") -> None:
    shown = "null" if value is None else f"'{value}'"
    if not verb:
        verb = "Member must " if constraint.startswith("not") else (
            "Member must have " if constraint.startswith("length") else "Member must satisfy "
        )
    raise Refusal(
        "ValidationException",
        f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {verb}{constraint}",
    )
