"""config.json's reader alone: the `sync` section, by the cases that the function's own reader is tested with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infrastructure"))

from backup_deploy import config, where  # noqa: E402
from backup_deploy.errors import DeployError  # noqa: E402

CASES = json.loads((ROOT / "Tests/Oracles/sync_configurations.json").read_text(encoding="utf-8"))
CONDITIONS = json.loads((ROOT / "Tests/Oracles/where_expressions.json").read_text(encoding="utf-8"))
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders"
BACKUP = {"tables": [TABLE], "bucket": {"name": "my-backups", "region": "us-west-2"}}
SYNC = {"tables": [{"source": TABLE, "targets": [{"table": TABLE + "-new"}]}]}


def load(tmp_path: Path, document: Any, **options: Any) -> config.Config:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return config.load(path, environment={}, **options)


def refusal(tmp_path: Path, document: Any, **options: Any) -> str:
    with pytest.raises(DeployError) as caught:
        load(tmp_path, document, **options)
    return str(caught.value)


@pytest.mark.parametrize("case", CASES["accepted"], ids=lambda case: case["name"])
def test_what_is_right_is_taken(tmp_path: Path, case: dict[str, Any]) -> None:
    read = load(tmp_path, {"sync": case["sync"]}, needed=["sync"])
    assert read.document["sync"]["functionName"] == case["sync"].get("functionName", "DynamoDBSyncFunction")
    for part in ("tables", "buckets"):
        assert read.document["sync"].get(part) == case["sync"].get(part)


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["name"])
def test_what_is_wrong_is_refused_with_file_and_field(tmp_path: Path, case: dict[str, Any]) -> None:
    for document, needed in (({"sync": case["sync"]}, ["sync"]), ({**BACKUP, "sync": case["sync"]}, config.BACKUP)):
        line = refusal(tmp_path, document, needed=needed)
        assert f"{tmp_path}/config.json is not valid: \"{case['field']}\"" in line
        assert case.get("says", "") in line
        assert "\n" not in line


def test_each_part_alone_is_a_configuration(tmp_path: Path) -> None:
    assert load(tmp_path, BACKUP).bucket == "my-backups"
    assert "sync" not in load(tmp_path, BACKUP).document
    assert load(tmp_path, {"sync": SYNC}, needed=["sync"]).document["sync"]["tables"] == SYNC["tables"]


@pytest.mark.parametrize(("document", "needed", "missing"), [
    ({}, config.BACKUP, ["tables", "bucket"]), ({"sync": SYNC}, config.BACKUP, ["tables", "bucket"]),
    ({"tables": [TABLE]}, config.BACKUP, ["bucket"]), (BACKUP, ["sync"], ["sync"]),
])
def test_a_part_that_is_needed_and_missing_is_named_once(
        tmp_path: Path, document: Any, needed: list[str], missing: list[str]) -> None:
    line = refusal(tmp_path, document, needed=needed)
    for name in missing:
        assert line.count(f'"{name}" is missing') == 1
    assert line.count("is missing") == len(missing)


def test_the_function_of_the_backup_has_its_name_alone(tmp_path: Path) -> None:
    line = refusal(tmp_path, {**BACKUP, "functionName": "Nightly", "sync": {**SYNC, "functionName": "Nightly"}})
    assert '"sync.functionName": "Nightly" is the name of the backup' in line


@pytest.mark.parametrize("condition", CONDITIONS["accepted"])
def test_a_sound_condition_is_taken(condition: str) -> None:
    where.check(condition)


@pytest.mark.parametrize("case", CONDITIONS["refused"], ids=lambda case: case["where"][:40])
def test_a_condition_that_is_none_is_refused_at_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(where.WhereError) as caught:
        where.check(case["where"])
    assert caught.value.column == case["column"], str(caught.value)
    assert "\n" not in str(caught.value)
