"""Starts programs through limits/measure.c, which tells wall time, CPU time and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .workspace import Workspace

# The same for everybody: no configuration of this machine, no proxy, no waiting for instance metadata.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLE" * 20,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class BenchmarkError(RuntimeError):
    """A run that did not do what was to be measured."""


@dataclass(frozen=True)
class Usage:
    started_at: int  # CLOCK_MONOTONIC, nanoseconds
    wall: float  # seconds
    cpu: float  # seconds, user and system, all threads
    peak_mib: float
    output: str = ""


@dataclass(frozen=True)
class Running:
    pid: int
    started_at: int

    def cpu(self) -> float:
        """Processor time so far, of all threads, from the process's own clock (clock_getcpuclockid)."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def peak_mib(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise BenchmarkError(f"process {self.pid} has ended")


def run(
    workspace: Workspace, command: Sequence[str | Path], environment: Mapping[str, str] = {}, expected_exit: int = 0
) -> Usage:
    """Runs a program to its end; a failure ends the benchmark with the program's own words."""
    with tempfile.TemporaryDirectory() as folder:
        result, output = Path(folder, "result"), Path(folder, "output")
        with output.open("wb") as stdout:
            process = subprocess.run(
                [workspace.tools / "measure", result, *command],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                # What a program keeps for a second run is gone with the folder.
                env={**ENVIRONMENT, "XDG_STATE_HOME": folder, **environment},
                cwd=folder,
            )
        text = output.read_text()
        facts = json.loads(result.read_text()) if process.returncode == 0 else {"exit": -1}
        if facts["exit"] != expected_exit:
            raise BenchmarkError(f"{command} failed: {process.stderr.decode()[-2000:]}{text[-2000:]}")
        return _usage(facts, text)


@contextmanager
def running(
    workspace: Workspace, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[Running]:
    """Starts a program that would run for ever, and ends it."""
    with tempfile.TemporaryDirectory() as temporary:
        result, log = Path(temporary, "result"), Path(temporary, "log")
        with log.open("wb") as output:
            measure = subprocess.Popen(
                [workspace.tools / "measure", result, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={**ENVIRONMENT, **environment},
            )
        try:
            yield _started(result, measure)
        except BenchmarkError as error:
            raise BenchmarkError(f"{error}\n{log.read_text()[-2000:]}") from None
        finally:
            measure.terminate()
            measure.wait()


def _started(result: Path, measure: subprocess.Popen[bytes]) -> Running:
    while True:
        text = result.read_text() if result.exists() else ""
        if text:
            facts = json.loads(text if text.rstrip().endswith("}") else text + "}")
            return Running(pid=facts["pid"], started_at=facts["started_at"])
        if measure.poll() is not None:
            raise BenchmarkError("the program could not be started")
        time.sleep(0.0005)


def _usage(facts: dict[str, Any], output: str) -> Usage:
    return Usage(
        started_at=facts["started_at"],
        wall=facts["wall"],
        cpu=facts["user"] + facts["system"],
        peak_mib=facts["peak_kib"] / 1024,
        output=output,
    )
