"""Sync into another account, as roles of that account, with no more than what is printed for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import REGION, ROOT, Account, make_account, until
from sync_project import Project, project  # noqa: F401  a fixture

OTHER_REGION = "eu-west-1"
KEY = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
# Whose the functions are, and whose the person at the terminal.
ROLE, OPERATOR = "SyncTarget", "SyncOperator"


@pytest.fixture(scope="session")
def endpoint(strict_endpoint: str) -> str:
    """What a role lacks, or whom it does not let in, shows here."""
    return strict_endpoint


class Accounts:
    """A source and a target account, a table and a bucket of each, and the source's decoy for what should go abroad."""

    def __init__(self, source: Account, target: Account) -> None:
        self.source, self.target = source, target
        self.old, self.new = f"old-{source.number}", f"new-{target.number}"
        for account, table in ((source, "Orders"), (source, "Copy"), (target, "Copy")):
            account.client("dynamodb", OTHER_REGION if table == "Copy" else REGION).create_table(TableName=table, **KEY)
        source.client("s3").create_bucket(Bucket=self.old)
        target.client("s3", OTHER_REGION).create_bucket(
            Bucket=self.new, CreateBucketConfiguration={"LocationConstraint": OTHER_REGION}
        )

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.target.number}:role/{name}"

    def create_role(self, name: str, trust: dict[str, Any], permissions: dict[str, Any]) -> None:
        iam = self.target.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName="sync", PolicyDocument=json.dumps(permissions))

    def create_operator(self) -> None:
        """A role with the policy that README.md names for whoever runs sync, for anybody in the source's account."""
        text = (ROOT / "infrastructure" / "policies" / "sync-target-policy.json").read_text()
        for name, value in {
            "TARGET_REGION": OTHER_REGION,
            "TARGET_ACCOUNT_ID": self.target.number,
            "TARGET_TABLE": "Copy",
            "TARGET_BUCKET": self.new,
            "SOURCE_BUCKET": self.old,
        }.items():
            text = text.replace(name, value)
        allowed = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{self.source.number}:root"},
            "Action": "sts:AssumeRole",
        }
        self.create_role(OPERATOR, {"Version": "2012-10-17", "Statement": [allowed]}, json.loads(text))

    def allow_reading(self, statements: list[dict[str, Any]]) -> None:
        """Lets a role of the target's account read the source bucket."""
        policy = {"Version": "2012-10-17", "Statement": statements}
        self.source.client("s3").put_bucket_policy(Bucket=self.old, Policy=json.dumps(policy))

    def put(self, name: str) -> None:
        """An item and an object."""
        self.source.client("dynamodb").put_item(TableName="Orders", Item={"id": {"S": name}, "n": {"N": "1"}})
        self.source.client("s3").put_object(Bucket=self.old, Key=f"in/{name} ü", Body=name.encode(), Tagging="a=b")

    def delete(self, name: str) -> None:
        self.source.client("dynamodb").delete_item(TableName="Orders", Key={"id": {"S": name}})
        self.source.client("s3").delete_object(Bucket=self.old, Key=f"in/{name} ü")

    def items(self, account: Account, table: str, region: str) -> set[str]:
        answer = account.client("dynamodb", region).scan(TableName=table, ConsistentRead=True)
        return {item["id"]["S"] for item in answer["Items"]}

    def copied(self) -> tuple[set[str], set[str]]:
        """The names of the items and of the objects that the target's account has."""
        s3 = self.target.client("s3", OTHER_REGION)
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=self.new).get("Contents", [])]
        for key in keys:
            assert s3.get_object_tagging(Bucket=self.new, Key=key)["TagSet"] == [{"Key": "a", "Value": "b"}]
        return (
            self.items(self.target, "Copy", OTHER_REGION),
            {key.removeprefix("copy/").removesuffix(" ü") for key in keys},
        )

    def nothing_was_written_at_home(self, *names: str) -> None:
        """The source has what its writer has put there, and the table with the target's name is empty."""
        assert self.items(self.source, "Copy", OTHER_REGION) == set()
        assert self.items(self.source, "Orders", REGION) == set(names)
        s3 = self.source.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=self.old).get("Contents", [])]
        assert keys == sorted(f"in/{name} ü" for name in names)

    def sides(self, kind: str) -> tuple[str, ...]:
        places = ("Orders", "Copy") if kind == "table" else (f"s3://{self.old}/in/", f"s3://{self.new}/copy/")
        return (*places, "--region", REGION, "--target-region", OTHER_REGION, "--target-role-arn", self.role(OPERATOR))


