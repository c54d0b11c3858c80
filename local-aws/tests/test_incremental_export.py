"""Incremental exports and the restorable window (AWS facts 1.4, 1.6 and 1.7)."""

from __future__ import annotations

import gzip
import json
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import LocalAWS, start_server, stop_server
from test_full_export import objects, put
from waiting import finished_export


def export_window(
    aws: LocalAWS, table: dict[str, Any], bucket: str, start: float, end: float, view: str
) -> list[dict[str, Any]]:
    """The lines of an incremental export, found through its manifests alone."""
    ddb = aws.client("dynamodb")
    arn = ddb.export_table_to_point_in_time(
        TableArn=table["TableArn"],
        S3Bucket=bucket,
        S3Prefix="changes",
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": start, "ExportToTime": end, "ExportViewType": view},
    )["ExportDescription"]["ExportArn"]
    done = finished_export(ddb, arn)
    assert done["ExportStatus"] == "COMPLETED", done
    assert "ExportTime" not in done and done["ExportType"] == "INCREMENTAL_EXPORT"
    assert re.fullmatch(r"\d{11}000-[0-9a-f]{8}", arn.rsplit("/", 1)[1])
    written = objects(aws, bucket)
    summary = json.loads(written[done["ExportManifest"]])
    assert list(summary) == [
        "version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportFromTime", "exportToTime",
        "s3Bucket", "s3Prefix", "s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key", "billedSizeBytes",
        "itemCount", "outputFormat", "outputView", "exportType",
    ]  # fmt: skip
    assert (summary["version"], summary["exportType"]) == ("2023-08-01", "INCREMENTAL_EXPORT")
    assert (summary["outputView"], summary["billedSizeBytes"]) == (view, 10_000_000)
    lines = []
    for entry in written[summary["manifestFilesS3Key"]].splitlines():
        key = json.loads(entry)["dataFileS3Key"]
        assert re.fullmatch(r"changes/AWSDynamoDB/data/[a-z2-7]{26}\.json\.gz", key)
        lines += [json.loads(line) for line in gzip.decompress(written[key]).splitlines()]
    assert len(lines) == summary["itemCount"] == done["ItemCount"]
    return sorted(lines, key=lambda line: str(line["Keys"]["pk"]["S"]))


def wait_for_the_next_second() -> int:
    """Windows are whole seconds; the change of the second is awaited, not guessed."""
    second = int(time.time()) + 1
    while time.time() < second:
        time.sleep(0.01)
    return second


def test_each_item_has_one_record_with_its_first_old_and_last_new_image(
    aws: LocalAWS, table: dict[str, Any], bucket: str
) -> None:
    ddb = aws.client("dynamodb")
    for name in ("deleted", "untouched", "updated"):
        put(ddb, table, name, 1, v={"N": "1"})
    start = wait_for_the_next_second()
    put(ddb, table, "updated", 1, v={"N": "2"})
    put(ddb, table, "updated", 1, v={"N": "3"})
    put(ddb, table, "untouched", 1, v={"N": "1"})
    put(ddb, table, "inserted", 1)
    put(ddb, table, "passing", 1)
    for name in ("deleted", "passing"):
        ddb.delete_item(TableName=table["TableName"], Key={"pk": {"S": name}, "sk": {"N": "1"}})
    end = wait_for_the_next_second()

    def item(name: str, **attributes: Any) -> dict[str, Any]:
        return {"pk": {"S": name}, "sk": {"N": "1"}, **attributes}

    both = export_window(aws, table, bucket, start, end, "NEW_AND_OLD_IMAGES")
    micros = [line.pop("Metadata")["WriteTimestampMicros"]["N"] for line in both]
    assert all(start * 1_000_000 <= int(value) < end * 1_000_000 for value in micros)
    assert both == [
        {"Keys": item("deleted"), "OldImage": item("deleted", v={"N": "1"})},
        {"Keys": item("inserted"), "NewImage": item("inserted")},
        {
            "Keys": item("updated"),
            "OldImage": item("updated", v={"N": "1"}),
            "NewImage": item("updated", v={"N": "3"}),
        },
    ]
    new = export_window(aws, table, bucket, start, end, "NEW_IMAGE")
    assert [sorted(line) for line in new] == [
        ["Keys", "Metadata"],
        ["Keys", "Metadata", "NewImage"],
        ["Keys", "Metadata", "NewImage"],
    ]
    # The next window starts where this one ended and holds nothing of it.
    put(ddb, table, "later", 1)
    following = export_window(aws, table, bucket, end, wait_for_the_next_second(), "NEW_IMAGE")
    assert [line["Keys"]["pk"]["S"] for line in following] == ["later"]


