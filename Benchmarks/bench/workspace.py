"""Where everything lies that is measured, and how often it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    root: Path
    # Programs in C: stand-in, measure and those of limits/; rclone.
    tools: Path
    # Release builds of the programs and the harness, with libcurl and OpenSSL inside.
    products: Path
    # dist/function.zip, unpacked.
    function: Path
    zip_file: Path
    # The peers' interpreter.
    python: Path
    is_quick: bool
    # Without, sync's scenarios run the bare programs and ours only.
    has_peers: bool = True

    @staticmethod
    def from_environment(is_quick: bool, has_peers: bool) -> Workspace:
        root = Path(__file__).resolve().parents[2]
        build = root / ".build-bench"
        return Workspace(
            root=root,
            tools=build / "tools",
            products=Path(os.environ["BENCH_PRODUCTS"]),
            function=build / "function",
            zip_file=root / "dist/function.zip",
            python=build / "venv/bin/python",
            is_quick=is_quick,
            has_peers=has_peers,
        )

    @property
    def peers(self) -> Path:
        return self.root / "Benchmarks/peers"

    def runs(self, full: int, quick: int) -> int:
        return quick if self.is_quick else full
