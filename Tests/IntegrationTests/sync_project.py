"""deploy.sh sync in an account of a test's own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Account


class Project:
    """A copy of deploy.sh in an account's folder: it writes its zip beside itself."""

    def __init__(self, account: Account, tools: Path, function_zip: Path) -> None:
        self.account = account
        self._path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.zip = function_zip
        for name in ("deploy.sh", "config.schema.json", "s3-lifecycle.json"):
            shutil.copy2(ROOT / name, account.folder / name)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "infrastructure", account.folder / "infrastructure", ignore=ignored)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Runs deploy.sh sync, which must end with that code; gives all it wrote."""
        script = str(self.account.folder / "deploy.sh")
        done = self.account.run(script, "sync", *arguments, PATH=self._path)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def deploy(self, *arguments: str) -> str:
        return self.run("--zip", str(self.zip), *arguments)


@pytest.fixture
def project(account: Account, tools: Path, function_zip: Path) -> Project:
    return Project(account, tools, function_zip)
