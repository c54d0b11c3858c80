"""The backups of a bucket with their states, as `restore list` shows them: every key is listed and looked at.

Going down by delimiter to the manifests would take two calls for each backup, which is slower still.
"""

from __future__ import annotations

import re
import sys

import boto3

FILE = re.compile(r"(\d{4}/\d\d/\d\d)/([^/]+)/AWSDynamoDB/([^/]+)/(.+)")


def main(bucket: str, root: str) -> None:
    completed: dict[tuple[str, str, str], bool] = {}
    for page in boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=root):
        for item in page.get("Contents", []):
            if match := FILE.fullmatch(item["Key"].removeprefix(root)):
                date, table, export, file = match.groups()
                backup = (date, table, export)
                completed[backup] = completed.get(backup, False) or file == "manifest-summary.json"
    for (date, table, export), is_complete in sorted(completed.items(), reverse=True):
        print(date, table, export, "COMPLETE" if is_complete else "RUNNING")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
