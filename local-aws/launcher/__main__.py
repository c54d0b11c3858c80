"""local-aws start|stop|status|env|serve"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import background
from .settings import Settings, SettingsError


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="local-aws",
        description="A local AWS on one port of 127.0.0.1, for the demo and the integration tests.",
        epilog="Environment variables that change its behaviour are listed in local-aws/README.md.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("start", "start it in the background, wait until it answers, print its endpoint"),
        ("stop", "stop it and everything it started"),
        ("status", "print its endpoint; exit 1 when it does not run"),
        ("env", "print export lines that lead the AWS CLI and SDKs to it"),
        ("serve", "run it in the foreground; the first line of output is its endpoint"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--directory",
            type=Path,
            default=None if name == "serve" else Path(".local-aws"),
            help="where its files pid, port, endpoint and log lie"
            + ("" if name == "serve" else " (default: .local-aws)"),
        )
        if name in ("start", "serve"):
            command.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
        if name == "serve":
            command.add_argument(
                "--exit-with-parent", action="store_true", help="end when the process that started it ends"
            )
    return parser


def main() -> int:
    arguments = _arguments().parse_args()
    directory: Path | None = arguments.directory.absolute() if arguments.directory is not None else None
    try:
        settings = Settings.from_environment()
        if arguments.command == "serve" or directory is None:
            from .server import serve

            return serve(arguments.port, settings, directory, arguments.exit_with_parent)
        if arguments.command == "start":
            print(background.start(directory, arguments.port))
            return 0
        if arguments.command == "stop":
            print("stopped" if background.stop(directory) else "not running")
            return 0
        endpoint = background.endpoint_of(directory)
        if endpoint is None:
            print(f"local-aws: not running (directory {directory})", file=sys.stderr)
            return 1
        if arguments.command == "status":
            print(endpoint)
        else:
            print(f"export AWS_ENDPOINT_URL={endpoint}")
            print(f"export AWS_ACCESS_KEY_ID={settings.account_id}")
            print("export AWS_SECRET_ACCESS_KEY=local")
            print("export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1")
            print("unset AWS_SESSION_TOKEN AWS_PROFILE")
        return 0
    except (SettingsError, background.BackgroundError) as error:
        print(f"local-aws: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
