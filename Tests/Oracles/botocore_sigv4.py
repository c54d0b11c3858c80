"""Signs the requests of a JSON file with botocore and prints the signatures as JSON.

The Swift tests give it random requests and compare what their own signer makes of them.
"""

import base64
import datetime
import json
import sys
from typing import Any

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def sign(case: dict[str, Any]) -> dict[str, str]:
    """Returns the canonical request and the signature of one case."""
    moment = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_, **__: moment
    request = AWSRequest(method=case["method"], url=case["url"], data=base64.b64decode(case["body"]))
    for name, value in case["headers"]:
        request.headers[name] = value
    credentials = Credentials("AKIDEXAMPLE", case["secret"], case.get("token"))
    is_s3 = case["service"] == "s3"
    arguments = (credentials, case["service"], case["region"])
    if case["presigned"]:
        kind = botocore.auth.S3SigV4QueryAuth if is_s3 else botocore.auth.SigV4QueryAuth
        auth = kind(*arguments, expires=900)
    else:
        auth = (botocore.auth.S3SigV4Auth if is_s3 else botocore.auth.SigV4Auth)(*arguments)

    canonical: list[str] = []
    original = auth.canonical_request

    def canonical_request(signed: AWSRequest) -> str:
        canonical.append(original(signed))
        return canonical[-1]

    auth.canonical_request = canonical_request
    auth.add_auth(request)
    if case["presigned"]:
        signature = request.url.rsplit("X-Amz-Signature=", 1)[1]
    else:
        signature = request.headers["Authorization"]
    return {"canonicalRequest": canonical[-1], "signature": signature}


def main() -> None:
    """Reads the cases and prints the results in their order."""
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    json.dump([sign(case) for case in cases], sys.stdout)


if __name__ == "__main__":
    main()
