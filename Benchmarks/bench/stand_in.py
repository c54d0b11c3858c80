"""The stand-in server as a process, and what it counted."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .process import BenchmarkError
from .workspace import Workspace


class StandIn:
    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": self.url}

    @property
    def lambda_api(self) -> dict[str, str]:
        return {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.port}"}

    def counts(self) -> dict[str, int]:
        return json.loads(self._call("GET", "counts"))

    def last_answer(self) -> Any:
        return json.loads(self._call("GET", "last-answer"))

    def give_events(self, event: Mapping[str, Any], count: int) -> None:
        self._call("POST", f"events?{count}", json.dumps(event))

    def wait(self, member: str, value: int, seconds: float = 60) -> dict[str, int]:
        """Waits until a count has reached a value; an error that a function reported ends the benchmark."""
        deadline = time.monotonic() + seconds
        while True:
            counts = self.counts()
            if counts["errors"]:
                raise BenchmarkError(f"the function reported {self._call('GET', 'last-answer')[:2000]}")
            if counts[member] >= value:
                return counts
            if time.monotonic() > deadline:
                raise BenchmarkError(f"{member} is {counts[member]} and not {value} after {seconds} s")
            time.sleep(0.002)

    def _call(self, method: str, call: str, body: str | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/stand-in/{call}", body)
            return connection.getresponse().read().decode()
        finally:
            connection.close()


@contextmanager
def stand_in(workspace: Workspace, **options: int) -> Iterator[StandIn]:
    """Starts a server of its own for each run, so that no run finds what another left. Options: stand_in.h."""
    arguments = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    process = subprocess.Popen([workspace.tools / "stand-in", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or not (port := process.stdout.readline().strip()):
            raise BenchmarkError("the stand-in server does not start")
        yield StandIn(int(port))
    finally:
        process.terminate()
        process.wait()
