"""`monitor backup --local`, `monitor` and export-table-schema, with the AWS CLI as the judge of what they write."""

from __future__ import annotations

import gzip
import json
import shlex
from typing import Any

import pytest
from conftest import BUCKET_REGION, REGION, Account, until

INDEX = {
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "sort", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-sort",
            "KeySchema": [{"AttributeName": "sort", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def _scan(account: Account, table: str, region: str) -> list[Any]:
    items = account.client("dynamodb", region).scan(TableName=table)["Items"]
    return sorted(items, key=lambda item: item["id"]["S"])


def _import(account: Account, schema: str, table: str, region: str, prefix: str) -> None:
    """Imports with the AWS CLI alone, with a schema file as it stands but for the table's name."""
    parameters = {**json.loads((account.folder / schema).read_text()), "TableName": table}
    (account.folder / "parameters.json").write_text(json.dumps(parameters))
    arn = json.loads(
        account.succeed(
            "aws", "dynamodb", "import-table", "--region", region, "--input-format", "DYNAMODB_JSON",
            "--input-compression-type", "GZIP", "--output", "json",
            "--s3-bucket-source", f"S3Bucket={account.bucket},S3KeyPrefix={prefix}",
            "--table-creation-parameters", "file://parameters.json",
        )  # fmt: skip
    )["ImportTableDescription"]["ImportArn"]
    client = account.client("dynamodb", region)

    def ended() -> str | None:
        status: str = client.describe_import(ImportArn=arn)["ImportTableDescription"]["ImportStatus"]
        return None if status == "IN_PROGRESS" else status

    assert until(ended, "the import") == "COMPLETED"


def test_a_backup_is_what_aws_itself_can_import(account: Account) -> None:
    account.create_table("Orders", items=20, **INDEX)
    answer = account.json("monitor", "backup", "--local", "--wait")
    (export,) = answer["exports"]
    assert (answer["started"], answer["failed"], export["status"], export["itemCount"]) == (1, 0, "COMPLETED", 20)

    (described,) = account.exports("Orders")
    folder = f"daily/{answer['date']}/Orders"
    assert (described["ExportFormat"], described["S3Prefix"]) == ("DYNAMODB_JSON", folder)
    keys = account.keys(folder)
    assert answer["results"][0]["schemaKey"] == f"{folder}/table_schema.json" in keys
    assert f"{folder}/table_settings.json" in keys and described["ExportManifest"] in keys
    lines = [
        line
        for key in keys
        if "/data/" in key
        for line in gzip.decompress(
            account.client("s3", BUCKET_REGION).get_object(Bucket=account.bucket, Key=key)["Body"].read()
        ).splitlines()
    ]
    assert len(lines) == 20

    schema = account.client("s3", BUCKET_REGION).get_object(Bucket=account.bucket, Key=f"{folder}/table_schema.json")
    (account.folder / "from-bucket.json").write_bytes(schema["Body"].read())
    account.succeed("export-table-schema", "Orders", REGION)
    data = described["ExportManifest"].replace("manifest-summary.json", "data/")
    for name, file in (("FromBucket", "from-bucket.json"), ("FromFile", "table_schema.json")):
        _import(account, file, name, "eu-west-1", data)
        assert _scan(account, name, "eu-west-1") == _scan(account, "Orders", REGION)
        table = account.client("dynamodb", "eu-west-1").describe_table(TableName=name)["Table"]
        assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-sort"]


def test_the_schema_file_is_taken_as_it_stands(account: Account) -> None:
    """No member of it is refused, not even the name is changed."""
    account.create_table("Orders", **INDEX)
    account.succeed("export-table-schema", "Orders", REGION)
    account.succeed(
        "aws", "dynamodb", "import-table", "--region", "ap-south-1", "--input-format", "DYNAMODB_JSON",
        "--s3-bucket-source", f"S3Bucket={account.bucket},S3KeyPrefix=nothing/",
        "--table-creation-parameters", "file://table_schema.json",
    )  # fmt: skip


def test_monitor_tells_healthy_from_unhealthy_by_its_exit_code(account: Account) -> None:
    account.create_table("Orders")
    before = account.json("monitor", code=2)["tables"][0]
    assert before["verdict"] == "UNHEALTHY" and "there is no backup" in before["problems"][0]

    account.succeed("monitor", "backup", "--local", "--wait")
    after = account.json("monitor")["tables"][0]
    assert (after["verdict"], after["problems"], after["pointInTimeRecovery"]) == ("HEALTHY", [], True)
    (backup,) = after["backups"]
    (described,) = account.exports("Orders")
    assert backup["exportArn"] == described["ExportArn"] and backup["itemCount"] == described["ItemCount"] == 3
    assert "not deployed; ./deploy.sh does it" in account.succeed("monitor")


def test_recovery_that_is_off_is_mended_by_the_command_that_is_shown(account: Account) -> None:
    account.create_table("Orders", pitr=False)
    answer = account.json("monitor", "backup", "--local", code=1)
    error = answer["results"][0]["error"]
    assert error["code"] == "PointInTimeRecoveryUnavailableException"
    assert account.exports("Orders") == []
    status = account.json("monitor", code=2)["tables"][0]
    assert status["pointInTimeRecovery"] is False and error["remedy"] in status["problems"][0]

    account.succeed(*shlex.split(error["remedy"]))
    account.succeed("monitor", "backup", "--local", "--wait")
    account.succeed("monitor")


def test_an_export_that_fails_later_is_found(account: Account) -> None:
    account.create_table("Orders")
    account.deny_manifests()
    assert "S3AccessDenied" in account.fail(1, "monitor", "backup", "--local", "--wait")
    status = account.json("monitor", code=2)["tables"][0]
    assert status["backups"][0]["status"] == "FAILED" and status["backups"][0]["failureCode"] == "S3AccessDenied"
    assert any("the last export failed" in problem and "s3:PutObject" in problem for problem in status["problems"])

    account.allow_manifests()
    account.succeed("monitor", "backup", "--local", "--wait")
    status = account.json("monitor")["tables"][0]
    assert [backup["status"] for backup in status["backups"]] == ["COMPLETED", "FAILED"]


@pytest.mark.parametrize("gone", ["table", "bucket"])
def test_what_does_not_exist_is_named_and_nothing_is_lost(account: Account, gone: str) -> None:
    account.create_table("Orders")
    if gone == "table":
        account.configure("Orders", "Missing")
        answer = account.json("monitor", "backup", "--local", "--wait", code=1)
        # The other table has its backup all the same.
        assert [result["status"] for result in answer["results"]] == ["STARTED", "FAILED"]
        assert answer["exports"][0]["status"] == "COMPLETED"
        tables = account.json("monitor", code=2)["tables"]
        assert [table["verdict"] for table in tables] == ["HEALTHY", "UNHEALTHY"]
        assert any("the table does not exist" in problem for problem in tables[1]["problems"])
        assert "there is no table Missing" in account.fail(1, "export-table-schema", "Missing", REGION)
    else:
        account.configure("Orders", bucket={"name": "no-such-bucket-here", "region": BUCKET_REGION})
        answer = account.json("monitor", "backup", "--local", code=1)
        assert answer["results"][0]["error"]["code"] == "NoSuchBucket"
        assert "no-such-bucket-here" in answer["results"][0]["error"]["remedy"]
        assert account.exports("Orders") == []


def test_ctrl_c_while_waiting_leaves_the_export_going(account: Account) -> None:
    account.create_table("Orders")
    while True:
        before = len(account.exports("Orders"))
        done = account.interrupt("monitor", "backup", "--local", "--wait", when=lambda: account.exports("Orders")[before:])
        if done.returncode != 0:
            break
    assert done.returncode == 130, done.stdout + done.stderr
    assert "monitor watch" in done.stderr
    account.succeed("monitor", "watch")
    until(lambda: {each["ExportStatus"] for each in account.exports("Orders")} == {"COMPLETED"}, "the export")
