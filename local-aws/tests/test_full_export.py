"""Full exports: what ExportTableToPointInTime answers and what it writes (AWS facts 1.2 to 1.7)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import ACCOUNT, LocalAWS, enable_pitr
from waiting import finished_export

EVERY_TYPE: dict[str, Any] = {
    "s": {"S": "naïve \u2028 日本 \" \\ \n"},
    "n": {"N": "-1234567890123456789012345678.9012345678"},
    "b": {"B": b"\x00\xff\n"},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2.5"]},
    "bs": {"BS": [b"\x01", b"\x02"]},
    "m": {"M": {"inner": {"L": [{"N": "1"}, {"BOOL": True}]}}},
    "l": {"L": []},
    "z": {"NULL": True},
    "f": {"BOOL": False},
    "empty": {"S": ""},
}


def put(ddb: Any, table: dict[str, Any], pk: str, sk: int, **attributes: Any) -> None:
    ddb.put_item(TableName=table["TableName"], Item={"pk": {"S": pk}, "sk": {"N": str(sk)}, **attributes})


def objects(aws: LocalAWS, bucket: str) -> dict[str, bytes]:
    s3 = aws.client("s3", "us-west-2")
    return {
        entry["Key"]: s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    }


def test_a_full_export_writes_the_files_dynamodb_writes(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb = aws.client("dynamodb")
    for index in range(40):
        put(ddb, table, f"p{index}", index, **EVERY_TYPE)
    started = ddb.export_table_to_point_in_time(
        TableArn=table["TableArn"], S3Bucket=bucket, S3Prefix="daily/2026/11/21/Orders"
    )["ExportDescription"]
    assert started["ExportStatus"] == "IN_PROGRESS"
    assert "EndTime" not in started and "ExportManifest" not in started and "ItemCount" not in started

    done = finished_export(ddb, started["ExportArn"])
    export_id = done["ExportArn"].rsplit("/", 1)[1]
    assert re.fullmatch(r"0\d{13}-[0-9a-f]{8}", export_id)
    assert int(export_id[:14]) == round(done["StartTime"].timestamp() * 1000)
    root = f"daily/2026/11/21/Orders/AWSDynamoDB/{export_id}/"
    assert done["ExportStatus"] == "COMPLETED"
    assert done["ItemCount"] == 40
    assert done["ExportManifest"] == root + "manifest-summary.json"
    assert done["S3SseAlgorithm"] == "AES256" and done["ExportFormat"] == "DYNAMODB_JSON"
    assert done["TableId"] == table["TableId"]
    assert "ExportType" not in done and "S3BucketOwner" not in done

    written = objects(aws, bucket)
    assert written[root + "_started"] == b""
    for name in ("manifest-summary", "manifest-files"):
        checksum = base64.b64encode(hashlib.md5(written[f"{root}{name}.json"]).digest())
        assert written[f"{root}{name}.md5"] == checksum

    listing = written[root + "manifest-files.json"]
    assert listing.endswith(b"}\n")
    entries = [json.loads(line) for line in listing.splitlines()]
    assert len(entries) == 4
    found = []
    for entry in entries:
        assert list(entry) == ["itemCount", "md5Checksum", "etag", "dataFileS3Key"]
        assert re.fullmatch(re.escape(root) + r"data/[a-z2-7]{26}\.json\.gz", entry["dataFileS3Key"])
        body = written[entry["dataFileS3Key"]]
        assert body[:10] == bytes.fromhex("1f8b08000000000000ff")
        raw_md5 = hashlib.md5(body).digest()
        assert entry["md5Checksum"] == base64.b64encode(raw_md5).decode()
        assert entry["etag"] == hashlib.md5(raw_md5).hexdigest() + "-1"
        head = aws.client("s3", "us-west-2").head_object(Bucket=bucket, Key=entry["dataFileS3Key"])
        assert head["ETag"] == f'"{entry["etag"]}"'
        lines = gzip.decompress(body).decode().split("\n")
        assert lines.pop() == "" and len(lines) == entry["itemCount"]
        found += [json.loads(line)["Item"] for line in lines]
    assert set(written) == {
        *(root + name for name in ("_started", "manifest-summary.json", "manifest-summary.md5")),
        *(root + name for name in ("manifest-files.json", "manifest-files.md5")),
        *(entry["dataFileS3Key"] for entry in entries),
    }
    empty = [entry for entry in entries if entry["itemCount"] == 0]
    assert empty and len(written[empty[0]["dataFileS3Key"]]) == 20
    assert empty[0]["md5Checksum"] == "FjvgqIxwymKf1RbbqtrZag=="

    expected = {name: value for name, value in EVERY_TYPE.items() if name not in ("b", "bs")}
    for item in found:
        assert {name: item[name] for name in expected} == expected
        assert item["b"] == {"B": "AP8K"} and item["bs"] == {"BS": ["AQ==", "Ag=="]}
    assert {item["pk"]["S"] for item in found} == {f"p{index}" for index in range(40)}


def test_the_summary_is_one_line_with_the_fields_in_aws_order(
    aws: LocalAWS, table: dict[str, Any], bucket: str
) -> None:
    ddb = aws.client("dynamodb")
    started = ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket)["ExportDescription"]
    done = finished_export(ddb, started["ExportArn"])
    export_id = done["ExportArn"].rsplit("/", 1)[1]
    body = objects(aws, bucket)[f"AWSDynamoDB/{export_id}/manifest-summary.json"].decode()
    assert "\n" not in body and ": " not in body
    summary = json.loads(body)
    assert list(summary) == [
        "version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportTime", "s3Bucket", "s3Prefix",
        "s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key", "billedSizeBytes", "itemCount", "outputFormat",
    ]  # fmt: skip
    assert summary["version"] == "2020-06-30"
    assert summary["s3Prefix"] is None and summary["itemCount"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", summary["exportTime"])
    assert summary["exportTime"] == summary["startTime"] < summary["endTime"]


@pytest.mark.parametrize("prefix", ["foo", "foo/"])
def test_a_trailing_slash_of_the_prefix_makes_no_difference(
    aws: LocalAWS, table: dict[str, Any], bucket: str, prefix: str
) -> None:
    ddb = aws.client("dynamodb")
    arn = ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket, S3Prefix=prefix)[
        "ExportDescription"
    ]["ExportArn"]
    done = finished_export(ddb, arn)
    assert done["S3Prefix"] == prefix
    assert done["ExportManifest"].startswith("foo/AWSDynamoDB/0")


def test_the_data_is_the_table_at_the_moment_of_the_export(
    aws: LocalAWS, table: dict[str, Any], bucket: str
) -> None:
    ddb = aws.client("dynamodb")
    put(ddb, table, "before", 1, v={"S": "old"})
    arn = ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket)["ExportDescription"][
        "ExportArn"
    ]
    put(ddb, table, "before", 1, v={"S": "new"})
    put(ddb, table, "after", 1)
    assert finished_export(ddb, arn)["ItemCount"] == 1
    bodies = [gzip.decompress(body) for key, body in objects(aws, bucket).items() if key.endswith(".gz")]
    assert json.loads(b"".join(bodies))["Item"]["v"] == {"S": "old"}


def test_pitr_is_required_and_looked_at_before_the_bucket(aws: LocalAWS, table: dict[str, Any]) -> None:
    ddb = aws.client("dynamodb")
    name = table["TableName"]
    ddb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    with pytest.raises(ddb.exceptions.PointInTimeRecoveryUnavailableException) as error:
        ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket="no-such-bucket")
    assert error.value.response["Error"]["Message"] == f"Point in time recovery is not enabled for table '{name}'"


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"TableArn": "Orders"}, "ValidationException", "tableArn is not a valid ARN"),
        ({"TableArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/Nope"}, "TableNotFoundException", "Table not found"),
        ({"TableArn": "arn:aws:dynamodb:us-east-1:999999999999:table/Nope"}, "AccessDeniedException", ""),
        ({"S3SseAlgorithm": "aws:kms"}, "ValidationException", "s3SseAlgorithm"),
        ({"S3SseKmsKeyId": "k"}, "ValidationException", "KMS Key Id is not supported for this encryption type"),
        ({"S3Bucket": "-"}, "ValidationException", "s3Bucket"),
        ({"ClientToken": "a$"}, "ValidationException", "clientToken"),
        ({"ExportTime": 4102444800}, "InvalidExportTimeException", "Export Time is invalid"),
        ({"ExportTime": 1}, "InvalidExportTimeException", "Export Time is invalid"),
        (
            {"IncrementalExportSpecification": {"ExportFromTime": 1}},
            "ValidationException",
            "Export Type expected to be Incremental Export when incremental export specification is provided",
        ),
    ],
)
def test_wrong_requests_are_refused_and_do_not_use_up_their_token(
    aws: LocalAWS,
    table: dict[str, Any],
    bucket: str,
    members: dict[str, Any],
    code: str,
    message: str,
) -> None:
    ddb = aws.client("dynamodb", parameter_validation=False)
    right = {"TableArn": table["TableArn"], "S3Bucket": bucket, "ClientToken": "t-" + table["TableId"]}
    with pytest.raises(ClientError) as error:
        ddb.export_table_to_point_in_time(**{**right, **members})
    assert error.value.response["Error"]["Code"] == code
    assert message in error.value.response["Error"]["Message"]
    assert ddb.export_table_to_point_in_time(**right)["ExportDescription"]["ExportStatus"] == "IN_PROGRESS"


def test_a_token_returns_its_export_even_after_its_end(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb = aws.client("dynamodb")
    for target, status in ((bucket, "COMPLETED"), (bucket + "-gone", "FAILED")):
        request = {"TableArn": table["TableArn"], "S3Bucket": target, "ClientToken": f"{table['TableId']}-{status}"}
        first = ddb.export_table_to_point_in_time(**request)["ExportDescription"]
        assert finished_export(ddb, first["ExportArn"])["ExportStatus"] == status
        again = ddb.export_table_to_point_in_time(**request)["ExportDescription"]
        assert (again["ExportArn"], again["ExportStatus"]) == (first["ExportArn"], status)
        with pytest.raises(ddb.exceptions.ExportConflictException):
            ddb.export_table_to_point_in_time(**request, S3Prefix="other")


def test_a_bucket_that_is_not_there_fails_the_export_afterwards(aws: LocalAWS, table: dict[str, Any]) -> None:
    ddb = aws.client("dynamodb")
    arn = ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket="nowhere-at-all")[
        "ExportDescription"
    ]["ExportArn"]
    done = finished_export(ddb, arn)
    assert (done["ExportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert done["FailureMessage"] and "EndTime" in done


def test_denied_writes_fail_the_export(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb, s3 = aws.client("dynamodb"), aws.client("s3", "us-west-2")
    request = {"TableArn": table["TableArn"], "S3Bucket": bucket}

    arn = ddb.export_table_to_point_in_time(**request, S3BucketOwner="999999999999")["ExportDescription"]["ExportArn"]
    assert finished_export(ddb, arn)["FailureCode"] == "S3AccessDenied"

    # Denying only the last file leaves a half-written export behind, as a permission lost on the way does.
    for resource, left_behind in (("*/manifest-summary.json", True), ("*", False)):
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
        policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"arn:aws:s3:::{bucket}/{resource}"}]}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        arn = ddb.export_table_to_point_in_time(**request)["ExportDescription"]["ExportArn"]
        assert finished_export(ddb, arn)["FailureCode"] == "S3AccessDenied"
        keys = [key for key in objects(aws, bucket) if arn.rsplit("/", 1)[1] in key]
        assert bool(keys) == left_behind
        assert not any(key.endswith("manifest-summary.json") for key in keys)


def test_a_policy_that_demands_tls_does_not_keep_dynamodb_out(
    aws: LocalAWS, table: dict[str, Any], bucket: str
) -> None:
    ddb, s3 = aws.client("dynamodb"), aws.client("s3", "us-west-2")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    arn = ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket)["ExportDescription"][
        "ExportArn"
    ]
    assert finished_export(ddb, arn)["ExportStatus"] == "COMPLETED"


def test_kms_keys_must_be_in_the_buckets_region(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb = aws.client("dynamodb")
    request = {"TableArn": table["TableArn"], "S3Bucket": bucket, "S3SseAlgorithm": "KMS"}
    for region, outcome in (("us-east-1", "KmsNotFoundException"), ("us-west-2", None)):
        key = aws.client("kms", region).create_key()["KeyMetadata"]["Arn"]
        arn = ddb.export_table_to_point_in_time(**request, S3SseKmsKeyId=key)["ExportDescription"]["ExportArn"]
        assert finished_export(ddb, arn).get("FailureCode") == outcome
    head = aws.client("s3", "us-west-2").head_object(Bucket=bucket, Key=finished_export(ddb, arn)["ExportManifest"])
    assert head["ServerSideEncryption"] == "aws:kms"


def test_another_accounts_bucket_needs_its_policy_and_its_owner_in_the_request(
    aws: LocalAWS, table: dict[str, Any], unique: Any
) -> None:
    ddb, other = aws.client("dynamodb"), aws.client("s3", account="222222222222")
    name = unique("theirs")
    other.create_bucket(Bucket=name)
    request = {"TableArn": table["TableArn"], "S3Bucket": name}

    def outcome(**members: str) -> str | None:
        arn = ddb.export_table_to_point_in_time(**request, **members)["ExportDescription"]["ExportArn"]
        code: str | None = finished_export(ddb, arn).get("FailureCode")
        return code

    assert outcome(S3BucketOwner="222222222222") == "S3AccessDenied"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": ["s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"],
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    other.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert outcome(S3BucketOwner="222222222222") is None
    assert outcome() == "S3AccessDenied"


def test_describe_and_list_keep_to_table_account_and_region(
    aws: LocalAWS, table: dict[str, Any], bucket: str
) -> None:
    ddb = aws.client("dynamodb")
    arns = [
        ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket, ExportType="FULL_EXPORT")[
            "ExportDescription"
        ]["ExportArn"]
        for _ in range(3)
    ]
    assert all(finished_export(ddb, arn)["ExportType"] == "FULL_EXPORT" for arn in arns)
    first = ddb.list_exports(TableArn=table["TableArn"], MaxResults=2)
    second = ddb.list_exports(TableArn=table["TableArn"], MaxResults=2, NextToken=first["NextToken"])
    assert "NextToken" not in second
    listed = first["ExportSummaries"] + second["ExportSummaries"]
    assert sorted(summary["ExportArn"] for summary in listed) == sorted(arns)
    assert {summary["ExportType"] for summary in listed} == {"FULL_EXPORT"}
    with pytest.raises(ClientError):
        ddb.list_exports(MaxResults=26)

    with pytest.raises(ddb.exceptions.ExportNotFoundException):
        aws.client("dynamodb", "eu-central-1").describe_export(ExportArn=arns[0])
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("dynamodb", account="222222222222").describe_export(ExportArn=arns[0])
    with pytest.raises(ClientError, match="Invalid Export ARN"):
        ddb.describe_export(ExportArn="arn:aws:dynamodb:us-east-1:123456789012:table/x")

    ddb.delete_table(TableName=table["TableName"])
    assert ddb.list_exports(TableArn=table["TableArn"])["ExportSummaries"] == []
    assert ddb.describe_export(ExportArn=arns[0])["ExportDescription"]["TableId"] == table["TableId"]
    ddb.create_table(
        TableName=table["TableName"],
        KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
    )
    enable_pitr(ddb, table["TableName"])
    assert ddb.list_exports(TableArn=table["TableArn"])["ExportSummaries"] == []


def test_the_cli_sees_the_same(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    answer = aws.cli(
        "dynamodb", "export-table-to-point-in-time", "--table-arn", table["TableArn"], "--s3-bucket", bucket
    )
    assert answer.returncode == 0, answer.stderr
    arn = json.loads(answer.stdout)["ExportDescription"]["ExportArn"]
    finished_export(aws.client("dynamodb"), arn)
    answer = aws.cli("dynamodb", "describe-export", "--export-arn", arn)
    assert json.loads(answer.stdout)["ExportDescription"]["ExportStatus"] == "COMPLETED"
