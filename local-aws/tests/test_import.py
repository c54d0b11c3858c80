"""ImportTable, from exports and from broken sources (AWS facts 2.1 and 2.2)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import LocalAWS, enable_pitr, start_server, stop_server
from test_full_export import EVERY_TYPE
from waiting import finished_export, finished_import, until

INDEXED: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "group", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-group",
            "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def import_from(ddb: Any, name: str, bucket: str, prefix: str, **members: Any) -> dict[str, Any]:
    description: dict[str, Any] = ddb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType=members.pop("InputCompressionType", "GZIP"),
        TableCreationParameters={**INDEXED, "TableName": name, **members.pop("parameters", {})},
        **members,
    )["ImportTableDescription"]
    return description


def upload(aws: LocalAWS, bucket: str, key: str, *lines: str) -> None:
    body = gzip.compress("".join(line + "\n" for line in lines).encode())
    aws.client("s3", "us-west-2").put_object(Bucket=bucket, Key=key, Body=body)


def line(pk: str, sk: int = 1) -> str:
    return json.dumps({"Item": {"pk": {"S": pk}, "sk": {"N": str(sk)}}})


def scan(ddb: Any, table_name: str) -> list[dict[str, Any]]:
    items = [item for page in ddb.get_paginator("scan").paginate(TableName=table_name) for item in page["Items"]]
    return sorted(items, key=lambda item: (str(item["pk"]["S"]), int(item["sk"]["N"])))


@pytest.fixture(scope="module")
def slow() -> Iterator[LocalAWS]:
    """Takes its time for imports, so that every state of theirs can be seen."""
    server = start_server(LOCAL_AWS_IMPORT_SECONDS="3", LOCAL_AWS_EXPORT_SECONDS="0.2")
    yield server
    stop_server(server)


@pytest.fixture
def slow_bucket(slow: LocalAWS, unique: Any) -> str:
    name: str = unique("backups")
    slow.client("s3", "us-west-2").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    return name


@pytest.mark.xdist_group("slow imports")
def test_an_export_comes_back_item_by_item_in_another_region(slow: LocalAWS, slow_bucket: str, unique: Any) -> None:
    source, target = slow.client("dynamodb", "us-east-1"), slow.client("dynamodb", "eu-central-1")
    name = unique("Indexed")
    arn = source.create_table(TableName=name, **INDEXED)["TableDescription"]["TableArn"]
    enable_pitr(source, name)
    for start in range(0, 300, 25):
        source.batch_write_item(
            RequestItems={
                name: [
                    {"PutRequest": {"Item": {"pk": {"S": f"p{n % 7}"}, "sk": {"N": str(n)}, **EVERY_TYPE}}}
                    if n % 3
                    else {"PutRequest": {"Item": {"pk": {"S": f"p{n % 7}"}, "sk": {"N": str(n)}, "group": {"S": "g"}}}}
                    for n in range(start, start + 25)
                ]
            }
        )
    export = source.export_table_to_point_in_time(TableArn=arn, S3Bucket=slow_bucket, S3Prefix="daily")
    manifest = finished_export(source, export["ExportDescription"]["ExportArn"])["ExportManifest"]
    prefix = manifest.removesuffix("manifest-summary.json") + "data/"

    # A machine that is busy elsewhere may miss a state, and looks at another import.
    for number in range(20):
        copy = f"{name}-{number}"
        done, seen, progress = watched_import(target, copy, slow_bucket, prefix)
        assert done["ImportStatus"] == "COMPLETED", done
        assert (done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]) == (300, 300, 0)
        assert done["ProcessedSizeBytes"] > 0 and done["EndTime"] >= done["StartTime"]
        if {"none", "CREATING"} <= seen and any(0 < count < 300 for count in progress):
            break
    else:
        raise AssertionError(f"{seen}, {progress}")
    assert scan(target, copy) == scan(source, name)
    indexed = target.query(
        TableName=copy,
        IndexName="by-group",
        KeyConditionExpression="#g = :g",
        ExpressionAttributeNames={"#g": "group"},
        ExpressionAttributeValues={":g": {"S": "g"}},
    )
    assert indexed["Count"] == 100


def watched_import(ddb: Any, name: str, bucket: str, prefix: str) -> tuple[dict[str, Any], set[str], list[int]]:
    """The end of an import, the states of its table, and the numbers of items that were seen."""
    seen: set[str] = set()
    progress: list[int] = []
    started = import_from(ddb, name, bucket, prefix)
    assert started["ImportStatus"] == "IN_PROGRESS"

    def look() -> dict[str, Any] | None:
        seen.add(status_of(ddb, name))
        description: dict[str, Any] = ddb.describe_import(ImportArn=started["ImportArn"])["ImportTableDescription"]
        progress.append(description["ImportedItemCount"])
        return description if description["ImportStatus"] != "IN_PROGRESS" else None

    return until(look, "the import"), seen, progress


def status_of(ddb: Any, name: str) -> str:
    try:
        return str(ddb.describe_table(TableName=name)["Table"]["TableStatus"])
    except ddb.exceptions.ResourceNotFoundException:
        return "none"


@pytest.mark.xdist_group("slow imports")
def test_a_table_in_the_making_refuses_its_items(slow: LocalAWS, slow_bucket: str, unique: Any) -> None:
    ddb = slow.client("dynamodb")
    upload(slow, slow_bucket, "data/1.json.gz", line("a"))

    def refusals(name: str) -> list[str]:
        found = []
        for call in (
            lambda: ddb.scan(TableName=name),
            lambda: ddb.delete_table(TableName=name),
            lambda: import_from(ddb, name, slow_bucket, "data/"),
        ):
            with pytest.raises(ClientError) as error:
                call()
            found.append(error.value.response["Error"]["Code"])
        return found

    for number in range(20):
        name = unique(f"Making-{number}")
        arn = import_from(ddb, name, slow_bucket, "data/")["ImportArn"]
        until(lambda name=name: status_of(ddb, name) != "none", "the table")
        # A machine that is busy elsewhere may be late for this one.
        try:
            found = refusals(name)
        except pytest.fail.Exception:
            if status_of(ddb, name) == "CREATING":
                raise
            continue
        if status_of(ddb, name) == "CREATING":
            break
    assert found == ["ResourceNotFoundException", "ResourceInUseException", "ResourceInUseException"]
    assert finished_import(ddb, arn)["ImportStatus"] == "COMPLETED"
    assert len(scan(ddb, name)) == 1


def test_bad_lines_fail_the_import_but_leave_the_good_items(aws: LocalAWS, bucket: str, unique: Any) -> None:
    ddb, name = aws.client("dynamodb"), unique("Bad")
    upload(aws, bucket, "data/1.json.gz", line("a"), '{"Item":{"sk":{"N":"1"}}}', line("b"))
    upload(aws, bucket, "data/2.json.gz", line("c"), "no json", line("never read"))
    done = finished_import(ddb, import_from(ddb, name, bucket, "data/")["ImportArn"])
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "ItemValidationError")
    assert (done["ImportedItemCount"], done["ErrorCount"]) == (3, 2)
    assert [item["pk"]["S"] for item in scan(ddb, name)] == ["a", "b", "c"]
    logs = aws.client("logs").get_log_events(
        logGroupName="/aws-dynamodb/imports", logStreamName=done["ImportArn"].rsplit("/", 1)[1] + "/error"
    )["events"]
    assert {json.loads(event["message"])["itemS3Pointer"]["itemIndex"] for event in logs} == {1}


def test_the_root_of_an_export_is_no_source(aws: LocalAWS, table: dict[str, Any], bucket: str, unique: Any) -> None:
    ddb = aws.client("dynamodb")
    ddb.put_item(TableName=table["TableName"], Item={"pk": {"S": "a"}, "sk": {"N": "1"}})
    export = ddb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=bucket)["ExportDescription"]
    root = finished_export(ddb, export["ExportArn"])["ExportManifest"].removesuffix("manifest-summary.json")
    done = finished_import(ddb, import_from(ddb, unique("Root"), bucket, root)["ImportArn"])
    assert (done["FailureCode"], done["ImportedItemCount"]) == ("ItemValidationError", 1)


def test_sources_that_are_not_there(aws: LocalAWS, bucket: str, unique: Any) -> None:
    ddb, name = aws.client("dynamodb"), unique("Nothing")
    done = finished_import(ddb, import_from(ddb, name, "nowhere-at-all", "x/")["ImportArn"])
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    with pytest.raises(ddb.exceptions.ResourceNotFoundException):
        ddb.describe_table(TableName=name)
    # An empty prefix makes an empty table.
    assert finished_import(ddb, import_from(ddb, name, bucket, "x/")["ImportArn"])["ImportStatus"] == "COMPLETED"
    assert scan(ddb, name) == []


def test_archived_objects_cannot_be_imported(aws: LocalAWS, bucket: str, unique: Any) -> None:
    s3, ddb = aws.client("s3", "us-west-2"), aws.client("dynamodb")
    s3.put_object(Bucket=bucket, Key="data/1.json.gz", Body=gzip.compress(line("a").encode()), StorageClass="GLACIER")
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=bucket, Key="data/1.json.gz")
    assert error.value.response["Error"]["Code"] == "InvalidObjectState"
    done = finished_import(ddb, import_from(ddb, unique("Cold"), bucket, "data/")["ImportArn"])
    assert done["ImportStatus"] == "FAILED" and "InvalidObjectState" in done["FailureMessage"]
    s3.restore_object(Bucket=bucket, Key="data/1.json.gz", RestoreRequest={"Days": 1})
    until(
        lambda: 'ongoing-request="false"' in s3.head_object(Bucket=bucket, Key="data/1.json.gz").get("Restore", ""),
        "the restored object",
    )
    done = finished_import(ddb, import_from(ddb, unique("Thawed"), bucket, "data/")["ImportArn"])
    assert done["ImportStatus"] == "COMPLETED"


@pytest.mark.xdist_group("slow imports")
def test_the_name_and_the_token_of_an_import(slow: LocalAWS, slow_bucket: str, unique: Any) -> None:
    ddb, bucket, there = slow.client("dynamodb"), slow_bucket, unique("There")
    ddb.create_table(TableName=there, **INDEXED)
    with pytest.raises(ddb.exceptions.ResourceInUseException):
        import_from(ddb, there, bucket, "x/")
    for number in range(20):
        name = unique(f"Token-{number}")
        first = import_from(ddb, name, bucket, "x/", ClientToken=name)
        # Both are accepted while no table is to be seen; one of them loses. A machine that is busy elsewhere may be late.
        try:
            second = import_from(ddb, name, bucket, "x/")
            break
        except ddb.exceptions.ResourceInUseException:
            assert status_of(ddb, name) != "none"
    assert import_from(ddb, name, bucket, "other/", ClientToken=name)["ImportArn"] == first["ImportArn"]
    with pytest.raises(ddb.exceptions.ImportConflictException):
        import_from(ddb, name + "2", bucket, "x/", ClientToken=name)
    outcomes = [finished_import(ddb, each["ImportArn"]) for each in (first, second)]
    assert sorted(done.get("FailureCode", "") for done in outcomes) == ["", "TableAlreadyExists"]
    with pytest.raises(ddb.exceptions.ResourceInUseException):
        import_from(ddb, name, bucket, "x/", ClientToken=name)
    ddb.delete_table(TableName=name)
    assert import_from(ddb, name, bucket, "x/", ClientToken=name)["ImportArn"] == first["ImportArn"]
    with pytest.raises(ddb.exceptions.ResourceNotFoundException):
        ddb.describe_table(TableName=name)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"LocalSecondaryIndexes": []}, "LocalSecondaryIndexes"),
        ({"BillingMode": "PROVISIONED"}, "ProvisionedThroughput"),
        ({"GlobalSecondaryIndexes": []}, "not used"),
        ({"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}, "PAY_PER_REQUEST"),
        ({"KeySchema": None}, "keySchema"),
    ],
)
def test_table_parameters_are_checked_at_once(
    aws: LocalAWS, bucket: str, unique: Any, parameters: dict[str, Any], message: str
) -> None:
    status, _, body = aws.dynamodb("ImportTable", wire_request(unique("Wrong"), bucket, parameters))
    assert (status, body["__type"].rpartition("#")[2]) == (400, "ValidationException")
    assert message in body["message"]


def test_only_the_members_import_table_knows_reach_the_table(aws: LocalAWS, bucket: str, unique: Any) -> None:
    ddb, name = aws.client("dynamodb"), unique("Extra")
    extra = {"DeletionProtectionEnabled": True, "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    status, _, body = aws.dynamodb("ImportTable", wire_request(name, bucket, extra))
    assert status == 200
    finished_import(ddb, body["ImportTableDescription"]["ImportArn"])
    table = ddb.describe_table(TableName=name)["Table"]
    assert table["DeletionProtectionEnabled"] is False and "TableClassSummary" not in table


def wire_request(name: str, bucket: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "S3BucketSource": {"S3Bucket": bucket, "S3KeyPrefix": "x/"},
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {**INDEXED, "TableName": name, **parameters},
    }
