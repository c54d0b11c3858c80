"""`sync table --engine step-functions` on the local AWS: the packaged function, told by the state machine."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Account, until
from demo import items
from test_sync_table import contents, create, fill

MACHINE = ROOT / "infrastructure" / "sync-copy-state-machine.json"
COMMAND = ["sync", "table", "Orders", "Copy", "--region", "us-east-1", "--engine", "step-functions"]


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def notes_bucket(account: Account) -> str:
    return f"notes-{account.number}"


def make_machine(account: Account, function_zip: Path, timeout: int = 60) -> str:
    """The function and the state machine as deploy.sh sync makes them; gives the machine's ARN."""
    package = io.BytesIO()
    with zipfile.ZipFile(function_zip) as packaged, zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, packaged.read("bootstrap"))
    iam = account.client("iam")
    role = iam.create_role(RoleName="Copy", AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"))["Role"]["Arn"]
    account.client("s3").create_bucket(Bucket=notes_bucket(account))
    function = account.client("lambda").create_function(
        FunctionName="DynamoDBSyncFunction-copy",
        Runtime="provided.al2023",
        Handler="copy-segment",
        Role=role,
        Timeout=timeout,
        Environment={"Variables": {"NOTES_BUCKET": notes_bucket(account)}},
        Code={"ZipFile": package.getvalue()},
        LoggingConfig={"LogFormat": "JSON"},
    )["FunctionArn"]
    definition = MACHINE.read_text().replace("${CopyFunctionArn}", function).replace("${Partition}", "aws")
    role = iam.create_role(RoleName="Machine", AssumeRolePolicyDocument=trusting("states.amazonaws.com"))["Role"]["Arn"]
    machine: str = account.client("stepfunctions").create_state_machine(
        name="DynamoDBSyncFunction-copy", definition=definition, roleArn=role
    )["stateMachineArn"]
    return machine


@pytest.fixture
def tables(account: Account) -> list[dict[str, Any]]:
    create(account, "Orders")
    create(account, "Copy")
    fill(account, "Orders", items.orders(1500, 17))
    return contents(account, "Orders")


def test_a_table_is_copied_by_the_function_and_the_ledger_balances(
    account: Account, function_zip: Path, tables: list[dict[str, Any]]
) -> None:
    machine = make_machine(account, function_zip)
    result = account.json(*COMMAND, "--segments", "6")
    assert result["read"] == result["written"] == 1500 and result["failed"] == 0
    assert result["executionArn"].startswith(machine.replace(":stateMachine:", ":execution:"))
    assert contents(account, "Copy") == tables
    assert account.json("sync", "verify", "table", "Orders", "Copy", "--region", "us-east-1")["verdict"] == "EQUAL"

    # A copy that has ended can be looked at again, and is that of these tables alone.
    again = account.json(*COMMAND, "--execution", result["executionArn"])
    assert again["written"] == 1500
    create(account, "Other")
    told = account.fail(1, "sync", "table", "Orders", "Other", *COMMAND[4:], "--execution", result["executionArn"])
    assert "and not the tables given" in told
    # Nothing is copied over what is there without being told.
    assert "holds items already: --overwrite" in account.fail(1, *COMMAND)


def test_large_items_and_a_condition_reach_the_function(
    account: Account, function_zip: Path, tables: list[dict[str, Any]]
) -> None:
    make_machine(account, function_zip)
    fill(account, "Orders", [big(number) for number in range(75)])
    result = account.json(*COMMAND, "--segments", "1", "--where", "order >= 0")
    assert result["read"] == 1575 == result["written"] + result["filtered"]
    assert len(contents(account, "Copy")) == result["written"]
    states = account.client("stepfunctions")
    [run] = states.list_map_runs(executionArn=result["executionArn"])["mapRuns"]
    assert states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]["succeeded"] == 1


def test_a_merge_overwrites_nothing_and_counts_what_was_there(
    account: Account, function_zip: Path, tables: list[dict[str, Any]]
) -> None:
    make_machine(account, function_zip)
    there = [{**item, "mine": {"BOOL": True}} for item in tables[:40]]
    fill(account, "Copy", there)
    result = account.json(*COMMAND, "--segments", "3", "--mode", "merge")
    assert (result["read"], result["written"], result["kept"]) == (1500, 1460, 40)
    assert sum("mine" in item for item in contents(account, "Copy")) == 40
    assert [{name: item[name] for name in item if name != "mine"} for item in contents(account, "Copy")] == tables


def big(number: int) -> dict[str, Any]:
    return {"customer": {"S": f"big {number}"}, "order": {"N": str(number)}, "text": {"S": "x" * 60_000}}


def test_a_copy_goes_on_without_the_program_and_is_followed_again(
    account: Account, function_zip: Path, tables: list[dict[str, Any]]
) -> None:
    make_machine(account, function_zip)
    states = account.client("stepfunctions")
    machine = f"arn:aws:states:us-east-1:{account.number}:stateMachine:DynamoDBSyncFunction-copy"
    stopped = account.interrupt(
        *COMMAND, "--segments", "40", when=lambda: states.list_executions(stateMachineArn=machine)["executions"]
    )
    if stopped.returncode != 0:
        assert stopped.returncode == 130, stopped.stderr
        assert "The copy goes on" in stopped.stderr
    [execution] = states.list_executions(stateMachineArn=machine)["executions"]
    result = account.json(*COMMAND, "--execution", execution["executionArn"])
    assert result["written"] == 1500 and contents(account, "Copy") == tables


def test_what_stands_in_the_way_is_said_with_what_to_do(
    account: Account, function_zip: Path, tables: list[dict[str, Any]]
) -> None:
    told = account.fail(1, *COMMAND)
    assert "StateMachineDoesNotExist" in told and "./deploy.sh sync" in told
    for option in (["--max-read-units", "5"], ["--max-write-units", "5"]):
        assert "needs --engine local" in account.fail(64, *COMMAND, *option)

    make_machine(account, function_zip)
    # The function finds a table that is gone, whatever is told to the machine.
    execution = account.client("stepfunctions").start_execution(
        stateMachineArn=f"arn:aws:states:us-east-1:{account.number}:stateMachine:DynamoDBSyncFunction-copy",
        input=json.dumps({
            "copy": {
                "source": {"arn": account.arn("Orders"), "id": None, "created": None},
                "target": {"arn": account.arn("Gone"), "id": None, "created": None},
                "mode": "replace", "where": None, "skipsExpired": False, "segments": 1,
            },
            "segments": [0],
        }),
    )["executionArn"]  # fmt: skip
    states = account.client("stepfunctions")
    until(lambda: states.describe_execution(executionArn=execution)["status"] == "FAILED", "the failure")
    create(account, "Gone")
    told = account.fail(1, "sync", "table", "Orders", "Gone", *COMMAND[4:], "--execution", execution)
    assert "CopyRefused" in told and "the target Gone does not exist" in told and "redrive-execution" in told
    assert contents(account, "Copy") == []
