"""ExportTableToPointInTime, DescribeExport and ListExports as DynamoDB does them (AWS facts 1.2 to 1.6)."""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from .export_destination import Caller, ExportDestination, ExportFailure
from .export_files import (
    DataFile,
    data_files,
    full_export_line,
    incremental_export_line,
    manifest_files,
    manifest_summary,
    md5_base64,
)
from .export_request import IncrementalWindow, Refusal, check_export_time, check_members, incremental_window
from .history import HISTORIES, Histories
from .settings import Settings

_LOG = logging.getLogger("local-aws.exports")
_EXPORT_ARN = re.compile(r"^arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):([0-9]{12}):table/([^/]+)/export/([0-9]{14}-[0-9a-f]{8})$")
#: Incremental exports are billed at least 10 MB (AWS facts 1.6).
_INCREMENTAL_MINIMUM_BYTES = 10_000_000

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Export:
    """One export: the description as the API shows it, and what only DynamoDB itself knows."""

    description: dict[str, Any]
    account_id: str
    region: str
    #: The members of the request, to recognise the same request behind a token.
    request: str
    type_was_sent: bool
    files: list[DataFile]
    caller: Caller

    @property
    def arn(self) -> str:
        return str(self.description["ExportArn"])

    @property
    def export_type(self) -> str:
        return str(self.description["ExportType"])

    def shown(self) -> dict[str, Any]:
        """The description; ExportType is only shown to those who sent it (AWS facts 1.2)."""
        return {name: value for name, value in self.description.items() if name != "ExportType" or self.type_was_sent}


