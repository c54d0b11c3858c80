"""The files DynamoDB writes for an export to S3, byte for byte as far as they are known (AWS facts 1.6 and 1.7)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .history import Change, ItemKey, ItemText


@dataclass(frozen=True)
class DataFile:
    """One data file: its name without folder, its compressed bytes and how many lines it holds."""

    name: str
    body: bytes
    item_count: int
    uncompressed_size: int

    @property
    def md5_base64(self) -> str:
        return md5_base64(self.body)

    @property
    def multipart_etag(self) -> str:
        """The ETag S3 gives an object uploaded in one part of a multipart upload, without the quotes."""
        return hashlib.md5(hashlib.md5(self.body).digest()).hexdigest() + "-1"


def md5_base64(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def gzip_member(body: bytes) -> bytes:
    """A gzip member as Java writes it: no time, no extra flags, unknown operating system (1f8b0800 00000000 00ff)."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    compressed = deflate.compress(body) + deflate.flush()
    trailer = struct.pack("<II", zlib.crc32(body), len(body) & 0xFFFFFFFF)
    return bytes.fromhex("1f8b08000000000000ff") + compressed + trailer


def full_export_line(text: ItemText) -> str:
    return f'{{"Item":{text}}}'


def incremental_export_line(change: Change, key_names: list[str], view_type: str) -> str:
    """Metadata, Keys and images of one change; which images depends on the view type (AWS facts 1.7)."""
    image = json.loads(change.new if change.new is not None else change.old or "{}")
    keys = json.dumps({name: image[name] for name in key_names}, ensure_ascii=False, separators=(",", ":"))
    parts = [f'"Metadata":{{"WriteTimestampMicros":{{"N":"{change.micros}"}}}}', f'"Keys":{keys}']
    if view_type == "NEW_AND_OLD_IMAGES" and change.old is not None:
        parts.append(f'"OldImage":{change.old}')
    if change.new is not None:
        parts.append(f'"NewImage":{change.new}')
    return "{" + ",".join(parts) + "}"


def data_files(lines: Iterable[tuple[ItemKey, str]], count: int) -> list[DataFile]:
    """Spreads the lines over `count` files by partition key; the last of several stays empty.

    DynamoDB writes one file per partition, and partitions without items give empty files of 20 bytes.
    """
    buckets: list[list[str]] = [[] for _ in range(count)]
    used = max(1, count - 1)
    for key, line in lines:
        digest = hashlib.md5(repr(key[0]).encode()).digest()
        buckets[int.from_bytes(digest[:4], "big") % used].append(line)
    files = []
    for bucket in buckets:
        text = "".join(line + "\n" for line in bucket).encode()
        name = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower() + ".json.gz"
        files.append(DataFile(name, gzip_member(text), len(bucket), len(text)))
    return files


def manifest_files(files: list[DataFile], folder: str) -> bytes:
    """manifest-files.json: JSON Lines with a trailing newline; keys are relative to the bucket's root."""
    lines = [
        _compact(
            {
                "itemCount": file.item_count,
                "md5Checksum": file.md5_base64,
                "etag": file.multipart_etag,
                "dataFileS3Key": folder + file.name,
            }
        )
        for file in files
    ]
    return "".join(line + "\n" for line in lines).encode()


def manifest_summary(description: dict[str, Any], manifest_files_key: str, end_time: float) -> bytes:
    """manifest-summary.json: one line without a newline, fields in the order AWS writes them."""
    incremental = description.get("ExportType") == "INCREMENTAL_EXPORT"
    summary: dict[str, Any] = {
        "version": "2023-08-01" if incremental else "2020-06-30",
        "exportArn": description["ExportArn"],
        "startTime": iso_milliseconds(description["StartTime"]),
        "endTime": iso_milliseconds(end_time),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
    }
    if incremental:
        window = description["IncrementalExportSpecification"]
        summary["exportFromTime"] = iso_milliseconds(window["ExportFromTime"])
        summary["exportToTime"] = iso_milliseconds(window["ExportToTime"])
    else:
        summary["exportTime"] = iso_milliseconds(description["ExportTime"])
    summary.update(
        {
            "s3Bucket": description["S3Bucket"],
            "s3Prefix": description.get("S3Prefix"),
            "s3SseAlgorithm": description["S3SseAlgorithm"],
            "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
            "manifestFilesS3Key": manifest_files_key,
            "billedSizeBytes": description["BilledSizeBytes"],
            "itemCount": description["ItemCount"],
        }
    )
    summary["outputFormat"] = description["ExportFormat"]
    if incremental:
        summary["outputView"] = description["IncrementalExportSpecification"]["ExportViewType"]
        summary["exportType"] = "INCREMENTAL_EXPORT"
    return _compact(summary).encode()


def iso_milliseconds(moment: float) -> str:
    text = datetime.fromtimestamp(round(moment, 3), timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
