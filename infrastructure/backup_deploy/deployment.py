"""The stacks as they are deployed, read once for all the parts of --check."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Optional

from . import deploy, stacks
from .aws import AWS
from .config import Config


@dataclass(frozen=True)
class Deployment:
    """Each stack as CloudFormation describes it, or None."""

    bucket: Optional[dict[str, Any]]
    artifacts: Optional[dict[str, Any]]
    function: Optional[dict[str, Any]]
    manages_bucket: bool

    @staticmethod
    def read(aws: AWS, config: Config) -> Deployment:
        places = [(config.bucket_stack, config.bucket_region), (config.artifacts_stack, config.region),
                  (config.function_stack, config.region)]
        with ThreadPoolExecutor(max_workers=3) as pool:
            bucket, artifacts, function = pool.map(lambda place: stacks.describe(aws, *place), places)
        return Deployment(bucket, artifacts, function, deploy.manages_bucket(config, bucket))

    def output(self, name: str) -> str:
        """An output of the function's stack; empty when there is none."""
        return stacks.outputs(self.function or {}).get(name, "")
