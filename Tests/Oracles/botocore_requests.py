"""Prints as JSON the requests that botocore would send for the calls of a JSON file.

Nothing is sent: the hook before sending answers in place of the network. Each case names a service, a Region, an
operation and its parameters.
"""

import base64
import json
import sys
from typing import Any

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class _Body:
    """The body of an empty answer, as urllib3 would give it."""

    def stream(self, **_: Any) -> Any:
        """Gives the body in one piece."""
        yield b"{}"


def request_of(session: botocore.session.Session, case: dict[str, Any]) -> dict[str, Any]:
    """Returns method, URL, headers and body of one call."""
    seen: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        seen.append(request)
        return AWSResponse(request.url, 200, {}, _Body())

    if case["service"] == "cloudwatch":
        # botocore prefers CBOR; our client speaks the JSON protocol that the same model offers.
        loader = session.get_component("data_loader")
        loader.load_service_model("cloudwatch", "service-2")["metadata"]["protocols"] = ["json"]
    client = session.create_client(
        case["service"],
        region_name=case["region"],
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        # An account's own endpoint is an offer; the Region's, which our client uses, serves every account.
        config=Config(retries={"total_max_attempts": 1}, account_id_endpoint_mode="disabled"),
    )
    client.meta.events.register("before-send", answer)
    method = {name: attribute for attribute, name in client.meta.method_to_api_mapping.items()}[case["operation"]]
    try:
        getattr(client, method)(**case["parameters"])
    except (BotoCoreError, ClientError):
        # The answer is none that S3 gives; only the request counts.
        if not seen:
            raise
    request = seen[0]
    body = request.body or b""
    if hasattr(body, "read"):
        body.seek(0)
        body = body.read()
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    return {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": base64.b64encode(body.encode() if isinstance(body, str) else body).decode(),
    }


def main() -> None:
    """Reads the cases and prints the requests in their order."""
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    session = botocore.session.get_session()
    json.dump([request_of(session, case) for case in cases], sys.stdout)


if __name__ == "__main__":
    main()
