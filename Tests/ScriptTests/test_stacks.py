"""Stacks alone: what CloudFormation may answer that the local AWS does not."""

from __future__ import annotations

import sys
from typing import Any

from conftest import ROOT

sys.path.insert(0, str(ROOT / "infrastructure"))
from backup_deploy import stacks  # noqa: E402
from backup_deploy.aws import AWSError  # noqa: E402


class LostAnswer:
    """Makes the change set, and loses the answer: the CLI tries again, and finds it there."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def call(self, service: str, command: str, region: str, **parameters: Any) -> dict[str, Any]:
        assert (service, region) == ("cloudformation", "us-east-1")
        if command == "create-change-set":
            self.made = parameters
            raise AWSError("AlreadyExistsException", "CreateChangeSet", f"ChangeSet {parameters['ChangeSetName']} already exists")
        assert command == "describe-change-set" and parameters["ChangeSetName"] == self.made["ChangeSetName"]
        return {"Status": "CREATE_COMPLETE", "ChangeSetName": parameters["ChangeSetName"], "Changes": []}


def test_a_change_set_whose_answer_was_lost_is_gone_on_with() -> None:
    names = []
    for _ in range(2):
        aws: Any = LostAnswer()
        found = stacks._create_change_set(aws, stacks.Template("Sync", "us-east-1", "backup-artifacts.yaml"), creating=True)
        assert found is not None and found["ChangeSetName"] == aws.made["ClientToken"]
        names.append(found["ChangeSetName"])
    # Two deployments at the same second are not taken for one.
    assert names[0] != names[1]
