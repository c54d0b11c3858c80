"""./deploy.sh sync: from nothing to tables and buckets that are followed, looked at, run again and deleted."""

from __future__ import annotations

import json

import pytest
from conftest import REGION, Account, until
from sync_project import Project, project  # noqa: F401  a fixture

OTHER_REGION = "eu-west-1"
FUNCTION = "DynamoDBSyncFunction"
KEY = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="session")
def endpoint(strict_endpoint: str) -> str:
    """What a role lacks shows here."""
    return strict_endpoint


def _items(account: Account, table: str, region: str = REGION) -> dict[str, str]:
    pages = account.client("dynamodb", region).get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {item["id"]["S"]: item["n"]["N"] for page in pages for item in page["Items"]}


@pytest.mark.long
def test_tables_are_followed_looked_at_deployed_again_and_deleted(project: Project) -> None:
    account = project.account
    dynamodb = account.client("dynamodb")
    dynamodb.create_table(TableName="Orders", **KEY)
    # The second source has a stream, and a change in it from before the deployment.
    dynamodb.create_table(
        TableName="Users", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}, **KEY
    )
    dynamodb.put_item(TableName="Users", Item={"id": {"S": "early"}, "n": {"N": "1"}})
    account.client("dynamodb", OTHER_REGION).create_table(TableName="Orders", **KEY)
    dynamodb.create_table(TableName="Big", **KEY)
    dynamodb.create_table(TableName="Users-new", **KEY)
    account.configure_sync(
        tables=[
            {
                "source": account.arn("Orders"),
                "targets": [
                    {"table": account.arn("Orders", OTHER_REGION)},
                    {"table": account.arn("Big"), "where": "n >= 10"},
                ],
            },
            {"source": account.arn("Users"), "targets": [{"table": account.arn("Users-new")}]},
        ]
    )
    assert "Orders: would be switched on" in project.deploy("--dry-run")
    assert "does not exist" in project.run("--check", code=1)

    output = project.deploy()
    assert "live sync is on" in output and "History may begin now" in output
    assert f"sync table {account.arn('Orders')} {account.arn('Big')} --mode merge --where 'n >= 10'" in output
    for number in range(20):
        dynamodb.put_item(TableName="Orders", Item={"id": {"S": f"{number}"}, "n": {"N": f"{number}"}})
    dynamodb.delete_item(TableName="Orders", Key={"id": {"S": "15"}})
    wanted = {f"{number}": f"{number}" for number in range(20) if number != 15}
    until(lambda: _items(account, "Orders", OTHER_REGION) == wanted, "the copy in another Region")
    until(lambda: _items(account, "Big") == {key: n for key, n in wanted.items() if int(n) >= 10}, "the part")
    until(lambda: _items(account, "Users-new") == {"early": "1"}, "what was in the stream before")

    assert "problems: 0" in project.run("--check")
    again = project.deploy()
    assert "No changes" in again and "created" not in again and "updated" not in again

    deleted = project.run("--delete", "--yes")
    assert "streams of Orders, Users are still on" in deleted
    assert account.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert _items(account, "Orders") == wanted and _items(account, "Orders", OTHER_REGION) == wanted
    assert dynamodb.describe_table(TableName="Orders")["Table"]["StreamSpecification"]["StreamEnabled"]
    project.run("--delete", "--delete-streams", "--yes")
    stream = dynamodb.describe_table(TableName="Orders")["Table"].get("StreamSpecification", {})
    assert not stream.get("StreamEnabled")


def test_a_table_is_copied_by_the_state_machine(project: Project) -> None:
    account = project.account
    dynamodb = account.client("dynamodb")
    for name in ("Orders", "Copy"):
        dynamodb.create_table(TableName=name, **KEY)
    for number in range(50):
        dynamodb.put_item(TableName="Orders", Item={"id": {"S": f"{number}"}, "n": {"N": f"{number}"}})
    account.configure_sync(tables=[{"source": account.arn("Orders"), "targets": [{"table": account.arn("Copy")}]}])
    project.deploy()
    # Nothing of it was in the stream, which was switched on afterwards.
    assert _items(account, "Copy") == {}
    command = ["sync", "table", "Orders", "Copy", "--region", REGION, "--engine", "step-functions", "--segments", "3"]
    result = account.json(*command)
    assert (result["read"], result["written"]) == (50, 50)
    assert _items(account, "Copy") == _items(account, "Orders")
    project.run("--delete", "--yes")


