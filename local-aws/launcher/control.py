"""What stands before ministack: the control path of the local AWS, and services that ministack lacks.

POST /_local-aws/rules/<region>/<name>/fire[?account=…] makes a scheduled rule fire; AWS has nothing like it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from .application_auto_scaling import TARGET_PREFIX, ApplicationAutoScaling
from .schedules import make_due

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_CONTROL_PREFIX = "/_local-aws/"


def with_control(application: Application, account_id: str) -> Application:
    """The application with the control paths and the added services in front of it."""
    scaling = ApplicationAutoScaling()

    async def controlled(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        if scope["path"].startswith(_CONTROL_PREFIX):
            account = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("account", [account_id])[0]
            status, text = _control(scope["method"], scope["path"].removeprefix(_CONTROL_PREFIX), account)
            await _send(send, status, b"text/plain", text.encode())
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        target = headers.get("x-amz-target", "")
        if target.startswith(TARGET_PREFIX):
            account, region = _caller(headers, account_id)
            body = await _body(receive)
            status, answer = scaling.answer(target.removeprefix(TARGET_PREFIX), body, account, region)
            await _send(send, status, b"application/x-amz-json-1.1", answer)
            return
        await application(scope, receive, send)

    return controlled


def _control(method: str, path: str, account_id: str) -> tuple[int, str]:
    parts = path.split("/")
    if method != "POST" or len(parts) != 4 or (parts[0], parts[3]) != ("rules", "fire"):
        return 404, "not found; see local-aws/README.md\n"
    if make_due(account_id, parts[1], parts[2]):
        return 200, "the rule fires at the next tick\n"
    return 404, f"no scheduled rule {parts[2]} in {parts[1]}\n"


def _caller(headers: dict[str, str], account_id: str) -> tuple[str, str]:
    """Account and region, as ministack takes them from the credential scope."""
    from ministack.core.router import extract_access_key_id, extract_region

    access_key_id = extract_access_key_id(headers, {})
    is_account = len(access_key_id) == 12 and access_key_id.isdigit()
    return access_key_id if is_account else account_id, extract_region(headers, {})


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-requestid", str(uuid4()).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
