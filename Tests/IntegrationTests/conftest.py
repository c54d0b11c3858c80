"""A local AWS for all tests, an account of its own for each, and a way to run the built programs in it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
for folder in ("local-aws", "Tests/Shared"):
    sys.path.insert(0, str(ROOT / folder))
import built_package  # noqa: E402
from tools_fixture import tools  # noqa: E402, F401  a fixture

REGION = "us-east-1"
BUCKET_REGION = "us-west-2"
FUNCTION = "DynamoDBBackupFunction"
# Distinctive, so that it is found wherever it should not be.
SECRET = "PlantedSecretAccessKey0123456789abcdefgh"
# Each worker of pytest-xdist has a local AWS of its own, and accounts that no other one has.
_accounts = itertools.count(200000000001 + 1_000_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))
T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes more than 20 s and is begun first, so that no worker ends with it alone")


# Before pytest-xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first; those of one deployment stay together, in their order and in one worker."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if isinstance(item, pytest.Function) and "deployed" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with local_aws() as address:
        yield address


@pytest.fixture(scope="session")
def strict_endpoint() -> Iterator[str]:
    """A local AWS that checks signatures and policies, and holds the functions to their roles."""
    with local_aws(LOCAL_AWS_AUTHORIZE="1") as address:
        yield address


@contextmanager
def local_aws(**settings: str) -> Iterator[str]:
    """A server of these tests' own; gives its endpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "launcher", "serve", "--port", "0", "--exit-with-parent"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "local-aws"),
            "LOCAL_AWS_EXPORT_SECONDS": "0.5",
            "LOCAL_AWS_IMPORT_SECONDS": "1",
            "LOCAL_AWS_ASYNC_RETRY_SECONDS": "1",
            "LOCAL_AWS_SCHEDULE_TICK_SECONDS": "0.2",
            **settings,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    address = process.stdout.readline().decode().strip()
    assert address.startswith("http://127.0.0.1:"), address
    yield address
    process.terminate()
    assert process.wait(timeout=180) == 0


