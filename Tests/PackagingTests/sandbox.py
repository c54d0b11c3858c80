"""An empty root file system with the function in it, driven by the Lambda Runtime Interface Emulator."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ENTER_ROOT = Path(__file__).with_name("enter_root.py")
_DEVICES = {"null": 3, "zero": 5, "random": 8, "urandom": 9}
_INVOKE = "/2015-03-31/functions/function/invocations"


def make_root(root: Path, package: Path, config: dict[str, Any]) -> None:
    """Fills `root` with the unpacked zip, /dev, /etc/hosts, /etc/resolv.conf and a /tmp; nothing else is in it."""
    for name in ("var/task", "etc", "dev", "tmp"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            path = root / "var/task" / entry.filename
            path.write_bytes(archive.read(entry))
            path.chmod(entry.external_attr >> 16 & 0o777)
    (root / "var/task/config.json").write_text(json.dumps(config))
    for name, minor in _DEVICES.items():
        os.mknod(root / "dev" / name, 0o020666, os.makedev(1, minor))
        (root / "dev" / name).chmod(0o666)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:2\n")
    # pytest's folders are for root alone; in the sandbox this one is /.
    root.chmod(0o755)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Function:
    """The function in `root` under the emulator; starts with the first invocation."""

    root: Path
    emulator: Path
    log: Path
    environment: dict[str, str]
    timeout: int = 30
    _port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Function:
        variables = {
            "AWS_LAMBDA_FUNCTION_NAME": "DynamoDBBackupFunction", "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_REGION": "us-east-1", "_HANDLER": "backup",
            "LAMBDA_TASK_ROOT": "/var/task", **self.environment}
        command = [
            str(self.emulator), "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}",
            "--runtime-api-address", f"127.0.0.1:{free_port()}", sys.executable, str(_ENTER_ROOT), str(self.root)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return self
            assert self._process.poll() is None, self.output
            time.sleep(0.02)
        raise AssertionError(f"the emulator does not answer: {self.output}")

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        # The emulator and the function that it started.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for process in self.processes:
            os.kill(process, signal.SIGKILL)

    def invoke(self, event: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=300)
        try:
            connection.request("POST", _INVOKE, json.dumps(event))
            body = connection.getresponse().read()
        finally:
            connection.close()
        try:
            return json.loads(body)
        except ValueError:
            return body.decode()

    @property
    def output(self) -> str:
        """What emulator and function have written so far."""
        return self.log.read_text(errors="replace")

    @property
    def processes(self) -> list[int]:
        """The running bootstraps of this root; the emulator starts them in sessions of their own."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if os.readlink(entry / "root") == str(self.root) and os.readlink(entry / "exe").endswith("/bootstrap"):
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def status(self, name: str) -> str:
        """A line of /proc/PID/status of the one running function."""
        (process,) = self.processes
        match = re.search(rf"^{name}:\s*(.*)$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
        assert match
        return match[1]
