"""Starting, stopping, knobs and authorization."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ACCOUNT, HERE, LocalAWS, enable_pitr, start_server, stop_server
from test_functions import invoke, make_function
from waiting import finished_export, until

SCRIPT = HERE.parent / "local-aws"


def run(command: str, directory: Path, *arguments: str, **knobs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), command, "--directory", str(directory), *arguments],
        env={**os.environ, **knobs},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_start_status_env_and_stop(tmp_path: Path) -> None:
    assert run("status", tmp_path).returncode == 1
    started = run("start", tmp_path)
    try:
        assert started.returncode == 0, started.stderr
        endpoint = started.stdout.strip()
        assert run("start", tmp_path).stdout.strip() == endpoint
        assert run("start", tmp_path, "--port", "1").returncode == 1
        assert run("status", tmp_path).stdout.strip() == endpoint
        assert f"AWS_ENDPOINT_URL={endpoint}\n" in run("env", tmp_path).stdout
        pid = int((tmp_path / "pid").read_text())
        assert Path(f"/proc/{pid}").exists() and endpoint.endswith(":" + (tmp_path / "port").read_text().strip())
    finally:
        assert run("stop", tmp_path).stdout == "stopped\n"
    assert not alive(pid)
    assert run("stop", tmp_path).stdout == "not running\n"
    assert [each.name for each in tmp_path.iterdir()] == ["log"]


def alive(pid: int) -> bool:
    """A process that has ended may stay in /proc until somebody asks how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_stop_ends_the_functions_of_a_server_that_was_killed(tmp_path: Path) -> None:
    endpoint = run("start", tmp_path).stdout.strip()
    server = int((tmp_path / "pid").read_text())
    try:
        aws = LocalAWS(endpoint, None)
        make_function(aws, "Backup")
        function = invoke(aws, "Backup", {"do": "sleep"})[1]["pid"]
        os.kill(server, signal.SIGKILL)
        until(lambda: not alive(server), "the end of the server")
        assert alive(function)
    finally:
        assert run("stop", tmp_path).stdout == "stopped\n"
    until(lambda: not alive(function), "the end of the function")
    assert [each.name for each in tmp_path.iterdir()] == ["log"]


def test_a_taken_port_and_a_wrong_knob_are_said(aws: LocalAWS, tmp_path: Path) -> None:
    taken = run("start", tmp_path, "--port", aws.endpoint.rsplit(":", 1)[1])
    assert taken.returncode == 1 and "cannot listen" in taken.stderr
    wrong = run("start", tmp_path, LOCAL_AWS_EXPORT_SECONDS="soon")
    assert (wrong.returncode, wrong.stderr) == (1, "local-aws: LOCAL_AWS_EXPORT_SECONDS is not a number: 'soon'\n")


def test_authorized_requests_need_policies_for_the_bucket_as_well(unique: Any) -> None:
    """With LOCAL_AWS_AUTHORIZE an export writes with the permissions of who started it (AWS facts 1.8)."""
    server = start_server(LOCAL_AWS_AUTHORIZE="1", LOCAL_AWS_EXPORT_SECONDS="0")
    try:
        ddb, iam = server.client("dynamodb"), server.client("iam")
        s3 = server.client("s3")
        s3.create_bucket(Bucket="backups-1")
        tls_only = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::backups-1", "arn:aws:s3:::backups-1/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        s3.put_bucket_policy(Bucket="backups-1", Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))
        s3.put_object(Bucket="backups-1", Key="x", Body=b"x")
        arn = ddb.create_table(
            TableName="Orders",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        enable_pitr(ddb, "Orders")
        iam.create_user(UserName="backup")
        key = iam.create_access_key(UserName="backup")["AccessKey"]
        user = server.client("dynamodb", account=key["AccessKeyId"], secret=key["SecretAccessKey"])
        request = {"TableArn": arn, "S3Bucket": "backups-1"}
        with pytest.raises(ClientError, match="AccessDenied"):
            user.export_table_to_point_in_time(**request)

        def allow(*statements: tuple[str, str]) -> None:
            document = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
            policy = json.dumps({"Version": "2012-10-17", "Statement": document})
            iam.put_user_policy(UserName="backup", PolicyName="p", PolicyDocument=policy)

        export = ("dynamodb:ExportTableToPointInTime", arn)
        allow(export)
        started = user.export_table_to_point_in_time(**request)["ExportDescription"]
        assert finished_export(ddb, started["ExportArn"])["FailureCode"] == "S3AccessDenied"
        allow(export, ("s3:PutObject", "arn:aws:s3:::backups-1/*"))
        started = user.export_table_to_point_in_time(**request)["ExportDescription"]
        assert finished_export(ddb, started["ExportArn"])["ExportStatus"] == "COMPLETED"
        assert started["ExportArn"].split(":")[4] == ACCOUNT
    finally:
        stop_server(server)


def test_a_condition_on_the_principal_sees_the_role_and_not_its_session() -> None:
    server = start_server(LOCAL_AWS_AUTHORIZE="1")
    try:
        iam, other = server.client("iam"), server.client("iam", account="222222222222")

        def trust(account: str, **condition: Any) -> str:
            statement = {
                "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole", **condition,
            }
            return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

        def assume(sts: Any, role: str) -> Any:
            taken = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
            return server.client(
                "sts", account=taken["AccessKeyId"], secret=taken["SecretAccessKey"], token=taken["SessionToken"]
            )

        iam.create_role(RoleName="Function-1", Path="/sync/", AssumeRolePolicyDocument=trust(ACCOUNT))
        anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_role_policy(RoleName="Function-1", PolicyName="p", PolicyDocument=json.dumps(anything))
        function = assume(server.client("sts"), f"arn:aws:iam::{ACCOUNT}:role/sync/Function-1")
        allowed = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/sync/Function-*"}}
        other.create_role(RoleName="Target", AssumeRolePolicyDocument=trust(ACCOUNT, Condition=allowed))
        target = assume(function, "arn:aws:iam::222222222222:role/Target")
        assert target.get_caller_identity()["Account"] == "222222222222"
        # The account's own administrator is none of those roles.
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(server.client("sts"), "arn:aws:iam::222222222222:role/Target")
    finally:
        stop_server(server)
