"""S3, tags and table descriptions: what the product reads, as AWS shows it (AWS facts 2.3, 2.4 and 6)."""

from __future__ import annotations

import io
import itertools
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import LocalAWS


def test_buckets_answer_with_their_region_from_everywhere(aws: LocalAWS, bucket: str) -> None:
    for region in ("us-west-2", "us-east-1"):
        try:
            headers = aws.client("s3", region).head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as error:
            headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-bucket-region"] == "us-west-2"
    assert aws.client("s3", "us-west-2").get_bucket_location(Bucket=bucket)["LocationConstraint"] == "us-west-2"
    with pytest.raises(ClientError) as missing:
        aws.client("s3").head_bucket(Bucket="nowhere-at-all")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_listing_pages_delimits_and_encodes(aws: LocalAWS, bucket: str) -> None:
    s3 = aws.client("s3", "us-west-2")
    keys = ["daily/2026/11/20/A/x", "daily/2026/11/21/A/a b+c", "daily/2026/11/21/A/é%", "daily/2026/11/21/B\x01/x"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == sorted(keys)
    page = s3.list_objects_v2(Bucket=bucket, Prefix="daily/2026/11/", Delimiter="/", MaxKeys=1)
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == ["daily/2026/11/20/"] and page["IsTruncated"]
    following = s3.list_objects_v2(
        Bucket=bucket,
        Prefix="daily/2026/11/",
        Delimiter="/",
        ContinuationToken=page["NextContinuationToken"],
    )
    assert [entry["Prefix"] for entry in following["CommonPrefixes"]] == ["daily/2026/11/21/"]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter=keys[1])
    assert [entry["Key"] for entry in after["Contents"]] == sorted(keys)[2:]
    raw = aws.cli("s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents[].Key", region="us-west-2")
    assert "a b+c" in raw.stdout


def test_archived_objects_show_their_class_and_how_far_they_are_thawed(aws: LocalAWS, bucket: str) -> None:
    s3 = aws.client("s3", "us-west-2")
    for storage_class in ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"):
        s3.put_object(Bucket=bucket, Key=storage_class, Body=io.BytesIO(b"x"), StorageClass=storage_class)
    assert s3.get_object(Bucket=bucket, Key="GLACIER_IR")["Body"].read() == b"x"
    for storage_class in ("GLACIER", "DEEP_ARCHIVE"):
        with pytest.raises(s3.exceptions.InvalidObjectState):
            s3.get_object(Bucket=bucket, Key=storage_class)
        assert s3.head_object(Bucket=bucket, Key=storage_class)["StorageClass"] == storage_class
    listed = {entry["Key"]: entry["StorageClass"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert listed == {name: name for name in ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR")}
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Bulk"}}
    for number in itertools.count():
        key = f"thawed {number}"
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", StorageClass="GLACIER")
        begun, again = time.monotonic(), ""
        s3.restore_object(Bucket=bucket, Key=key, RestoreRequest=request)
        state = s3.head_object(Bucket=bucket, Key=key)["Restore"]
        try:
            s3.restore_object(Bucket=bucket, Key=key, RestoreRequest=request)
        except ClientError as error:
            again = error.response["Error"]["Code"]
        # It takes two seconds here, which a busy machine may be late for.
        if time.monotonic() - begun < 1.5:
            break
    assert (state, again) == ('ongoing-request="true"', "RestoreAlreadyInProgress")


@pytest.mark.parametrize(
    ("transitions", "expiration", "message"),
    [
        ([(30, "STANDARD_IA"), (90, "GLACIER"), (270, "DEEP_ARCHIVE")], 730, None),
        ([(29, "STANDARD_IA")], 730, "greater than or equal to 30"),
        ([(30, "STANDARD_IA"), (59, "GLACIER")], 730, "30 days more"),
        ([(90, "GLACIER"), (91, "STANDARD_IA")], 730, "must be less than"),
        ([(90, "GLACIER")], 90, "Expiration"),
        ([(90, "ICE")], 100, "not well-formed"),
    ],
)
def test_lifecycles_that_s3_refuses_are_refused(
    aws: LocalAWS, bucket: str, transitions: list[tuple[int, str]], expiration: int, message: str | None
) -> None:
    s3 = aws.client("s3", "us-west-2", parameter_validation=False)
    rule = {
        "ID": "archive",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "daily/", "ObjectSizeGreaterThan": 131072}},
        "Transitions": [{"Days": days, "StorageClass": name} for days, name in transitions],
        "Expiration": {"Days": expiration},
    }
    request = {"Bucket": bucket, "LifecycleConfiguration": {"Rules": [rule]}}
    if message is not None:
        with pytest.raises(ClientError, match=message):
            s3.put_bucket_lifecycle_configuration(**request)
        return
    s3.put_bucket_lifecycle_configuration(**request)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]


