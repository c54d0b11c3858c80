"""deploy.sh with bad input: one line that says what, where and what next, and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import BUCKET_REGION, ROOT, Project


def refusal(project: Project, *arguments: str, **environment: str) -> str:
    """Runs deploy.sh, expects a refusal in one line, and that nothing was made."""
    done = project.run(*arguments, **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and done.stderr.startswith("deploy.sh: "), done.stderr
    assert project.client("cloudformation").list_stacks()["StackSummaries"] == []
    return done.stderr


def test_committed_configuration_is_refused_as_a_placeholder(project: Project) -> None:
    (project.folder / "config.json").write_bytes((ROOT / "config.json").read_bytes())
    line = refusal(project)
    assert "placeholders in tables[0], tables[1], bucket.name" in line and "TABLE_ARNS" in line


@pytest.mark.parametrize(("change", "field"), [
    ({"tables": []}, '"tables"'),
    ({"tables": ["arn:aws:dynamodb:us-east-1:1:table/Orders"]}, '"tables[0]"'),
    ({"tables": "Orders"}, '"tables" must be array, not string'),
    ({"bucket": {"name": "b-b", "region": "us-west-2", "regoin": "x"}}, '"bucket.regoin" is not a setting'),
    ({"bucket": {"name": "b-b"}}, '"bucket.region" is missing'),
    ({"bucket": {"name": "b-b", "region": "us-west-2", "prefix": "/daily"}}, '"bucket.prefix"'),
    ({"schedule": "daily"}, '"schedule"'),
    ({"maximumAgeHours": 0}, '"maximumAgeHours"'),
    ({"maximumAgeHours": True}, '"maximumAgeHours" must be integer, not true or false'),
    ({"alarmEmail": "nobody"}, '"alarmEmail"'),
    ({"functionName": "x" * 49}, '"functionName"'),
    ({"surprise": 1}, '"surprise" is not a setting'),
])
def test_malformed_configuration_names_the_field(project: Project, change: dict[str, Any], field: str) -> None:
    project.configure(**change)
    assert field in refusal(project)


@pytest.mark.parametrize(("text", "part"), [
    ("{", "is not JSON: line 1"), ("[]", "must be an object"), ('{"tables": [], "tables": []}', '"tables" is there twice'),
])
def test_broken_configuration_says_where(project: Project, text: str, part: str) -> None:
    (project.folder / "config.json").write_text(text)
    assert part in refusal(project)


def test_missing_configuration(project: Project) -> None:
    assert "does not exist" in refusal(project, "--config", "/nonexistent/config.json")


def test_bad_override_names_its_variable(project: Project) -> None:
    line = refusal(project, TABLE_ARNS="Orders")
    assert "TABLE_ARNS" in line and '"tables[0]"' in line


def test_tables_in_two_regions_are_refused_with_what_to_do(project: Project) -> None:
    project.configure(tables=[project.arn("Orders"), project.arn("Users", "eu-west-1")])
    line = refusal(project)
    assert "us-east-1" in line and "eu-west-1" in line and "--config FILE" in line


def test_other_region_option(project: Project) -> None:
    assert "the tables are in us-east-1" in refusal(project, "--region", "eu-west-1")


def test_unknown_table(project: Project) -> None:
    line = refusal(project)
    assert "No such table in us-east-1" in line and "Orders" in line


def test_credentials_of_another_account(project: Project) -> None:
    project.create_table()
    line = refusal(project, AWS_ACCESS_KEY_ID="999999999999")
    assert "of account 999999999999" in line and f"in account {project.account}" in line


def test_no_credentials(project: Project) -> None:
    line = refusal(project, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="true")
    assert "No AWS credentials" in line


def test_unknown_profile(project: Project) -> None:
    assert "nobody" in refusal(project, "--profile", "nobody")


def test_no_answer(project: Project) -> None:
    line = refusal(project, AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_MAX_ATTEMPTS="1")
    assert "AWS_ENDPOINT_URL" in line and "local" not in line.split("credentials")[0].replace("localhost", "")


def test_bucket_in_another_region(project: Project) -> None:
    project.create_table()
    project.client("s3", "eu-west-1").create_bucket(
        Bucket=project.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    line = refusal(project)
    assert "lies in eu-west-1" in line and f"says {BUCKET_REGION}" in line


def test_bucket_of_another_account(project: Project) -> None:
    project.create_table()
    project.client("s3", BUCKET_REGION, account="888888888888").create_bucket(
        Bucket=project.bucket, CreateBucketConfiguration={"LocationConstraint": BUCKET_REGION})
    assert "belongs to another account" in refusal(project)


def test_missing_tools_are_named(project: Project, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "env"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    done = project.run("--check", PATH=str(tools))
    assert done.returncode == 1
    assert "missing: python3" in done.stderr and "missing: aws, the AWS CLI" in done.stderr


def test_unusable_package(project: Project, tmp_path: Path) -> None:
    project.create_table()
    (tmp_path / "not.zip").write_text("x")
    done = project.run("--zip", str(tmp_path / "not.zip"))
    assert done.returncode == 1 and "is not a zip with a bootstrap" in done.stderr


def test_unknown_option_is_a_usage_error(project: Project) -> None:
    done = project.run("--chekc")
    assert done.returncode == 64 and "--help" in done.stderr


def test_help_shows_examples(project: Project) -> None:
    done = project.run("--help")
    assert done.returncode == 0 and "./deploy.sh --enable-pitr" in done.stdout and "exit codes" in done.stdout


def test_committed_files_are_consistent() -> None:
    schema = json.loads((ROOT / "config.schema.json").read_text())
    config = json.loads((ROOT / "config.json").read_text())
    assert set(config) <= set(schema["properties"])
    for policy in (ROOT / "infrastructure" / "policies").glob("*.json"):
        text = json.dumps(json.loads(policy.read_text()), separators=(",", ":"))
        # A managed policy holds 6,144 characters.
        assert len(text) < 6144, policy
