"""dist/function.zip: the same input gives the same bytes, so that an unchanged function is no change."""

from __future__ import annotations

import argparse
import base64
import hashlib
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from .errors import DeployError

# The earliest date a zip can hold, 1980-01-01, as MS-DOS wrote it.
_DATE = 1 << 5 | 1
_UNIX = 3 << 8
_VERSION = 20
_DIRECT_LIMIT = 250 * 1024 * 1024
_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_DIRECTORY_ENTRY = struct.Struct("<4s6H3I5H2I")
_END_OF_DIRECTORY = struct.Struct("<4s4H2IH")


@dataclass(frozen=True)
class Member:
    """A file as it lies in a zip. Kept packed, so that a new configuration needs no new packing of the function."""

    name: bytes
    mode: int
    method: int
    crc: int
    size: int
    packed: bytes

    @classmethod
    def stored(cls, name: bytes, mode: int, content: bytes) -> Member:
        return cls(name, mode, zipfile.ZIP_STORED, zlib.crc32(content), len(content), content)

    @classmethod
    def deflated(cls, name: bytes, mode: int, path: Path) -> Member:
        """The file packed by libdeflate: 3 % smaller than zlib's best, and the same whatever zlib Python has."""
        try:
            with path.open("rb") as content:
                gzip = subprocess.run(["libdeflate-gzip", "-12", "-c"], stdin=content, capture_output=True, check=True).stdout
        except FileNotFoundError:
            raise DeployError("libdeflate-gzip is missing.", "run scripts/install-tools.") from None
        except subprocess.CalledProcessError as error:
            raise DeployError(f"{path} could not be packed: {error.stderr.decode().strip()}") from None
        # From standard input there is no name: 10 bytes of header, and at the end checksum and size.
        crc, size = struct.unpack("<2I", gzip[-8:])
        return cls(name, mode, zipfile.ZIP_DEFLATED, crc, size, gzip[10:-8])


def write(path: Path, bootstrap: Member, config: bytes) -> None:
    """Writes the zip: bootstrap, executable, and config.json, in this order, without times, owners or extra fields."""
    if bootstrap.size + len(config) > _DIRECT_LIMIT:
        raise DeployError(f"The function is {bootstrap.size} bytes unzipped; Lambda takes at most {_DIRECT_LIMIT}.")
    members = (bootstrap, Member.stored(b"config.json", 0o644, config))
    body = b""
    directory = b""
    for member in members:
        common = (0, member.method, 0, _DATE, member.crc, len(member.packed), member.size, len(member.name), 0)
        # Unix attributes: Lambda refuses a bootstrap that is not executable.
        attributes = (0o100000 | member.mode) << 16
        directory += _DIRECTORY_ENTRY.pack(
            b"PK\1\2", _UNIX | _VERSION, _VERSION, *common, 0, 0, 0, attributes, len(body)) + member.name
        body += _LOCAL_HEADER.pack(b"PK\3\4", _VERSION, *common) + member.name + member.packed
    end = _END_OF_DIRECTORY.pack(b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(body), 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(body + directory + end)
    partial.replace(path)


def with_config(source: Path, target: Path, config: bytes) -> None:
    """Writes `target`: the bootstrap of the zip `source` with these settings."""
    try:
        with zipfile.ZipFile(source) as archive:
            entry = archive.getinfo("bootstrap")
            mode = entry.external_attr >> 16 & 0o777
            if not mode & 0o100:
                raise DeployError(f"bootstrap in {source} is not executable; Lambda would not start it.",
                                  "build it with scripts/package-lambda.")
            # A zip that was damaged on its way here must not become a function.
            archive.read(entry)
        with source.open("rb") as file:
            file.seek(entry.header_offset)
            *_, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
            file.seek(name_length + extra_length, 1)
            packed = file.read(entry.compress_size)
    except FileNotFoundError:
        raise DeployError(f"{source} does not exist.", "run scripts/package-lambda.") from None
    except (zipfile.BadZipFile, zlib.error, KeyError):
        raise DeployError(f"{source} is not a zip with a bootstrap in it.", "run scripts/package-lambda.") from None
    write(target, Member(b"bootstrap", mode, entry.compress_type, entry.CRC, entry.file_size, packed), config)


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
        write(options.output, Member.deflated(b"bootstrap", 0o755, options.bootstrap), options.config.read_bytes())
    except (OSError, DeployError) as error:
        print(f"package-lambda: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