@pytest.fixture
def accounts(account: Account, endpoint: str, tmp_path: Path, programs: Path) -> Accounts:
    return Accounts(account, make_account(endpoint, tmp_path / "target", programs))


def equal(accounts: Accounts, kind: str) -> int:
    """Compares both sides, which must be equal; gives how many there were."""
    report = accounts.source.json("sync", "verify", kind, *accounts.sides(kind), "--settle", "0")
    assert (report["verdict"], report["differences"]) == ("EQUAL", [])
    return int(report["equal"])


def test_history_goes_to_another_account_as_its_role_and_is_proven_there(accounts: Accounts) -> None:
    for name in ("a", "b", "c"):
        accounts.put(name)
    for kind in ("table", "bucket"):
        refused = accounts.source.fail(1, "sync", kind, *accounts.sides(kind))
        assert "AssumeRole" in refused and accounts.role(OPERATOR) in refused
    accounts.create_operator()
    accounts.source.succeed("sync", "table", *accounts.sides("table"))
    # Until the source bucket's policy lets the role in, the bytes go through this program.
    accounts.source.succeed("sync", "bucket", *accounts.sides("bucket"))
    assert accounts.copied() == ({"a", "b", "c"}, {"a", "b", "c"})
    assert (equal(accounts, "table"), equal(accounts, "bucket")) == (3, 3)
    read = {
        "Effect": "Allow",
        "Principal": {"AWS": accounts.role(OPERATOR)},
        "Action": ["s3:GetObject", "s3:GetObjectTagging"],
        "Resource": f"arn:aws:s3:::{accounts.old}/*",
    }
    accounts.allow_reading([read])
    accounts.put("d")
    accounts.delete("a")
    accounts.source.succeed("sync", "table", *accounts.sides("table"), "--overwrite")
    accounts.source.succeed("sync", "bucket", *accounts.sides("bucket"), "--delete")
    # A copy of a table deletes nothing: that is a repair's.
    repaired = accounts.source.json("sync", "verify", "table", *accounts.sides("table"), "--settle", "0", "--repair", "--delete")
    assert repaired["repairs"]["DELETED"] == 1
    assert accounts.copied() == ({"b", "c", "d"}, {"b", "c", "d"})
    assert (equal(accounts, "table"), equal(accounts, "bucket")) == (3, 3)
    accounts.nothing_was_written_at_home("b", "c", "d")


def printed(output: str, title: str) -> Any:
    """The document behind a title of `deploy.sh sync --policies`."""
    text = output[output.index(title) :]
    return json.JSONDecoder().raw_decode(text[text.index(":\n") + 2 :])[0]


@pytest.mark.long
def test_changes_go_to_another_account_as_the_role_that_a_mapping_names(accounts: Accounts, project: Project) -> None:  # noqa: F811
    source = accounts.source
    role = accounts.role(ROLE)
    source.configure_sync(
        tables=[
            {
                "source": source.arn("Orders"),
                "targets": [{"table": accounts.target.arn("Copy", OTHER_REGION), "role": role}],
            }
        ],
        buckets=[
            {
                "source": f"s3://{accounts.old}/in/",
                "sourceRegion": REGION,
                "target": f"s3://{accounts.new}/copy/",
                "targetRegion": OTHER_REGION,
                "role": role,
            }
        ],
    )
    policies = project.run("--policies")
    accounts.create_role(ROLE, printed(policies, "Who may assume it"), printed(policies, "What it may do"))
    accounts.create_operator()
    assert "live sync is on" in project.deploy()

    for name in ("a", "b", "c"):
        accounts.put(name)
    until(lambda: accounts.copied() == ({"a", "b", "c"}, {"a", "b", "c"}), "what was put")
    # From now on S3 may copy by itself.
    accounts.allow_reading(printed(policies, "Add to the policy of bucket"))
    accounts.put("d")
    accounts.delete("b")
    until(lambda: accounts.copied() == ({"a", "c", "d"}, {"a", "c", "d"}), "what was changed")
    assert (equal(accounts, "table"), equal(accounts, "bucket")) == (3, 3)
    accounts.nothing_was_written_at_home("a", "c", "d")
    project.run("--delete", "--yes")
    assert accounts.copied() == ({"a", "c", "d"}, {"a", "c", "d"})