class Exports:
    def __init__(self, ddb: Any, settings: Settings, histories: Histories = HISTORIES) -> None:
        self._ddb = ddb
        self._settings = settings
        self._histories = histories
        self._exports: dict[str, Export] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        with self._lock:
            self._exports.clear()

    # -- operations -------------------------------------------------------

    def start(self, data: dict[str, Any], access_key_id: str) -> Answer:
        try:
            return self._start(data, access_key_id)
        except Refusal as refusal:
            return self._error(refusal)

    def describe(self, data: dict[str, Any]) -> Answer:
        ddb = self._ddb
        arn = data.get("ExportArn")
        match = _EXPORT_ARN.match(arn) if isinstance(arn, str) else None
        if match is None:
            return self._error(Refusal("ValidationException", "Invalid Export ARN"))
        if match.group(2) != ddb.get_account_id():
            return self._error(Refusal("AccessDeniedException", f"User is not authorized to access {arn}"))
        export = self._exports.get(arn)
        if export is None or export.region != ddb.get_region():
            return self._error(Refusal("ExportNotFoundException", f"Export not found: {arn}"))
        with self._lock:
            return ddb.json_response({"ExportDescription": export.shown()})

    def list(self, data: dict[str, Any]) -> Answer:
        ddb = self._ddb
        maximum = data.get("MaxResults", 10)
        if not isinstance(maximum, int) or not 1 <= maximum <= 25:
            return self._error(
                Refusal(
                    "ValidationException",
                    f"1 validation error detected: Value '{maximum}' at 'maxResults' failed to satisfy constraint: "
                    f"Member must have value {'less than or equal to 25' if maximum > 25 else 'greater than or equal to 1'}",
                )
            )
        with self._lock:
            mine = [
                export
                for export in self._exports.values()
                if (export.account_id, export.region) == (ddb.get_account_id(), ddb.get_region())
            ]
        table_arn = data.get("TableArn")
        if table_arn is not None:
            # Deleting or re-creating the table hides its exports here, though DescribeExport still finds them.
            table = ddb._tables.get(table_arn.rsplit("/", 1)[-1])
            table_id = table["TableId"] if table is not None and table["TableArn"] == table_arn else None
            mine = [export for export in mine if export.description["TableId"] == table_id]
        mine.sort(key=lambda export: export.arn.rsplit("/", 1)[-1], reverse=True)
        token = data.get("NextToken")
        if token is not None:
            mine = [export for export in mine if export.arn.rsplit("/", 1)[-1] < str(token)]
        page = mine[:maximum]
        answer: dict[str, Any] = {
            "ExportSummaries": [
                {
                    "ExportArn": export.arn,
                    "ExportStatus": export.description["ExportStatus"],
                    "ExportType": export.export_type,
                }
                for export in page
            ]
        }
        if len(mine) > maximum:
            answer["NextToken"] = page[-1].arn.rsplit("/", 1)[-1]
        return ddb.json_response(answer)

    # -- starting ---------------------------------------------------------

    def _start(self, data: dict[str, Any], access_key_id: str) -> Answer:
        ddb = self._ddb
        check_members(data)
        table_arn: str = data["TableArn"]
        account_id, region = ddb.get_account_id(), ddb.get_region()
        if table_arn.split(":")[4] != account_id:
            raise Refusal("AccessDeniedException", f"User is not authorized to access this resource: {table_arn}")
        request = json.dumps(data, sort_keys=True)
        token = data.get("ClientToken")
        if token is not None:
            known = self._with_token(token, account_id, region)
            if known is not None and known.request == request:
                return ddb.json_response({"ExportDescription": known.shown()})
            if known is not None:
                raise Refusal(
                    "ExportConflictException",
                    "Export conflict: Duplicate request detected with conflicting parameters",
                )
        # The region within the ARN is not looked at: the table is searched in the endpoint's region.
        name = table_arn.rsplit("/", 1)[-1]
        table = ddb._tables.get(name)
        if table is None:
            raise Refusal("TableNotFoundException", f"Table not found: {table_arn}")
        history = self._histories.get(table)
        if history is None:
            raise Refusal(
                "PointInTimeRecoveryUnavailableException",
                f"Point in time recovery is not enabled for table '{name}'",
            )
        # Rounded up, so that every write that was answered before the export started is in it.
        now = (time.time_ns() // 1_000_000 + 1) / 1000
        window: IncrementalWindow | None = None
        if data.get("ExportType") == "INCREMENTAL_EXPORT":
            window = incremental_window(
                data["IncrementalExportSpecification"], table["CreationDateTime"], history, now, self._settings
            )
        elif data.get("ExportTime") is not None:
            check_export_time(float(data["ExportTime"]), history, now)
        self._check_limit(account_id, region)

        description = self._new_description(data, table, window, now)
        # The data is fixed here: exporting means the table as it is at this moment (or was at ExportTime).
        key_names = [element["AttributeName"] for element in table["KeySchema"]]
        if window is None:
            lines = [
                (key, full_export_line(text)) for key, text in history.items_at(float(description["ExportTime"]))
            ]
        else:
            lines = [
                (change.key, incremental_export_line(change, key_names, window.view_type))
                for change in history.changes_between(window.start, window.end)
            ]
        export = Export(
            description=description,
            account_id=account_id,
            region=region,
            request=request,
            type_was_sent=data.get("ExportType") is not None,
            files=data_files(lines, self._settings.export_files),
            caller=Caller(access_key_id, account_id),
        )
        with self._lock:
            self._exports[export.arn] = export
            shown = export.shown()
        answer = ddb.json_response({"ExportDescription": shown})
        from ministack.core.concurrency import spawn_background

        spawn_background(self._run, export, thread_name="local-aws-export")
        return answer

    def _with_token(self, token: str, account_id: str, region: str) -> Export | None:
        with self._lock:
            for export in self._exports.values():
                if (export.account_id, export.region) == (account_id, region):
                    if export.description["ClientToken"] == token:
                        return export
        return None

    def _check_limit(self, account_id: str, region: str) -> None:
        with self._lock:
            running = sum(
                export.description["ExportStatus"] == "IN_PROGRESS"
                for export in self._exports.values()
                if (export.account_id, export.region) == (account_id, region)
            )
        if running >= self._settings.export_limit:
            raise Refusal(
                "LimitExceededException",
                f"Subscriber limit exceeded: There is a limit of {self._settings.export_limit} concurrent exports",
            )

    def _new_description(
        self, data: dict[str, Any], table: dict[str, Any], window: IncrementalWindow | None, now: float
    ) -> dict[str, Any]:
        # An incremental export starts at a whole second; the id is always StartTime in milliseconds.
        start_time = float(int(now)) if window is not None else now
        export_id = f"{round(start_time * 1000):014d}-{secrets.token_hex(4)}"
        description: dict[str, Any] = {
            "ExportArn": f"{table['TableArn']}/export/{export_id}",
            "ExportStatus": "IN_PROGRESS",
            "StartTime": start_time,
            "TableArn": table["TableArn"],
            "TableId": table["TableId"],
            "ClientToken": data.get("ClientToken") or str(uuid.uuid4()),
            "S3Bucket": data["S3Bucket"],
            "S3SseAlgorithm": data.get("S3SseAlgorithm") or "AES256",
            "ExportFormat": data.get("ExportFormat") or "DYNAMODB_JSON",
            "ExportType": data.get("ExportType") or "FULL_EXPORT",
            "DestinationType": "S3",
        }
        for member in ("S3BucketOwner", "S3Prefix", "S3SseKmsKeyId"):
            if data.get(member):
                description[member] = data[member]
        if window is None:
            requested = data.get("ExportTime")
            description["ExportTime"] = float(requested) if requested is not None else start_time
        else:
            description["IncrementalExportSpecification"] = {
                "ExportFromTime": float(window.start),
                "ExportToTime": float(window.end),
                "ExportViewType": window.view_type,
            }
        return description

    # -- running ----------------------------------------------------------

    def _run(self, export: Export) -> None:
        """Waits as long as an export takes and then writes its files, in the order DynamoDB does."""
        time.sleep(self._settings.export_seconds)
        try:
            self._write(export)
        except ExportFailure as failure:
            outcome = {
                "ExportStatus": "FAILED",
                "EndTime": _now(),
                "FailureCode": failure.code,
                "FailureMessage": failure.message,
            }
        except Exception:
            _LOG.exception("export %s broke", export.arn)
            outcome = {
                "ExportStatus": "FAILED",
                "EndTime": _now(),
                "FailureCode": "InternalServerError",
                "FailureMessage": "Internal Failure. Please try your request again.",
            }
        else:
            outcome = {"ExportStatus": "COMPLETED"}
        with self._lock:
            export.description.update(outcome)
            export.files = []
        _LOG.info("export %s: %s", export.arn, outcome.get("FailureCode", outcome["ExportStatus"]))

    def _write(self, export: Export) -> None:
        description = export.description
        prefix = description.get("S3Prefix", "")
        # `foo` and `foo/` lead to the same folder (AWS facts 1.2).
        root = (prefix.removesuffix("/") + "/" if prefix else "") + "AWSDynamoDB/"
        folder = f"{root}{export.arn.rsplit('/', 1)[-1]}/"
        incremental = export.export_type == "INCREMENTAL_EXPORT"
        data_folder = (root if incremental else folder) + "data/"
        destination = ExportDestination(description, export.caller, self._settings.authorize)

        destination.check()
        destination.put(folder + "_started", b"")
        for file in export.files:
            destination.put_multipart(data_folder + file.name, file.body)
        listing = manifest_files(export.files, data_folder)
        destination.put(folder + "manifest-files.json", listing)
        destination.put(folder + "manifest-files.md5", md5_base64(listing).encode())

        size = sum(file.uncompressed_size for file in export.files)
        end_time = _now()
        totals = {
            "ItemCount": sum(file.item_count for file in export.files),
            "BilledSizeBytes": max(size, _INCREMENTAL_MINIMUM_BYTES) if incremental else size,
        }
        summary = manifest_summary({**description, **totals}, folder + "manifest-files.json", end_time)
        destination.put(folder + "manifest-summary.json", summary)
        destination.put(folder + "manifest-summary.md5", md5_base64(summary).encode())
        with self._lock:
            description.update(totals)
            description["EndTime"] = end_time
            description["ExportManifest"] = folder + "manifest-summary.json"

    def _error(self, refusal: Refusal) -> Answer:
        return self._ddb.error_response_json(refusal.code, refusal.message, 400)


def _now() -> float:
    return time.time_ns() // 1_000_000 / 1000