def test_writes_of_every_kind_are_in_the_history(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb, name = aws.client("dynamodb"), table["TableName"]

    def key(pk: str) -> dict[str, Any]:
        return {"pk": {"S": pk}, "sk": {"N": "1"}}

    start = wait_for_the_next_second()
    ddb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": key("a-batch")}}]})
    ddb.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": key("b-transaction")}}])
    ddb.update_item(
        TableName=name,
        Key=key("c-update"),
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    ddb.execute_statement(Statement=f"INSERT INTO \"{name}\" VALUE {{'pk': 'd-partiql', 'sk': 1}}")
    lines = export_window(aws, table, bucket, start, wait_for_the_next_second(), "NEW_IMAGE")
    assert [line["NewImage"]["pk"]["S"][0] for line in lines] == ["a", "b", "c", "d"]


def test_the_table_can_be_exported_as_it_was(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb = aws.client("dynamodb")
    put(ddb, table, "old", 1)
    arn = ddb.export_table_to_point_in_time(
        TableArn=table["TableArn"], S3Bucket=bucket, ExportTime=int(time.time()) - 3600
    )["ExportDescription"]["ExportArn"]
    assert finished_export(ddb, arn)["ItemCount"] == 0


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (-1000, -1000, "is less than 15 minutes"),
        (-6000, 3600, "to time cannot be greater than the current time : "),
        (-90_000, -10, "from time cannot be less than the table creation time : "),
    ],
)
def test_impossible_windows_are_refused(
    aws: LocalAWS, table: dict[str, Any], bucket: str, start: float, end: float, message: str
) -> None:
    ddb, now = aws.client("dynamodb"), time.time()
    with pytest.raises(ddb.exceptions.InvalidExportTimeException, match=message):
        ddb.export_table_to_point_in_time(
            TableArn=table["TableArn"],
            S3Bucket=bucket,
            ExportType="INCREMENTAL_EXPORT",
            IncrementalExportSpecification={"ExportFromTime": now + start, "ExportToTime": now + end},
        )


def test_the_latest_restorable_time_lags_behind(aws: LocalAWS, table: dict[str, Any], bucket: str) -> None:
    ddb = aws.client("dynamodb")
    before = time.time()
    description = ddb.describe_continuous_backups(TableName=table["TableName"])["ContinuousBackupsDescription"]
    now = time.time()
    recovery = description["PointInTimeRecoveryDescription"]
    assert (recovery["PointInTimeRecoveryStatus"], recovery["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    # Times are to the second.
    assert before - 301 <= recovery["LatestRestorableDateTime"].timestamp() <= now - 299
    created = table["CreationDateTime"].timestamp()
    assert created - 7201 <= recovery["EarliestRestorableDateTime"].timestamp() <= before - 7199
    with pytest.raises(ddb.exceptions.InvalidExportTimeException, match="is not available for specified export time"):
        ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket, ExportTime=now - 2)


def test_continuous_backups_name_what_is_wrong(aws: LocalAWS, table: dict[str, Any]) -> None:
    ddb = aws.client("dynamodb")
    with pytest.raises(ddb.exceptions.TableNotFoundException):
        ddb.describe_continuous_backups(TableName="nope")
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 36}
    with pytest.raises(ClientError, match="recoveryPeriodInDays"):
        ddb.update_continuous_backups(TableName=table["TableName"], PointInTimeRecoverySpecification=recovery)


def test_the_windows_of_aws_apply_when_no_knob_is_set(unique: Any) -> None:
    server = start_server()
    try:
        ddb = server.client("dynamodb")
        arn = ddb.create_table(
            TableName="Tab",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        ddb.update_continuous_backups(
            TableName="Tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        with pytest.raises(ddb.exceptions.InvalidExportTimeException, match="less than 15 minutes"):
            ddb.export_table_to_point_in_time(
                TableArn=arn,
                S3Bucket="b-1",
                ExportType="INCREMENTAL_EXPORT",
                IncrementalExportSpecification={"ExportFromTime": int(time.time())},
            )
    finally:
        stop_server(server)
