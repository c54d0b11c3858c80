"""One server for all tests, on a free port, stopped by its process id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

HERE = Path(__file__).resolve().parent
ACCOUNT = "123456789012"


class LocalAWS:
    """A running server and clients for it."""

    def __init__(self, endpoint: str, process: subprocess.Popen[bytes] | None) -> None:
        self.endpoint = endpoint
        self.process = process

    def client(
        self,
        service: str,
        region: str = "us-east-1",
        account: str = ACCOUNT,
        secret: str = "local",
        token: str | None = None,
        **options: Any,
    ) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, **options),
        )

    def dynamodb(self, operation: str, members: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body of a call as it goes over the wire, for what boto3 would not send."""
        scope = f"Credential={ACCOUNT}/20261121/us-east-1/dynamodb/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        }
        request = urllib.request.Request(self.endpoint, json.dumps(members).encode(), headers)
        try:
            answer = urllib.request.urlopen(request, timeout=180)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
        assert answer.headers["x-amz-crc32"] == str(zlib.crc32(body))
        return answer.status, dict(answer.headers), json.loads(body)

    def cli(self, *arguments: str, region: str = "us-east-1") -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": region,
            "AWS_PAGER": "",
        }
        command = [str(Path(sys.executable).parent / "aws"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def start_server(**knobs: str) -> LocalAWS:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), **knobs}
    process = subprocess.Popen(
        [sys.executable, "-m", "launcher", "serve", "--port", "0", "--exit-with-parent"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    endpoint = process.stdout.readline().decode().strip()
    assert endpoint.startswith("http://127.0.0.1:"), endpoint
    return LocalAWS(endpoint, process)


def stop_server(server: LocalAWS) -> None:
    assert server.process is not None
    server.process.terminate()
    assert server.process.wait(timeout=180) == 0


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAWS]:
    server = start_server(
        LOCAL_AWS_EXPORT_SECONDS="0.2",
        LOCAL_AWS_IMPORT_SECONDS="0.4",
        LOCAL_AWS_INCREMENTAL_MINIMUM_SECONDS="1",
        LOCAL_AWS_PITR_BACKDATE_SECONDS="7200",
        LOCAL_AWS_ASYNC_RETRY_SECONDS="0.05",
        LOCAL_AWS_SCHEDULE_TICK_SECONDS="0.2",
    )
    yield server
    stop_server(server)


@pytest.fixture
def unique() -> Callable[[str], str]:
    suffix = uuid.uuid4().hex[:10]
    return lambda name: f"{name}-{suffix}"


@pytest.fixture
def bucket(aws: LocalAWS, unique: Callable[[str], str]) -> str:
    """A bucket in another region than the tables."""
    name = unique("backups")
    aws.client("s3", "us-west-2").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    return name


@pytest.fixture
def table(aws: LocalAWS, unique: Callable[[str], str]) -> dict[str, Any]:
    """A table with PITR, in us-east-1."""
    ddb = aws.client("dynamodb")
    description = ddb.create_table(
        TableName=unique("Orders"),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]
    enable_pitr(ddb, description["TableName"])
    result: dict[str, Any] = description
    return result


def enable_pitr(ddb: Any, table_name: str) -> None:
    ddb.update_continuous_backups(
        TableName=table_name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
