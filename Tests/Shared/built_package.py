"""dist/function.zip for the tests that run the function."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("Package.swift", "Sources", "scripts/package-lambda", "scripts/build-release", "scripts/build-dependencies")


def function_zip() -> Path:
    """The zip; built unless it is newer than all that goes into it, and once when several processes ask for it."""
    path = _ROOT / "dist" / "function.zip"
    with (_ROOT / "Package.swift").open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if not path.exists() or path.stat().st_mtime < max(file.stat().st_mtime for file in _sources()):
            subprocess.run([str(_ROOT / "scripts" / "package-lambda")], check=True, stdin=subprocess.DEVNULL)
    return path


def _sources() -> list[Path]:
    return [file for name in _SOURCES for file in ((_ROOT / name).rglob("*") if (_ROOT / name).is_dir() else [_ROOT / name])]
