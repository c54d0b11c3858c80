"""The days and tables of a backup bucket, as one lists them with boto3: by delimiter, folder after folder.

It knows neither exports nor whether they are complete; restore_list_complete.py does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import boto3

s3 = boto3.client("s3")
pages = s3.get_paginator("list_objects_v2")


def folders(bucket: str, prefix: str) -> Iterator[str]:
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
        for common in page.get("CommonPrefixes", []):
            yield common["Prefix"]


def main(bucket: str, root: str) -> None:
    for year in folders(bucket, root):
        for month in folders(bucket, year):
            for day in folders(bucket, month):
                for table in folders(bucket, day):
                    date, name = day.removeprefix(root).rstrip("/"), table.removeprefix(day).rstrip("/")
                    print(date, name)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
