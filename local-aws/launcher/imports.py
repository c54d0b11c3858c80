"""ImportTable as DynamoDB does it (AWS facts 2.1 and 2.2); describing and listing stay ministack's."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from .import_source import ImportFailure, SourceObject, source_objects
from .settings import Settings

_LOG = logging.getLogger("local-aws.imports")
#: The members ImportTable knows; everything else is not applied to the new table.
_TABLE_MEMBERS = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "SSESpecification",
    "GlobalSecondaryIndexes",
    "VectorIndexes",
)
#: Of the time an import takes, the part in which its table is not to be seen at all (AWS: the first 30 s).
_HIDDEN_PART = 0.2
_STEPS = 20

Answer = tuple[int, dict[str, str], bytes]


class Imports:
    def __init__(self, ddb: Any, settings: Settings) -> None:
        self._ddb = ddb
        self._settings = settings

    def start(self, data: dict[str, Any]) -> Answer:
        ddb = self._ddb
        refusal = self._refused_members(data)
        if refusal is not None:
            return refusal
        parameters = {name: data["TableCreationParameters"].get(name) for name in _TABLE_MEMBERS}
        parameters = {name: value for name, value in parameters.items() if value is not None}
        name = parameters["TableName"]
        token = data.get("ClientToken")
        known = self._with_token(token) if token is not None else None
        if known is not None:
            if known["TableCreationParameters"]["TableName"] != name:
                return ddb.error_response_json(
                    "ImportConflictException", "Import conflict: Duplicate request detected with conflicting parameters"
                )
            # While it runs the token returns the import, and after the table was deleted again, too; while the
            # finished table exists the name is taken. A changed prefix is silently ignored (AWS facts 2.2).
            if known["ImportStatus"] == "IN_PROGRESS" or name not in ddb._tables:
                return self._answer(known)
        if name in ddb._tables:
            return ddb.error_response_json("ResourceInUseException", f"Table already exists: {name}")
        running = sum(description["ImportStatus"] == "IN_PROGRESS" for description in ddb._imports.values())
        if running >= ddb._IMPORT_CONCURRENCY_LIMIT:
            return ddb.error_response_json(
                "LimitExceededException",
                f"Subscriber limit exceeded: There is a limit of {ddb._IMPORT_CONCURRENCY_LIMIT} concurrent imports",
            )
        # CreateTable checks the parameters; the table itself only comes to light later.
        status, headers, body = ddb._create_table(parameters)
        if status != 200:
            return status, headers, body
        table = ddb._tables.pop(name)
        table["TableStatus"] = "CREATING"
        description = self._new_description(data, parameters, table)
        ddb._imports[description["ImportArn"]] = description
        answer = self._answer(description)
        ddb.spawn_background(self._run, description, table, thread_name="local-aws-import")
        return answer

    def _refused_members(self, data: dict[str, Any]) -> Answer | None:
        ddb = self._ddb
        parameters = data.get("TableCreationParameters") or {}
        for value, member in (
            ((data.get("S3BucketSource") or {}).get("S3Bucket"), "s3BucketSource.s3Bucket"),
            (data.get("InputFormat"), "inputFormat"),
            (parameters.get("TableName"), "tableCreationParameters.tableName"),
            (parameters.get("KeySchema"), "tableCreationParameters.keySchema"),
            (parameters.get("AttributeDefinitions"), "tableCreationParameters.attributeDefinitions"),
        ):
            if not value:
                return ddb.error_response_json(
                    "ValidationException",
                    f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
                    "Member must not be null",
                )
        for value, allowed, member in (
            (data["InputFormat"], ("DYNAMODB_JSON", "ION", "CSV"), "inputFormat"),
            (data.get("InputCompressionType", "NONE"), ("GZIP", "ZSTD", "NONE"), "inputCompressionType"),
        ):
            if value not in allowed:
                return ddb.error_response_json(
                    "ValidationException",
                    f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
                    f"Member must satisfy enum value set: [{', '.join(allowed)}]",
                )
        if "LocalSecondaryIndexes" in parameters:
            # Stricter than AWS, where an unknown member goes unnoticed: here a mistake shall be seen.
            return ddb.error_response_json(
                "ValidationException", "Unknown parameter in TableCreationParameters: LocalSecondaryIndexes"
            )
        if parameters.get("BillingMode", "PROVISIONED") == "PROVISIONED" and parameters.get("OnDemandThroughput"):
            return ddb.error_response_json(
                "ValidationException",
                "One or more parameter values were invalid: OnDemandThroughput cannot be specified when BillingMode "
                "is PROVISIONED",
            )
        if data["InputFormat"] == "CSV":
            refused: Answer | None = ddb._validate_csv_import_options(data)
            return refused
        return None

    def _with_token(self, token: str) -> dict[str, Any] | None:
        for description in self._ddb._imports.values():
            if description.get("ClientToken") == token:
                return dict(description) if description["ImportStatus"] != "IN_PROGRESS" else description
        return None

    def _new_description(
        self, data: dict[str, Any], parameters: dict[str, Any], table: dict[str, Any]
    ) -> dict[str, Any]:
        ddb = self._ddb
        description: dict[str, Any] = {
            "ImportArn": ddb._import_arn(table["TableArn"]),
            "ImportStatus": "IN_PROGRESS",
            "TableArn": table["TableArn"],
            "TableId": table["TableId"],
            "ClientToken": data.get("ClientToken") or ddb.new_uuid(),
            "S3BucketSource": data["S3BucketSource"],
            "ErrorCount": 0,
            "CloudWatchLogGroupArn": (
                f"arn:aws:logs:{ddb.get_region()}:{ddb.get_account_id()}:log-group:{ddb._IMPORT_LOG_GROUP}:*"
            ),
            "InputFormat": data["InputFormat"],
            "InputCompressionType": data.get("InputCompressionType") or "NONE",
            "TableCreationParameters": parameters,
            "StartTime": round(time.time(), 3),
            "ProcessedSizeBytes": 0,
            "ProcessedItemCount": 0,
            "ImportedItemCount": 0,
        }
        if data.get("InputFormatOptions"):
            description["InputFormatOptions"] = data["InputFormatOptions"]
        return description

    def _answer(self, description: dict[str, Any]) -> Answer:
        answer: Answer = self._ddb.json_response({"ImportTableDescription": self._ddb._import_description(description)})
        return answer

    # -- running ----------------------------------------------------------

    def _run(self, description: dict[str, Any], table: dict[str, Any]) -> None:
        try:
            self._load(description, table)
        except ImportFailure as failure:
            _finish(description, "FAILED", failure.code, failure.message)
        except Exception:
            _LOG.exception("import %s broke", description["ImportArn"])
            _finish(
                description, "FAILED", "InternalServerError", "Internal Failure. Please try your request again."
            )
        else:
            if description["ErrorCount"]:
                # The table stays, with every valid item (AWS facts 2.2).
                _finish(
                    description,
                    "FAILED",
                    "ItemValidationError",
                    "Some of the items failed validation checks and were not imported. "
                    "Please check CloudWatch error logs for more details.",
                )
            else:
                _finish(description, "COMPLETED")
        _LOG.info("import %s: %s", description["ImportArn"], description["ImportStatus"])

    def _load(self, description: dict[str, Any], table: dict[str, Any]) -> None:
        ddb = self._ddb
        name = table["TableName"]
        time.sleep(self._settings.import_seconds * _HIDDEN_PART)
        if description["InputCompressionType"] == "ZSTD" or description["InputFormat"] == "ION":
            raise ImportFailure("InternalServerError", "The local AWS reads neither ZSTD nor ION; use GZIP and JSON")
        # Two imports to one name are both accepted; the later one finds the table made (AWS facts 2.2).
        if name in ddb._tables:
            raise ImportFailure("TableAlreadyExists", f"Table already exists: {name}")
        sources = list(source_objects(ddb, description))
        ddb._tables[name] = table
        try:
            self._load_objects(description, name, sources)
        finally:
            # Writes are refused until now; the import itself is reported as finished a little later.
            table["TableStatus"] = "ACTIVE"

    def _load_objects(self, description: dict[str, Any], name: str, sources: list[SourceObject]) -> None:
        total = sum(len(source.items) for source in sources)
        step = max(1, total // _STEPS)
        pause = self._settings.import_seconds * (1 - _HIDDEN_PART) / _STEPS
        pauses = 0
        bucket = description["S3BucketSource"]["S3Bucket"]
        for source in sources:
            description["ProcessedSizeBytes"] += source.size
            for index, item in source.items:
                problem = self._put(name, item)
                description["ProcessedItemCount"] += 1
                if problem is None:
                    description["ImportedItemCount"] += 1
                else:
                    source.errors.append((index, problem))
                if description["ProcessedItemCount"] % step == 0 and pauses < _STEPS:
                    pauses += 1
                    time.sleep(pause)
            for index, message in source.errors:
                description["ErrorCount"] += 1
                self._ddb._log_import_error(description["ImportArn"], bucket, source.key, index, message)
        time.sleep(pause * (_STEPS - pauses))

    def _put(self, name: str, item: dict[str, Any]) -> str | None:
        """Writes one item; returns why it was not valid."""
        status, _, body = self._ddb._put_item({"TableName": name, "Item": item})
        if status == 200:
            return None
        return str(json.loads(body).get("message") or json.loads(body).get("Message") or "invalid item")


def _finish(description: dict[str, Any], status: str, code: str | None = None, message: str | None = None) -> None:
    description["EndTime"] = round(time.time(), 3)
    if code is not None:
        description["FailureCode"] = code
        description["FailureMessage"] = message
    description["ImportStatus"] = status
