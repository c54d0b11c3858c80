"""The function as one writes it in Python: boto3, clients made once, a pool of threads.

It makes the same calls for each table as the Swift function and gives the same answer. Runs under awslambdaric.
"""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CALLS_AT_ONCE = 64
CONFIG = Config(max_pool_connections=CALLS_AT_ONCE, retries={"mode": "standard"})
REGION = os.environ["AWS_REGION"]
BUCKET = os.environ["S3_BUCKET"]
PREFIX = os.environ.get("S3_PREFIX", "daily")
TABLES = os.environ["TABLE_ARNS"].split(",")

dynamodb = boto3.client("dynamodb", region_name=REGION, config=CONFIG)
auto_scaling = boto3.client("application-autoscaling", region_name=REGION, config=CONFIG)
s3 = boto3.client("s3", region_name=os.environ["S3_REGION"], config=CONFIG)
# Two pools, because a table's task waits for those of its settings: each at most so many, AWS calls 64 together.
tables_pool = ThreadPoolExecutor(CALLS_AT_ONCE // 8)
calls_pool = ThreadPoolExecutor(CALLS_AT_ONCE - CALLS_AT_ONCE // 8)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    date = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).strftime("%Y/%m/%d")
    results = list(tables_pool.map(lambda arn: back_up(arn, date, event["id"]), TABLES))
    last = list(tables_pool.map(last_backup, TABLES))
    for arn, manifest in zip(TABLES, last, strict=True):
        print(json.dumps({"TableName": name_of(arn), "LastBackup": manifest and manifest["endTime"]}))
    started = sum(result["status"] == "STARTED" for result in results)
    answer = {"date": date, "results": results, "started": started, "failed": len(results) - started}
    if answer["failed"]:
        raise RuntimeError(json.dumps(answer))
    return answer


def name_of(arn: str) -> str:
    return arn.rpartition("/")[2]


def back_up(arn: str, date: str, event_id: str) -> dict[str, Any]:
    name = name_of(arn)
    result: dict[str, Any] = {"table": name, "tableArn": arn, "status": "FAILED"}
    folder = f"{PREFIX}/{date}/{name}"
    try:
        table = dynamodb.describe_table(TableName=name)["Table"]
        settings = read_settings(name, arn, [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])])
        settings["table"] = {key: table.get(key) for key in ("StreamSpecification", "DeletionProtectionEnabled")}
        put(f"{folder}/table_settings.json", settings)
        result["schemaKey"] = put(f"{folder}/table_schema.json", schema_of(table))
        token = hashlib.sha256("\n".join([event_id, arn, BUCKET, folder]).encode()).hexdigest()
        export = dynamodb.export_table_to_point_in_time(
            TableArn=arn, S3Bucket=BUCKET, S3Prefix=folder, ClientToken=token, ExportFormat="DYNAMODB_JSON"
        )
        result["exportArn"] = export["ExportDescription"]["ExportArn"]
        result["status"] = "STARTED"
    except ClientError as error:
        result["error"] = error.response["Error"]
    except BotoCoreError as error:
        result["error"] = {"Code": type(error).__name__, "Message": str(error)}
    return result


def read_settings(name: str, arn: str, indexes: list[str]) -> dict[str, Any]:
    calls = {
        "timeToLive": lambda: dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        "tags": lambda: dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"],
        "pointInTimeRecovery": lambda: dynamodb.describe_continuous_backups(TableName=name)[
            "ContinuousBackupsDescription"
        ],
        "kinesis": lambda: dynamodb.describe_kinesis_streaming_destination(TableName=name)[
            "KinesisDataStreamDestinations"
        ],
        "resourcePolicy": lambda: resource_policy(arn),
        "contributorInsights": lambda: dynamodb.describe_contributor_insights(TableName=name)[
            "ContributorInsightsStatus"
        ],
        "autoScaling": lambda: auto_scaling.describe_scalable_targets(
            ServiceNamespace="dynamodb",
            ResourceIds=[f"table/{name}"] + [f"table/{name}/index/{index}" for index in indexes],
        )["ScalableTargets"],
    }
    running = {part: calls_pool.submit(call) for part, call in calls.items()}
    return {part: call.result() for part, call in running.items()}


def resource_policy(arn: str) -> str | None:
    try:
        return dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "PolicyNotFoundException":
            return None
        raise


def schema_of(table: dict[str, Any]) -> dict[str, Any]:
    schema = {key: table[key] for key in ("TableName", "AttributeDefinitions", "KeySchema")}
    schema["BillingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return schema


def put(key: str, contents: dict[str, Any]) -> str:
    body = json.dumps(contents, default=str).encode()
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="application/json")
    return key


def last_backup(arn: str) -> dict[str, Any] | None:
    exports = dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
    completed = [export["ExportArn"] for export in exports if export["ExportStatus"] == "COMPLETED"]
    if not completed:
        return None
    export_id = max(name_of(arn) for arn in completed)
    day = datetime.utcfromtimestamp(int(export_id[:14]) / 1000).strftime("%Y/%m/%d")
    key = f"{PREFIX}/{day}/{name_of(arn)}/AWSDynamoDB/{export_id}/manifest-summary.json"
    return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
