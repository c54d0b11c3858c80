"""Puts this project's DynamoDB operations in front of ministack's."""

from __future__ import annotations

import json
import zlib
from typing import Any

from . import history, tables
from .continuous_backups import ContinuousBackups
from .exports import Exports
from .imports import Imports
from .settings import Settings

Answer = tuple[int, dict[str, str], bytes]


def install(settings: Settings) -> None:
    from ministack.core.router import extract_access_key_id
    from ministack.services import dynamodb as ddb

    history.install(ddb)
    tables.install(ddb)
    exports = Exports(ddb, settings)
    imports = Imports(ddb, settings)
    backups = ContinuousBackups(ddb, settings)
    handle, reset = ddb.handle_request, ddb.reset

    def answer(operation: str, data: dict[str, Any], access_key_id: str) -> Answer | None:
        match operation:
            case "ExportTableToPointInTime":
                return exports.start(data, access_key_id)
            case "DescribeExport":
                return exports.describe(data)
            case "ListExports":
                return exports.list(data)
            case "ImportTable":
                return imports.start(data)
            case "DescribeContinuousBackups":
                return backups.describe(data)
            case "UpdateContinuousBackups":
                return backups.update(data)
            case _:
                return tables.refusal_while_creating(ddb, operation, data)

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, list[str]]
    ) -> Answer:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            data = json.loads(body) if body else {}
        except ValueError:
            data = None
        mine = None
        if isinstance(data, dict):
            mine = answer(operation, data, extract_access_key_id(headers, query_params))
        if mine is None:
            theirs: Answer = await handle(method, path, headers, body, query_params)
            return theirs
        status, answer_headers, answer_body = mine
        # DynamoDB sends the CRC-32 of every answer's body (AWS facts 5.3).
        checksum = str(zlib.crc32(answer_body))
        return status, {**answer_headers, "x-amz-crc32": checksum}, answer_body

    def resetting() -> None:
        reset()
        exports.clear()

    ddb.handle_request = handle_request
    ddb.reset = resetting
