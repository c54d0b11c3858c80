"""A local AWS for these tests, a copy of the project for each, and a way to run its deploy.sh."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Shared"))
from tools_fixture import tools  # noqa: E402, F401  a fixture

REGION = "us-east-1"
BUCKET_REGION = "us-west-2"
# Each worker of pytest-xdist has a local AWS of its own, and accounts that no other one has.
_accounts = itertools.count(100000000001 + 1_000_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))


# Before pytest-xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one deployment stay together, in their order and in one worker."""
    for item in items:
        if isinstance(item, pytest.Function) and {"deployed", "module_project"} & set(item.fixturenames):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "launcher", "serve", "--port", "0", "--exit-with-parent"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "local-aws")}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    address = process.stdout.readline().decode().strip()
    assert address.startswith("http://127.0.0.1:"), address
    yield address
    process.terminate()
    assert process.wait(timeout=180) == 0


@dataclass
class Project:
    """A copy of what deploy.sh needs, in an account of its own."""

    folder: Path
    endpoint: str
    account: str
    tools: Path
    first_output: str = ""

    @property
    def bucket(self) -> str:
        return f"backups-{self.account}"

    def arn(self, table: str, region: str = REGION) -> str:
        return f"arn:aws:dynamodb:{region}:{self.account}:table/{table}"

    def client(self, service: str, region: str = REGION, account: str = "") -> Any:
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, config=Config(
            retries={"total_max_attempts": 1}), aws_access_key_id=account or self.account, aws_secret_access_key="local")

    def configure(self, **settings: Any) -> None:
        document: dict[str, Any] = {
            "tables": [self.arn("Orders")], "bucket": {"name": self.bucket, "region": BUCKET_REGION}}
        (self.folder / "config.json").write_text(json.dumps({**document, **settings}))

    def create_table(self, name: str = "Orders", region: str = REGION, pitr: bool = True) -> None:
        dynamodb = self.client("dynamodb", region)
        dynamodb.create_table(
            TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
        if pitr:
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of this machine's AWS settings."""
        return {
            "PATH": f"{self.tools}:{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder / "home"),
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": self.account, "AWS_SECRET_ACCESS_KEY": "local", **more}

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs deploy.sh with nothing of this machine's AWS settings."""
        variables = self.environment(**environment)
        return subprocess.run([str(self.folder / "deploy.sh"), *arguments], env=variables, capture_output=True, text=True,
                              timeout=600, stdin=subprocess.DEVNULL, check=False)

    def deploy(self, **environment: str) -> str:
        """Deploys and expects that it works."""
        done = self.run(**environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write_package(self, path: Path, bootstrap: str = "#!/bin/sh\nexit 0\n") -> Path:
        """A function's zip with that bootstrap."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.create_system = 3
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, bootstrap)
        return path


def _copy(endpoint: str, tools: Path, folder: Path) -> Project:
    folder.mkdir()
    for name in ("deploy.sh", "config.json", "config.schema.json", "s3-lifecycle.json"):
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "infrastructure", folder / "infrastructure", ignore=shutil.ignore_patterns("__pycache__"))
    project = Project(folder, endpoint, str(next(_accounts)), tools)
    built = project.write_package(folder / "built.zip")
    # A build in Swift takes minutes and is tested elsewhere.
    script = folder / "scripts" / "package-lambda"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nmkdir -p "{folder}/dist"\ncp "{built}" "{folder}/dist/function.zip"\n'
                      "echo dist/function.zip: as the script tells it\n")
    script.chmod(0o755)
    project.configure()
    return project


@pytest.fixture
def project(endpoint: str, tools: Path, tmp_path: Path) -> Project:
    """A project of which nothing is deployed."""
    return _copy(endpoint, tools, tmp_path / "project")


@pytest.fixture(scope="module")
def module_project(endpoint: str, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of which nothing is deployed, for all tests of a file."""
    return _copy(endpoint, tools, tmp_path_factory.mktemp("module") / "project")


@pytest.fixture(scope="module")
def deployed(endpoint: str, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that is deployed with two tables, for tests that only look; one table has no recovery yet."""
    project = _copy(endpoint, tools, tmp_path_factory.mktemp("deployed") / "project")
    project.create_table("Orders")
    project.create_table("Users", pitr=False)
    # As the function itself would tell it; without any value the alarm of the backups' age is raised, as it should be.
    project.client("cloudwatch").put_metric_data(Namespace="DynamoDBBackup", MetricData=[{
        "MetricName": "HoursSinceLastCompletedBackup", "Value": 1,
        "Dimensions": [{"Name": "FunctionName", "Value": "DynamoDBBackupFunction"}]}])
    project.first_output = project.deploy(
        TABLE_ARNS=f"{project.arn('Orders')}, {project.arn('Users')}", S3_PREFIX="backups/prod")
    project.configure(tables=[project.arn("Orders"), project.arn("Users")],
                      bucket={"name": project.bucket, "region": BUCKET_REGION, "prefix": "backups/prod"})
    return project
