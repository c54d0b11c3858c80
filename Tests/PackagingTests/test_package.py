"""What is in dist/function.zip, and what it asks of the system it runs on."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infrastructure"))

from backup_deploy import function_zip  # noqa: E402


@pytest.fixture(scope="module")
def bootstrap(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "bootstrap"
    with zipfile.ZipFile(package) as archive:
        path.write_bytes(archive.read("bootstrap"))
    return path


def readelf(path: Path, *options: str) -> str:
    return subprocess.run(["readelf", "--wide", *options, str(path)], check=True, capture_output=True, text=True).stdout


def test_the_zip_holds_an_executable_bootstrap_and_the_configuration(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        assert [(entry.filename, entry.external_attr >> 16) for entry in archive.infolist()] == [
            ("bootstrap", 0o100755), ("config.json", 0o100644)]


def test_the_zip_is_smaller_than_8_mb(package: Path) -> None:
    assert package.stat().st_size < 8_000_000


def test_bootstrap_asks_for_no_loader_and_no_library(bootstrap: Path) -> None:
    headers = readelf(bootstrap, "--program-headers", "--dynamic")
    assert "Elf file type is DYN" in headers, "position-independent"
    assert "INTERP" not in headers
    assert "(NEEDED)" not in headers


def test_bootstrap_asks_for_no_versioned_symbol(bootstrap: Path) -> None:
    assert "GLIBC" not in readelf(bootstrap, "--dyn-syms", "--version-info")


def test_no_memory_of_bootstrap_is_writable_and_executable(bootstrap: Path) -> None:
    segments = [line for line in readelf(bootstrap, "--program-headers").splitlines() if line.split()[:1] in (["LOAD"], ["GNU_STACK"])]
    assert segments
    assert not [line for line in segments if "RWE" in line]


def test_bootstrap_holds_no_path_of_the_machine_that_built_it(bootstrap: Path) -> None:
    content = bootstrap.read_bytes()
    assert str(ROOT).encode() not in content
    assert str(Path.home()).encode() + b"/" not in content


def test_the_same_content_gives_the_same_zip(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        config = archive.read("config.json")
    again = tmp_path / "again.zip"
    function_zip.with_config(package, again, config)
    assert again.read_bytes() == package.read_bytes()
    other = tmp_path / "other.zip"
    function_zip.with_config(package, other, config + b"\n")
    assert function_zip.sha256(other) != function_zip.sha256(package)
