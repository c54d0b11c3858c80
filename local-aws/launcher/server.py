"""The server process: ministack with this project's hooks, on one port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from .settings import Settings

#: What the server keeps of its own environment. Above all it must not see credentials, profiles and endpoints of the
#: user: a function started here could otherwise reach a real account.
_KEPT_VARIABLES = frozenset(["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"])


def serve(port: int, settings: Settings, directory: Path | None, exit_with_parent: bool) -> int:
    """Runs until SIGTERM or SIGINT (or the parent's end); leaves neither processes nor files behind."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        print(f"local-aws: cannot listen on 127.0.0.1:{port}: {error.strerror}", file=sys.stderr)
        return 1
    listener.listen(256)
    port = listener.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    # Within the directory, so that `stop` finds it even after the server was killed.
    scratch = tempfile.mkdtemp(prefix="scratch-" if directory else "local-aws-", dir=directory)
    try:
        _prepare_environment(settings, endpoint, port, scratch)
        _install_hooks(settings, endpoint)
        if directory is not None:
            _write_state(directory, port)
        print(endpoint, flush=True)
        asyncio.run(_run(listener, settings, exit_with_parent))
    finally:
        _stop_functions()
        shutil.rmtree(scratch, ignore_errors=True)
    # Worker threads of ministack may still wait for something; nothing of theirs is worth waiting for.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _prepare_environment(settings: Settings, endpoint: str, port: int, scratch: str) -> None:
    """Must come before ministack is imported: it reads its settings at import."""
    for name in [name for name in os.environ if name not in _KEPT_VARIABLES]:
        del os.environ[name]
    tempfile.tempdir = scratch
    os.environ.update(
        {
            "TMPDIR": scratch,
            "GATEWAY_PORT": str(port),
            "AWS_ENDPOINT_URL": endpoint,
            "MINISTACK_ACCOUNT_ID": settings.account_id,
            "MINISTACK_REGION": "us-east-1",
            "S3_DATA_DIR": f"{scratch}/s3",
            "AUTH": "true" if settings.authorize else "false",
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": settings.log_level,
            # Services on ports of their own, open to the network: not wanted.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
        }
    )


def _install_hooks(settings: Settings, endpoint: str) -> None:
    from . import (
        alarms,
        async_invocations,
        bucket_notifications,
        bucket_stacks,
        dynamodb,
        embedded_metrics,
        function_stacks,
        lambda_environment,
        multipart_checksums,
        object_heads,
        principals,
        schedules,
        stream_mappings,
    )

    dynamodb.install(settings)
    lambda_environment.install(endpoint)
    multipart_checksums.install()
    object_heads.install()
    principals.install()
    embedded_metrics.install()
    async_invocations.install(settings)
    schedules.install(settings)
    stream_mappings.install(settings)
    bucket_notifications.install()
    bucket_stacks.install()
    function_stacks.install()
    alarms.install()


async def _run(listener: socket.socket, settings: Settings, exit_with_parent: bool) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack import app as gateway
    from ministack.core import iam_evaluator

    from .control import with_control

    # This port stands for AWS's TLS endpoints: a policy that demands TLS must not lock everybody out.
    gateway.pin_request_origin = lambda address, _: iam_evaluator.pin_request_origin(address, True)

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.loglevel = settings.log_level
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watch = asyncio.create_task(_watch_parent(stop)) if exit_with_parent else None
    application: Any = with_control(gateway.app, settings.account_id)
    await hypercorn_serve(application, config, shutdown_trigger=stop.wait)
    if watch is not None:
        watch.cancel()


async def _watch_parent(stop: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    logging.getLogger("local-aws").info("the process that started the server is gone")
    stop.set()


def _stop_functions() -> None:
    """Ends the processes of Lambda functions."""
    runtime = sys.modules.get("ministack.core.lambda_runtime")
    if runtime is not None:
        runtime.reset()


def _write_state(directory: Path, port: int) -> None:
    """port last: who finds it finds the rest."""
    (directory / "pid").write_text(f"{os.getpid()}\n")
    (directory / "endpoint").write_text(f"http://127.0.0.1:{port}\n")
    temporary = directory / "port.new"
    temporary.write_text(f"{port}\n")
    temporary.rename(directory / "port")
