"""The fixture `tools`, for every conftest.py that imports it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import warm_aws


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for PATH with an AWS CLI that is loaded already."""
    folder = tmp_path_factory.mktemp("tools")
    process = warm_aws.install(folder)
    yield folder
    warm_aws.stop(process)
