"""The function's package, the emulator that drives it, and a local AWS, all in a network of their own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import network
import pytest
from sandbox import Function, make_root

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Shared"))
import built_package  # noqa: E402

# Contains the official emulator; 8 MB, of which only that file is kept.
_SAM = "aws-sam-cli==1.170.0"
_ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
ACCOUNT = "300000000001"


@pytest.fixture(scope="session")
def package() -> Path:
    """dist/function.zip."""
    return built_package.function_zip()


@pytest.fixture(scope="session")
def emulator() -> Path:
    """AWS's Lambda Runtime Interface Emulator, from the wheel of the SAM CLI."""
    folder = ROOT / ".build" / "lambda-emulator" / _SAM
    path = folder / f"aws-lambda-rie-{_ARCHITECTURE}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary", ":all:", "--dest", str(folder), _SAM], check=True)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            partial = path.with_suffix(".partial")
            partial.write_bytes(archive.read(f"samcli/local/rapid/{path.name}"))
        partial.chmod(0o755)
        partial.replace(path)
        wheel.unlink()
    return path


@pytest.fixture(scope="session")
def private_network(package: Path, emulator: Path) -> None:
    """Leaves the machine's network. After what still needs it: the build and the download."""
    if os.geteuid() != 0:
        pytest.skip("an empty root file system (chroot) and a network of its own need root: run as root or with sudo")
    try:
        network.leave_machine_network()
    except OSError as error:
        pytest.skip(f"this container may not make network namespaces: {error}")


@pytest.fixture(scope="session")
def endpoint(private_network: None) -> Iterator[str]:
    """A local AWS with ten tables and a bucket in account ACCOUNT."""
    import boto3

    process = subprocess.Popen(
        [sys.executable, "-m", "launcher", "serve", "--port", "0", "--exit-with-parent"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "local-aws"), "LOCAL_AWS_EXPORT_SECONDS": "0.5"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    address = process.stdout.readline().decode().strip()
    assert address.startswith("http://127.0.0.1:"), address
    session = boto3.Session(ACCOUNT, "local", region_name="us-east-1")
    session.client("s3", endpoint_url=address).create_bucket(Bucket="backups")
    dynamodb = session.client("dynamodb", endpoint_url=address)
    for name in table_names():
        dynamodb.create_table(
            TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    yield address
    process.terminate()
    assert process.wait(timeout=180) == 0


def table_names() -> list[str]:
    return [f"Table{number}" for number in range(10)]


def configuration(tables: list[str]) -> dict[str, Any]:
    return {"tables": [f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}" for name in tables],
            "bucket": {"name": "backups", "region": "us-east-1"}}


@pytest.fixture
def make_function(
    private_network: None, package: Path, emulator: Path, tmp_path: Path
) -> Callable[..., Function]:
    """Makes a function in an empty root: environment variables by name, `timeout` in seconds."""

    def make(tables: list[str], timeout: int = 30, **environment: str) -> Function:
        root = tmp_path / "root"
        make_root(root, package, configuration(tables))
        return Function(root, emulator, tmp_path / "log", {
            "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", **environment}, timeout)

    return make
