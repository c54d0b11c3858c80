"""Signature Version 4: signatures a second of one core."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..figures import Figure, at_least_ratio, told
from ..process import run
from ..workspace import Workspace


def signing(workspace: Workspace) -> Sequence[Figure]:
    """SigV4 signatures a second, against botocore and awscrt's native signer"""
    peer: list[str | Path] = [workspace.python, workspace.peers / "signing.py"]
    seconds = "0.5" if workspace.is_quick else "1"
    signers: dict[str, list[str | Path]] = {
        "Swift": [workspace.products / "BenchmarkHarness", "sign"],
        "botocore": [*peer, "botocore"],
        "awscrt": [*peer, "awscrt"],
    }
    rates: dict[str, list[float]] = {name: [] for name in signers}
    for _ in range(workspace.runs(15, 5)):
        for name, command in signers.items():
            rates[name].append(json.loads(run(workspace, [*command, seconds]).output)["per_second"])
    return [
        at_least_ratio("Swift's rate by botocore's", rates["Swift"], rates["botocore"], 30),
        at_least_ratio("Swift's rate by awscrt's", rates["Swift"], rates["awscrt"], 1),
        told("Swift", rates["Swift"], "/s"),
        told("botocore", rates["botocore"], "/s"),
        told("awscrt", rates["awscrt"], "/s"),
    ]
