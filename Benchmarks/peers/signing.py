"""Signs the request that the harness signs, with botocore or with awscrt's native signer, and prints the rate.

python signing.py botocore|awscrt SECONDS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone

BODY = b'{"TableName":"Orders"}'
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.DescribeTable",
    "User-Agent": "dynamodb-backup/1.0",
    "amz-sdk-invocation-id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    "amz-sdk-request": "attempt=1; max=3",
}
HOST = "dynamodb.us-east-1.amazonaws.com"
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE" * 20
BATCH = 500


def botocore_batch() -> Callable[[], float]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY, TOKEN), "dynamodb", "us-east-1")

    def batch() -> float:
        requests = [
            AWSRequest(method="POST", url=f"https://{HOST}/", headers=dict(HEADERS), data=BODY) for _ in range(BATCH)
        ]
        started = time.process_time()
        for request in requests:
            signer.add_auth(request)
        return time.process_time() - started

    return batch


def awscrt_batch() -> Callable[[], float]:
    """The native signer with as little Python around it as it allows.

    Requests and the one configuration are made beforehand, and no result is fetched: with static credentials
    aws_sign_request() has signed when it returns. Who really sends pays for those, too.
    """
    import io

    from awscrt import auth, http

    provider = auth.AwsCredentialsProvider.new_static(ACCESS_KEY, SECRET_KEY, TOKEN)
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=provider,
        region="us-east-1",
        service="dynamodb",
        date=datetime.now(timezone.utc),
    )

    def batch() -> float:
        requests = []
        for _ in range(BATCH):
            headers = http.HttpHeaders([("Host", HOST), *HEADERS.items()])
            requests.append(http.HttpRequest("POST", "/", headers, io.BytesIO(BODY)))
        sign = auth.aws_sign_request
        started = time.process_time()
        futures = [sign(request, config) for request in requests]
        elapsed = time.process_time() - started
        for future in futures:
            if future.result(timeout=10).headers.get("Authorization") is None:
                raise RuntimeError("not signed")
        return elapsed

    return batch


def main(signer: str, seconds: float) -> None:
    batch = {"botocore": botocore_batch, "awscrt": awscrt_batch}[signer]()
    batch()
    spent = 0.0
    rates: list[float] = []
    while spent < seconds:
        elapsed = batch()
        spent += elapsed
        rates.append(BATCH / elapsed)
    rates.sort()
    print(json.dumps({"per_second": rates[len(rates) // 2]}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