def test_a_table_with_every_setting_is_described_as_aws_does(aws: LocalAWS, unique: Any) -> None:
    ddb, name = aws.client("dynamodb"), unique("Full")
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    arn = ddb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk", "a", "b")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-a",
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
                "ProvisionedThroughput": throughput,
            }
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-b",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "b", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        Tags=[{"Key": "team", "Value": "orders"}],
    )["TableDescription"]["TableArn"]
    table = ddb.describe_table(TableName=name)["Table"]
    assert "BillingModeSummary" not in table
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **throughput}
    assert table["SSEDescription"]["SSEType"] == "KMS" and table["SSEDescription"]["KMSMasterKeyArn"]
    index = table["GlobalSecondaryIndexes"][0]
    assert index["IndexStatus"] == "ACTIVE" and index["WarmThroughput"]["Status"] == "ACTIVE"
    assert table["LocalSecondaryIndexes"][0]["IndexArn"].endswith("/index/by-b")
    assert ddb.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    ddb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    assert ddb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "expires"
    assert ddb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "orders"}]
    with pytest.raises(ddb.exceptions.PolicyNotFoundException):
        ddb.get_resource_policy(ResourceArn=arn)
    assert ddb.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"] == []
    insights = ddb.describe_contributor_insights(TableName=name)
    assert insights["ContributorInsightsStatus"] == "DISABLED"


def test_scaling_targets_and_policies_are_kept(aws: LocalAWS, table: dict[str, Any]) -> None:
    scaling = aws.client("application-autoscaling")
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/" + table["TableName"],
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    resource = {"ServiceNamespace": "dynamodb", "ResourceIds": [target["ResourceId"]]}
    assert scaling.describe_scalable_targets(**resource)["ScalableTargets"] == []
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.put_scaling_policy(PolicyName="p", **target)
    scaling.register_scalable_target(MinCapacity=5, MaxCapacity=50, **target)
    tracking = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
    }
    scaling.put_scaling_policy(
        PolicyName="p", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking, **target
    )
    found = scaling.describe_scalable_targets(**resource)["ScalableTargets"]
    assert [(each["MinCapacity"], each["MaxCapacity"]) for each in found] == [(5, 50)]
    other = aws.client("application-autoscaling", "eu-central-1")
    assert other.describe_scalable_targets(**resource)["ScalableTargets"] == []
    policies = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId=target["ResourceId"])
    assert [each["TargetTrackingScalingPolicyConfiguration"] for each in policies["ScalingPolicies"]] == [tracking]
    scaling.deregister_scalable_target(**target)
    policies = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId=target["ResourceId"])
    assert policies["ScalingPolicies"] == []


def test_dynamodb_errors_carry_their_namespace_and_a_checksum(aws: LocalAWS) -> None:
    status, headers, body = aws.dynamodb("DescribeTable", {"TableName": "not-there"})
    assert (status, body["__type"]) == (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException")
    assert headers.get("x-amzn-RequestId") or headers.get("x-amzn-requestid")
    status, _, body = aws.dynamodb("ListExports", {"MaxResults": 26})
    assert (status, body["__type"]) == (400, "com.amazon.coral.validate#ValidationException")


def test_heads_tell_how_many_tags_an_object_has(aws: LocalAWS, bucket: str) -> None:
    s3 = aws.client("s3", "us-west-2")
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"", Tagging="a=b&c=d")
    assert s3.head_object(Bucket=bucket, Key="tagged")["TagCount"] == 2
    s3.delete_object_tagging(Bucket=bucket, Key="tagged")
    assert "TagCount" not in s3.head_object(Bucket=bucket, Key="tagged")