def _objects(account: Account, bucket: str, region: str = REGION) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Content and tags by key."""
    s3 = account.client("s3", region)
    found = {}
    for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        tags = s3.get_object_tagging(Bucket=bucket, Key=entry["Key"])["TagSet"]
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        found[entry["Key"]] = (body, {tag["Key"]: tag["Value"] for tag in tags})
    return found


def _photos(account: Account, prefix: str) -> tuple[str, str, str]:
    """A bucket of photos, with a rule of somebody else on keys that begin so; one for copies; and the URL of that rule's queue."""
    s3, sqs = account.client("s3"), account.client("sqs")
    photos, copies = f"photos-{account.number}", f"copies-{account.number}"
    s3.create_bucket(Bucket=photos)
    account.client("s3", OTHER_REGION).create_bucket(
        Bucket=copies, CreateBucketConfiguration={"LocationConstraint": OTHER_REGION}
    )
    others = sqs.create_queue(QueueName="others")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=others, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    sqs.set_queue_attributes(QueueUrl=others, Attributes={"Policy": json.dumps(policy)})
    rule: dict[str, object] = {"Id": "theirs", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
    s3.put_bucket_notification_configuration(Bucket=photos, NotificationConfiguration={"QueueConfigurations": [rule]})
    return photos, copies, others


def _write_photos(account: Account, photos: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Writes, deletes and tags below "a b+é/"; gives what then has to be below "new/"."""
    s3 = account.client("s3")
    s3.put_object(Bucket=photos, Key="raw/1", Body=b"not followed")
    for number in range(5):
        s3.put_object(Bucket=photos, Key=f"a b+é/{number} + ü%", Body=b"%d" % number, Tagging="state=new")
    s3.delete_object(Bucket=photos, Key="a b+é/3 + ü%")
    s3.put_object_tagging(
        Bucket=photos, Key="a b+é/4 + ü%", Tagging={"TagSet": [{"Key": "state", "Value": "old"}]}
    )
    wanted = {f"new/{number} + ü%": (b"%d" % number, {"state": "new"}) for number in range(3)}
    wanted["new/4 + ü%"] = (b"4", {"state": "old"})
    return wanted


def _are_followed_until_deleted(project: Project, photos: str, copies: str, others: str) -> None:
    """What is written arrives, the others hear of it as before, and after --delete only theirs is left."""
    account = project.account
    s3, sqs = account.client("s3"), account.client("sqs")
    wanted = _write_photos(account, photos)
    until(lambda: _objects(account, copies, OTHER_REGION) == wanted, "the copies")
    assert sqs.receive_message(QueueUrl=others, WaitTimeSeconds=1)["Messages"]

    assert "problems: 0" in project.run("--check")
    assert "No changes" in project.deploy()
    project.run("--delete", "--yes")
    assert _objects(account, copies, OTHER_REGION) == wanted
    rules = s3.get_bucket_notification_configuration(Bucket=photos)["QueueConfigurations"]
    assert [each["Id"] for each in rules] == ["theirs"]
    # The bucket's notifications can be changed afterwards: nothing is left that sends to a queue that is gone.
    s3.put_bucket_notification_configuration(Bucket=photos, NotificationConfiguration={"QueueConfigurations": rules})


def test_a_part_of_a_bucket_is_followed_beside_rules_of_others(project: Project) -> None:
    account = project.account
    photos, copies, others = _photos(account, "raw/")
    account.configure_sync(
        buckets=[
            {
                "source": f"s3://{photos}/a b+é/",
                "sourceRegion": REGION,
                "target": f"s3://{copies}/new/",
                "targetRegion": OTHER_REGION,
            }
        ]
    )
    output = project.deploy()
    assert "live sync is on" in output and "five minutes" in output
    _are_followed_until_deleted(project, photos, copies, others)


def test_a_bucket_whose_rules_leave_no_room_is_followed_through_eventbridge(project: Project) -> None:
    account = project.account
    photos, copies, others = _photos(account, "a b")
    mapping = {
        "source": f"s3://{photos}/a b+é/",
        "sourceRegion": REGION,
        "target": f"s3://{copies}/new/",
        "targetRegion": OTHER_REGION,
    }
    account.configure_sync(buckets=[mapping])
    assert '"events": "eventbridge"' in project.run("--zip", str(project.zip), code=1)
    account.configure_sync(buckets=[{**mapping, "events": "eventbridge"}])
    assert "live sync is on" in project.deploy()
    _are_followed_until_deleted(project, photos, copies, others)
