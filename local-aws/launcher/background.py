"""Starts and stops the server in the background, known by the files in its directory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_START_SECONDS = 120
_STOP_SECONDS = 60


class BackgroundError(Exception):
    """Why the server could not be started, found or stopped."""


def endpoint_of(directory: Path) -> str | None:
    """The endpoint of the server that runs in this directory."""
    pid = _number(directory / "pid")
    port = _number(directory / "port")
    if pid is None or port is None or not _is_server(pid, directory):
        return None
    return f"http://127.0.0.1:{port}"


def start(directory: Path, port: int) -> str:
    """Starts the server unless it runs, waits until it answers and returns its endpoint."""
    running = endpoint_of(directory)
    if running is not None:
        if port not in (0, int(running.rsplit(":", 1)[1])):
            raise BackgroundError(f"already running at {running} (directory {directory}); stop it first")
        return running
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("pid", "port", "endpoint"):
        (directory / name).unlink(missing_ok=True)
    command = [sys.executable, "-m", "launcher", "serve", "--port", str(port), "--directory", str(directory)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BackgroundError(f"the server ended at once:\n{_tail(directory / 'log')}")
        endpoint = endpoint_of(directory)
        if endpoint is not None and is_healthy(endpoint):
            return endpoint
        time.sleep(0.05)
    stop(directory)
    raise BackgroundError(f"not ready after {_START_SECONDS} s:\n{_tail(directory / 'log')}")


def stop(directory: Path) -> bool:
    """Stops the server of this directory and every process it started; False when there was none."""
    pid = _number(directory / "pid")
    if pid is None:
        return False
    found = False
    if _is_server(pid, directory):
        found = True
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while _is_server(pid, directory) and time.monotonic() < deadline:
            time.sleep(0.02)
        if _is_server(pid, directory):
            os.kill(pid, signal.SIGKILL)
    # The server led a session; what is left in it (a function after the server was killed) can only be its own.
    for member in _session_members(pid):
        found = True
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for name in ("pid", "port", "endpoint"):
        (directory / name).unlink(missing_ok=True)
    for scratch in directory.glob("scratch-*"):
        shutil.rmtree(scratch, ignore_errors=True)
    return found


def is_healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_server(pid: int, directory: Path) -> bool:
    """Whether this process is the server, and not another one that got its id later."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return b"launcher" in command and str(directory).encode() in command and state != "Z"


def _session_members(session: int) -> list[int]:
    """Live processes of a session whose leader is gone; none while another process has the leader's id."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, _, _, its_session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if state == "Z":
            continue
        if int(entry.name) == session:
            return []
        if int(its_session) == session:
            members.append(int(entry.name))
    return members


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    except OSError:
        return "(no log)"
