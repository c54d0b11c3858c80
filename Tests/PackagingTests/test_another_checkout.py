"""The same commit gives the same zip, wherever it is built. Comes first: the other tests leave the machine's network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif("PACKAGING_REBUILD" not in os.environ, reason="builds for minutes: set PACKAGING_REBUILD=1")
def test_another_checkout_gives_the_same_zip(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    subprocess.run([str(folder / "scripts" / "package-lambda")], check=True, stdin=subprocess.DEVNULL)
    assert (folder / "dist" / "function.zip").read_bytes() == package.read_bytes()
