"""`sync bucket --engine step-functions` on the local AWS: the packaged function, told by the state machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Account
from test_sync_step_functions import make_machine, notes_bucket

KEYS = [f"logs/2026/{number:05}.gz" for number in range(1_400)] + ["a b+c", "ü/한", "e\u0301", "x//y", "~", "new\nline"]


def _command(account: Account) -> list[str]:
    names = [f"s3://{name}-{account.number}/" for name in ("old", "new")]
    return ["sync", "bucket", *names, "--region", "us-east-1", "--engine", "step-functions"]


def _contents(account: Account, name: str) -> dict[str, tuple[str, str]]:
    """ETag and storage class by key."""
    pages = account.client("s3").get_paginator("list_objects_v2").paginate(Bucket=f"{name}-{account.number}")
    return {entry["Key"]: (entry["ETag"], entry["StorageClass"]) for page in pages for entry in page.get("Contents", [])}


@pytest.fixture
def buckets(account: Account) -> dict[str, tuple[str, str]]:
    s3 = account.client("s3")
    for name in ("old", "new"):
        s3.create_bucket(Bucket=f"{name}-{account.number}")
    for key in KEYS:
        s3.put_object(Bucket=f"old-{account.number}", Key=key, Body=key.encode(), Metadata={"owner": "somebody"})
    s3.put_object(Bucket=f"new-{account.number}", Key="only there", Body=b"1")
    return _contents(account, "old")


@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_a_bucket_is_copied_by_the_function_and_the_ledger_balances(
    account: Account, function_zip: Path, buckets: dict[str, tuple[str, str]], mode: str
) -> None:
    machine = make_machine(account, function_zip)
    command = [*_command(account), "--mode", mode]
    result = account.json(*command, "--parts", "8", "--exclude", "x*")
    assert (result["sourceObjects"], result["transferredObjects"], result["excluded"]) == (1406, 1405, 1)
    assert result["complete"] and result["failed"] == 0 and result["onlyAtTarget"] == 1
    assert result["executionArn"].startswith(machine.replace(":stateMachine:", ":execution:"))
    states = account.client("stepfunctions")
    [run] = states.list_map_runs(executionArn=result["executionArn"])["mapRuns"]
    assert states.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]["succeeded"] > 1
    found = _contents(account, "new")
    assert found.pop("only there") and {**found, "x//y": buckets["x//y"]} == buckets
    head = account.client("s3").head_object(Bucket=f"new-{account.number}", Key="ü/한")
    assert head["Metadata"] == {"owner": "somebody"}

    # Nothing is left of what a merge has noted.
    assert not account.client("s3").list_objects_v2(Bucket=notes_bucket(account)).get("Contents")

    # Again, everything is there but for what was left out.
    again = account.json(*command)
    assert (again["transferredObjects"], again["unchanged"]) == (1, 1405)
    assert account.json("sync", "verify", "bucket", *command[2:4], "--region", "us-east-1", "--exclude", "only*")["verdict"] == "EQUAL"

    # A copy that has ended can be looked at again, and is that of these places alone.
    seen = account.json(*_command(account), "--execution", result["executionArn"])
    assert seen["transferredObjects"] == 1405
    told = account.fail(1, "sync", "bucket", f"s3://old-{account.number}/logs", *_command(account)[3:], "--execution",
                        result["executionArn"])
    assert "and not the places given" in told


def test_what_fails_is_counted_and_what_cannot_be_is_refused(
    account: Account, function_zip: Path, buckets: dict[str, tuple[str, str]]
) -> None:
    assert "StateMachineDoesNotExist" in account.fail(1, *_command(account))
    assert "run sync bucket with --delete" in account.fail(64, *_command(account), "--delete")
    assert "--stream needs --engine local" in account.fail(64, *_command(account), "--stream")
    make_machine(account, function_zip)
    account.client("s3").put_object(Bucket=f"old-{account.number}", Key="cold", Body=b"1", StorageClass="GLACIER")
    told = account.fail(1, *_command(account), "--parts", "3")
    assert "1 objects are archived" in told
    assert len(_contents(account, "new")) == len(KEYS) + 1


def test_a_copy_goes_on_without_the_program_and_is_followed_again(
    account: Account, function_zip: Path, buckets: dict[str, tuple[str, str]]
) -> None:
    machine = make_machine(account, function_zip)
    states = account.client("stepfunctions")
    stopped = account.interrupt(
        *_command(account), "--parts", "30", when=lambda: states.list_executions(stateMachineArn=machine)["executions"]
    )
    if stopped.returncode != 0:
        assert stopped.returncode == 130, stopped.stderr
        assert "The copy goes on" in stopped.stderr
    [execution] = states.list_executions(stateMachineArn=machine)["executions"]
    result: dict[str, Any] = account.json(*_command(account), "--execution", execution["executionArn"])
    assert result["transferredObjects"] == len(KEYS)
    status = account.json("sync", "bucket", *_command(account)[2:4], "--region", "us-east-1")
    assert status["unchanged"] == len(KEYS)
