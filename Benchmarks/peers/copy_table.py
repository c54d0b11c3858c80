"""A copy of a table as one would write it with boto3: a parallel Scan in two processes with eight threads each, items in
wire form (the client and not the resource, so that no number becomes a Decimal), batches of 25.

    copy_table.py SOURCE TARGET
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool
from typing import Any

import boto3
from botocore.config import Config

PROCESSES, THREADS = 2, 8


def copy_segment(client: Any, source: str, target: str, segment: int) -> int:
    copied = 0
    for page in client.get_paginator("scan").paginate(
        TableName=source, Segment=segment, TotalSegments=PROCESSES * THREADS
    ):
        items = page["Items"]
        for first in range(0, len(items), 25):
            requests = {target: [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]}
            while requests:
                requests = client.batch_write_item(RequestItems=requests)["UnprocessedItems"]
        copied += len(items)
    return copied


def copy_segments(arguments: tuple[str, str, int]) -> int:
    source, target, process = arguments
    config = Config(max_pool_connections=THREADS, retries={"mode": "standard", "max_attempts": 20})
    client = boto3.client("dynamodb", config=config)
    with ThreadPoolExecutor(THREADS) as threads:
        segments = range(process * THREADS, (process + 1) * THREADS)
        return sum(threads.map(lambda segment: copy_segment(client, source, target, segment), segments))


if __name__ == "__main__":
    source, target = sys.argv[1:]
    with Pool(PROCESSES) as pool:
        print(f'{{"items":{sum(pool.map(copy_segments, [(source, target, number) for number in range(PROCESSES)]))}}}')
