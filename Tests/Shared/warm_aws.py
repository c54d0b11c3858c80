"""Runs the AWS CLI from a process that has it loaded already.

deploy.sh calls the CLI some twenty times a run, and each call spends most of its time importing Python modules. Here a
server imports them once and forks for each call; the `aws` that deploy.sh finds on PATH hands its arguments, environment
and output over. What runs is the CLI's own code, as in a process of its own.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path

_CLIENT = """#!{python} -ISE
import array, json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
server.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
server.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode())
server.shutdown(socket.SHUT_WR)
sys.exit(int(server.recv(16) or 255))
"""


def install(folder: Path) -> subprocess.Popen[bytes]:
    """Starts the server and writes the `aws` that uses it into `folder`; gives the server's process."""
    address = str(folder / "aws.socket")
    client = folder / "aws"
    client.write_text(_CLIENT.format(python=sys.executable, address=address))
    client.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        # Calls wait there until the server has loaded the CLI.
        listener.listen(64)
        # No fork of the tests' own process, which has threads.
        return subprocess.Popen(
            [sys.executable, __file__, str(listener.fileno()), str(os.getpid())], pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _serve(listener: socket.socket, parent: int) -> None:
    import awscli.clidriver  # noqa: F401  loaded once, for all calls

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener.settimeout(1)
    # Not longer than the tests, however these end.
    while os.getppid() == parent:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            status = 255
            try:
                status = _run(connection)
            except BaseException:
                # The same as an interpreter of its own would do; stderr is the caller's by now.
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                connection.sendall(str(status).encode())
                os._exit(0)
        connection.close()


def _run(connection: socket.socket) -> int:
    _, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(2 * array.array("i").itemsize))
    outputs = array.array("i")
    outputs.frombytes(ancillary[0][2])
    request = b"".join(iter(lambda: connection.recv(65536), b""))
    arguments, environment, folder = json.loads(request)
    for target, output in zip((1, 2), outputs, strict=True):
        os.dup2(output, target)
        os.close(output)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    # The one variable that loading the CLI sets: where its data lies.
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(environment, AWS_DATA_PATH=data)
    os.chdir(folder)
    sys.argv = ["aws", *arguments]

    import awscli.clidriver

    try:
        return int(awscli.clidriver.main())
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
