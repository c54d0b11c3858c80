#!/usr/bin/env python3
"""A custom runtime for the tests: speaks Lambda's runtime API and does what the event says.

{"do": "echo"} answers the event, its environment and headers; "fail" reports an error; "exit" ends the process;
"call" lists the tables through AWS_ENDPOINT_URL; "sleep" answers, and then never asks for another event.
"""

import json
import os
import sys
import time
import urllib.request

BASE = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def post(path: str, document: object, **headers: str) -> None:
    request = urllib.request.Request(f"{BASE}/{path}", json.dumps(document).encode(), headers)
    urllib.request.urlopen(request).close()


def call() -> object:
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20261121/{os.environ['AWS_REGION']}/dynamodb/aws4_request"
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], b"{}", headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


while True:
    with urllib.request.urlopen(f"{BASE}/next") as invocation:
        headers = dict(invocation.headers)
        event = json.load(invocation)
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    action = event.get("do", "echo") if isinstance(event, dict) else "echo"
    print(json.dumps({"doing": action, "requestId": request_id}), flush=True)
    if action == "exit":
        sys.exit(7)
    if action == "fail":
        metrics = [{"Namespace": "Test", "Dimensions": [["Table"]], "Metrics": [{"Name": "Failed", "Unit": "Count"}]}]
        print(json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": metrics}, "Table": "T", "Failed": 2}))
        sys.stdout.flush()
        error = {"errorMessage": "it failed", "errorType": "Function.Test", "stackTrace": []}
        post(f"{request_id}/error", error, **{"Lambda-Runtime-Function-Error-Type": "Function.Test"})
    elif action == "call":
        post(f"{request_id}/response", call())
    else:
        answer = {"event": event, "environment": dict(os.environ), "headers": headers, "pid": os.getpid()}
        post(f"{request_id}/response", answer)
    if action == "sleep":
        time.sleep(60)
