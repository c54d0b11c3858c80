"""The one thing the local AWS offers that AWS does not: POST /_local-aws/rules/<region>/<name>/fire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .schedules import make_due

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_PREFIX = "/_local-aws/"


def with_control(application: Application, account_id: str) -> Application:
    """The application with the control paths in front of it."""

    async def controlled(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await application(scope, receive, send)
            return
        parts = scope["path"].removeprefix(_PREFIX).split("/")
        status, text = 404, "not found; see local-aws/README.md\n"
        if scope["method"] == "POST" and len(parts) == 4 and (parts[0], parts[3]) == ("rules", "fire"):
            if make_due(account_id, parts[1], parts[2]):
                status, text = 200, "the rule fires at the next tick\n"
            else:
                text = f"no scheduled rule {parts[2]} in {parts[1]}\n"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": text.encode()})

    return controlled
