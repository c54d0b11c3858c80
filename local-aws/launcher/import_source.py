"""The objects an import reads, and the items in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


class ImportFailure(Exception):
    """An import that cannot run; the table is not made."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class SourceObject:
    """One object: what could be read of it, and what could not, with the index of the line or row."""

    key: str
    size: int
    items: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


def source_objects(ddb: Any, description: dict[str, Any]) -> Iterator[SourceObject]:
    """Every object whose key starts with the raw prefix (AWS facts 2.1), in key order."""
    from ministack.core.responses import request_scope
    from ministack.services import s3

    source = description["S3BucketSource"]
    bucket_name = source["S3Bucket"]
    owner = s3._bucket_owner_account(bucket_name)
    if owner is None:
        raise ImportFailure(
            "S3NoSuchBucket",
            "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket)",
        )
    caller = ddb.get_account_id()
    expected = source.get("S3BucketOwner")
    if expected not in (None, owner):
        raise _access_denied()
    bucket = s3._buckets.get_scoped(owner, None, bucket_name)
    prefix = source.get("S3KeyPrefix") or ""
    for key in sorted(key for key in list(bucket["objects"]) if key.startswith(prefix) and not key.endswith("/")):
        if owner != caller and not s3._foreign_bucket_allows(owner, bucket_name, key, "GET", {}, caller):
            raise _access_denied()
        record = bucket["objects"].get(key)
        if record is None:
            continue
        with request_scope(owner, bucket.get("region") or "us-east-1"):
            # _sync_restore names the archive class of an object that is not thawed, and None for readable ones.
            archived = s3._sync_restore(bucket_name, key, record)
            readable = record.get("storage_class") not in ("GLACIER", "DEEP_ARCHIVE") or archived == "restored"
            body = s3._get_object_data(bucket_name, key) if readable else None
        if not readable:
            raise ImportFailure(
                "S3AccessDenied",
                "The operation is not valid for the object's storage class "
                f"(Service: Amazon S3; Status Code: 403; Error Code: InvalidObjectState): {key}",
            )
        if body is not None:
            yield _read(ddb, key, body, description)


def _read(ddb: Any, key: str, body: bytes, description: dict[str, Any]) -> SourceObject:
    if description["InputCompressionType"] == "GZIP":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError) as error:
            return SourceObject(key, len(body), errors=[(0, f"The object is not valid GZIP data: {error}")])
    result = SourceObject(key, len(body))
    if description["InputFormat"] == "CSV":
        options = (description.get("InputFormatOptions") or {}).get("Csv") or {}
        types = {
            definition["AttributeName"]: definition["AttributeType"]
            for definition in description["TableCreationParameters"].get("AttributeDefinitions", [])
        }
        try:
            result.items, result.errors = ddb._import_csv_items(body, options, types)
        except ddb._ImportFailed as error:
            result.errors.append((0, error.message))
        return result
    _read_json_lines(body, result)
    return result


def _read_json_lines(body: bytes, result: SourceObject) -> None:
    """`{"Item": …}` per line. Lines end at a line feed only: U+2028 and the like may stand inside a value."""
    for index, line in enumerate(body.split(b"\n")):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            # A line that is no JSON at all ends the object: DynamoDB skips the rest of it (AWS facts 2.2).
            result.errors.append((index, f"The item is not valid JSON: {error}"))
            return
        item = record.get("Item") if isinstance(record, dict) else None
        if isinstance(item, dict):
            result.items.append((index, item))
        else:
            result.errors.append((index, "The item is not in DYNAMODB_JSON format"))


def _access_denied() -> ImportFailure:
    return ImportFailure(
        "S3AccessDenied", "Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)"
    )
