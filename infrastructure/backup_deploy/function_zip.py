"""dist/function.zip: the same input gives the same bytes, so that an unchanged function is no change."""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
import zipfile
from pathlib import Path

from .errors import DeployError

# The earliest time a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_DIRECT_LIMIT = 250 * 1024 * 1024
_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}


def write(path: Path, bootstrap: bytes, config: bytes) -> None:
    """Writes the zip: bootstrap, executable, and config.json, in this order, without times, owners or extra fields."""
    if len(bootstrap) + len(config) > _DIRECT_LIMIT:
        raise DeployError(f"The function is {len(bootstrap)} bytes unzipped; Lambda takes at most {_DIRECT_LIMIT}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        for name, mode, content in (("bootstrap", 0o755, bootstrap), ("config.json", 0o644, config)):
            entry = zipfile.ZipInfo(name, _TIME)
            # Unix attributes: Lambda refuses a bootstrap that is not executable.
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    partial.replace(path)


def with_config(source: Path, target: Path, config: bytes) -> None:
    """Writes `target`: the bootstrap of the zip `source` with these settings."""
    try:
        with zipfile.ZipFile(source) as archive:
            entry = archive.getinfo("bootstrap")
            if not (entry.external_attr >> 16) & 0o100:
                raise DeployError(f"bootstrap in {source} is not executable; Lambda would not start it.",
                                  "build it with scripts/package-lambda.")
            bootstrap = archive.read(entry)
    except FileNotFoundError:
        raise DeployError(f"{source} does not exist.", "run scripts/package-lambda.") from None
    except (zipfile.BadZipFile, KeyError):
        raise DeployError(f"{source} is not a zip with a bootstrap in it.", "run scripts/package-lambda.") from None
    write(target, bootstrap, config)


def sha256(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def lambda_code_hash(path: Path) -> str:
    """The hash as Lambda shows it (CodeSha256)."""
    return base64.b64encode(sha256(path)).decode()


def architecture(path: Path) -> str:
    """The processor the bootstrap was built for; a script runs on any, so it gets the default."""
    with zipfile.ZipFile(path) as archive, archive.open("bootstrap") as bootstrap:
        header = bootstrap.read(20)
    if header[:4] != b"\x7fELF":
        return "x86_64"
    machine = int.from_bytes(header[18:20], "little")
    if machine not in _MACHINES:
        raise DeployError(f"bootstrap in {path} is built for a processor that Lambda does not have ({machine:#x}).")
    return _MACHINES[machine]


def main() -> int:
    parser = argparse.ArgumentParser(prog="function_zip", description="Writes the function's zip.")
    parser.add_argument("--bootstrap", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        write(options.output, options.bootstrap.read_bytes(), options.config.read_bytes())
    except (OSError, DeployError) as error:
        print(f"package-lambda: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
