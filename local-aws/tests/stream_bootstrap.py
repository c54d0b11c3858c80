#!/usr/bin/env python3
"""A function for a table's stream: writes down which keys came, and fails as the folder FOLDER says.

A file `error` there holds keys that make the invocation an error, `report` keys whose sequence numbers are reported.
"""

import json
import os
import urllib.request
from pathlib import Path

BASE = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
FOLDER = Path(os.environ["FOLDER"])


def keys(name: str) -> list[str]:
    file = FOLDER / name
    return file.read_text().split() if file.exists() else []


while True:
    with urllib.request.urlopen(f"{BASE}/next") as invocation:
        request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        records = [record["dynamodb"] for record in json.load(invocation)["Records"]]
    came = [record["Keys"]["pk"]["S"] for record in records]
    with (FOLDER / "log").open("a") as log:
        log.write(" ".join(came) + "\n")
    if set(came) & set(keys("error")):
        path, answer = "error", {"errorMessage": "it failed", "errorType": "Function.Test"}
    else:
        reported = [record["SequenceNumber"] for record in records if record["Keys"]["pk"]["S"] in keys("report")]
        # The highest first: the lowest counts all the same.
        path, answer = "response", {"batchItemFailures": [{"itemIdentifier": number} for number in reversed(reported)]}
    urllib.request.urlopen(
        urllib.request.Request(f"{BASE}/{request_id}/{path}", json.dumps(answer).encode())).close()