@pytest.fixture(autouse=True)
def one_day() -> None:
    """Folders of backups are named by the day, which does not change in the middle of a test."""
    left = 86_400 - time.time() % 86_400
    if left < 300:
        time.sleep(left)


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the built programs: PROGRAMS, or that of `swift build`."""
    folder = Path(os.environ.get("PROGRAMS", ROOT / ".build" / "debug"))
    assert (folder / "monitor").exists(), f"{folder}/monitor is missing; run: swift build"
    return folder


@dataclass
class Account:
    """An account with a bucket, and a folder with a config.json."""

    number: str
    endpoint: str
    folder: Path
    programs: Path

    @property
    def bucket(self) -> str:
        return f"backups-{self.number}"

    def arn(self, table: str, region: str = REGION) -> str:
        return f"arn:aws:dynamodb:{region}:{self.number}:table/{table}"

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.number,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def configure(self, *tables: str, **settings: Any) -> None:
        document: dict[str, Any] = {
            "tables": [self.arn(table) for table in tables],
            "bucket": {"name": self.bucket, "region": BUCKET_REGION},
        }
        (self.folder / "config.json").write_text(json.dumps({**document, **settings}))

    def configure_sync(self, **mappings: Any) -> None:
        (self.folder / "config.json").write_text(json.dumps({"sync": mappings}))

    def create_bucket(self) -> None:
        self.client("s3", BUCKET_REGION).create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": BUCKET_REGION}
        )

    def create_table(self, name: str, items: int = 3, pitr: bool = True, **more: Any) -> None:
        dynamodb = self.client("dynamodb")
        members = {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            **more,
        }
        dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **members)
        for number in range(items):
            dynamodb.put_item(TableName=name, Item={"id": {"S": f"{number}"}, "sort": {"N": f"{number}"}})
        if pitr:
            self.set_pitr(name, True)

    def set_pitr(self, table: str, enabled: bool) -> None:
        self.client("dynamodb").update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of this machine's AWS settings; `aws` and python3 are those of this environment."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.number,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_PAGER": "",
            **more,
        }

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of this package, or another one; whatever it writes, no secret is in it."""
        name, *arguments = command
        path = self.programs / name
        done = subprocess.run(
            [str(path) if path.exists() else name, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=600,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert SECRET not in done.stdout + done.stderr
        return done

    def succeed(self, *command: str) -> str:
        """Runs a program that must end with 0, and gives its result."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fail(self, code: int, *command: str) -> str:
        """Runs a program that must end with that code; gives all it wrote."""
        done = self.run(*command)
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def json(self, *command: str, code: int = 0) -> Any:
        done = self.run(*command, "--output", "json")
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def interrupt(self, *command: str, when: Callable[[], Any]) -> subprocess.CompletedProcess[str]:
        """Runs a program of this package and gives it Ctrl-C as soon as `when` finds something.

        A test that wants to see it interrupted runs it again when it ended with 0: it was through before anybody looked.
        """
        name, *arguments = command
        process = subprocess.Popen(
            [str(self.programs / name), *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        try:
            until(lambda: when() or process.poll() is not None, "what the interruption waits for")
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=300)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def exports(self, table: str) -> list[dict[str, Any]]:
        """Every export of a table, described, the oldest first."""
        dynamodb = self.client("dynamodb")
        arns = [each["ExportArn"] for each in dynamodb.list_exports(TableArn=self.arn(table))["ExportSummaries"]]
        return [dynamodb.describe_export(ExportArn=arn)["ExportDescription"] for arn in sorted(arns)]

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client("s3", BUCKET_REGION).get_paginator("list_objects_v2")
        return [
            each["Key"] for page in pages.paginate(Bucket=self.bucket, Prefix=prefix) for each in page.get("Contents", [])
        ]

    def deny_manifests(self) -> None:
        """Makes every export fail in its last step, with all of its data written."""
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{self.bucket}/*/manifest-summary.json",
        }
        self.client("s3", BUCKET_REGION).put_bucket_policy(
            Bucket=self.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )

    def allow_manifests(self) -> None:
        self.client("s3", BUCKET_REGION).delete_bucket_policy(Bucket=self.bucket)


def until(found: Callable[[], T], what: str, seconds: float = 180) -> T:
    """Calls `found` until it returns something; as long as the slowest of busy machines may need."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def make_account(endpoint: str, folder: Path, programs: Path) -> Account:
    folder.mkdir(exist_ok=True)
    account = Account(str(next(_accounts)), endpoint, folder, programs)
    account.configure("Orders")
    return account


@pytest.fixture
def account(endpoint: str, tmp_path: Path, programs: Path) -> Account:
    """An account with nothing but a bucket."""
    account = make_account(endpoint, tmp_path, programs)
    account.create_bucket()
    return account


@pytest.fixture(scope="session")
def function_zip() -> Path:
    """dist/function.zip."""
    return built_package.function_zip()


@pytest.fixture(scope="module")
def deployed(endpoint: str, tmp_path_factory: pytest.TempPathFactory, programs: Path, function_zip: Path) -> Account:
    """An account in which ./deploy.sh has deployed the function for the tables Orders and Users."""
    folder = tmp_path_factory.mktemp("deployed")
    account = make_account(endpoint, folder, programs)
    account.create_table("Orders", items=10)
    account.create_table("Users", items=5)
    # So far away that it does not fire by itself.
    hour = (time.gmtime().tm_hour + 12) % 24
    account.configure("Orders", "Users", schedule=f"cron(0 {hour} * * ? *)")
    # A copy: deploy.sh writes its zip beside itself.
    for name in ("deploy.sh", "config.schema.json", "s3-lifecycle.json"):
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "infrastructure", folder / "infrastructure", ignore=shutil.ignore_patterns("__pycache__"))
    account.succeed(str(folder / "deploy.sh"), "--zip", str(function_zip))
    return account


def unique() -> str:
    return uuid.uuid4().hex[:8]
