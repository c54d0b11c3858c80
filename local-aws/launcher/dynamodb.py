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

#: Errors of AWS's service framework, which carry its namespaces.
_SHARED_ERRORS = {
    "ValidationException": "com.amazon.coral.validate",
    "AccessDeniedException": "com.amazon.coral.service",
    "UnrecognizedClientException": "com.amazon.coral.service",
    "SerializationException": "com.amazon.coral.service",
    "UnknownOperationException": "com.amazon.coral.service",
}


def install(settings: Settings) -> None:
    from ministack.core.router import extract_access_key_id
    from ministack.services import dynamodb as ddb

    history.install(ddb)
    tables.install(ddb)
    _name_resources_for_policies()
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
            mine = await handle(method, path, headers, body, query_params)
        status, answer_headers, answer_body = mine
        if status >= 400:
            answer_body = _with_error_namespace(answer_body)
        # DynamoDB sends the CRC-32 of every answer's body (AWS facts 5.3).
        checksum = str(zlib.crc32(answer_body))
        return status, {**answer_headers, "x-amz-crc32": checksum}, answer_body

    def resetting() -> None:
        reset()
        exports.clear()

    ddb.handle_request = handle_request
    ddb.reset = resetting


def _name_resources_for_policies() -> None:
    """The resources that policies are asked about; ministack knows only TableName and leaves `*` for the rest."""
    from ministack.core import iam_actions

    by_table_name = iam_actions.dynamodb_resource_arns

    def resource_arns(body: bytes, region: str, account_id: str) -> list[str]:
        try:
            data = json.loads(body or b"{}")
        except ValueError:
            data = None
        if isinstance(data, dict):
            for member in ("ExportArn", "ImportArn", "TableArn", "ResourceArn"):
                if isinstance(data.get(member), str) and data[member].startswith("arn:"):
                    return [data[member]]
            parameters = data.get("TableCreationParameters")
            if isinstance(parameters, dict) and parameters.get("TableName"):
                return [f"arn:aws:dynamodb:{region}:{account_id}:table/{parameters['TableName']}"]
        found: list[str] = by_table_name(body, region, account_id)
        return found

    iam_actions.dynamodb_resource_arns = resource_arns


def _with_error_namespace(body: bytes) -> bytes:
    """DynamoDB's `__type` names a namespace before the code (AWS facts 1.1); ministack sends the bare code."""
    error = json.loads(body)
    code = error.get("__type", "")
    if code and "#" not in code:
        namespace = _SHARED_ERRORS.get(code, "com.amazonaws.dynamodb.v20120810")
        error["__type"] = f"{namespace}#{code}"
    return json.dumps(error, ensure_ascii=False).encode()
