"""`sync bucket` beside bare libcurl programs, s5cmd, rclone and aws s3 sync."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..contest import Contender, Samples, contest, expect
from ..figures import Figure, at_most, at_most_ratio, ratio, told
from ..stand_in import StandIn
from ..workspace import Workspace

MEMORY_MB = 100
IN_FLIGHT = 64
PART_BYTES = 8 << 20
# Each in one turn: as quick as it gets with the same number in flight.
RCLONE = ("--s3-no-check-bucket", "--transfers", "64", "--checkers", "64", "--retries", "1")
NOTHING_WRONG = {"objects_changed": 0, "objects_unknown": 0, "objects_put_again": 0}


def sync_bucket(workspace: Workspace) -> Sequence[Figure]:
    """server-side copies, streams and a run with nothing to do, against bare libcurl, s5cmd, rclone and aws s3 sync"""
    return [*_copies(workspace), *_streams(workspace), *_nothing_to_do(workspace), *_beside_a_folder(workspace)]


def ours(workspace: Workspace, runs: int, *arguments: str) -> Contender:
    def command(servers: Sequence[StandIn]) -> list[str | Path]:
        target = ["--target-endpoint-url", servers[-1].url] if len(servers) > 1 else []
        return [workspace.products / "sync", "bucket", "s3://source", *arguments, *target, "--quiet"]

    return Contender("sync bucket", command, runs=runs)


def s5cmd(workspace: Workspace, operation: str, target: str, runs: int) -> Contender:
    program = next((workspace.python.parents[1] / "lib").glob("python*/site-packages/s5cmd/bin/s5cmd"))

    def command(servers: Sequence[StandIn]) -> list[str | Path]:
        options = ["--log", "error", "--numworkers", str(IN_FLIGHT), "--endpoint-url", servers[0].url]
        return [program, *options, operation, "s3://source/*", f"s3://{target}/"]

    return Contender(f"s5cmd {operation}", command, runs=runs)


def rclone(workspace: Workspace, runs: int, *arguments: str) -> Contender:
    def command(servers: Sequence[StandIn]) -> list[str | Path]:
        # Configured by the environment alone, which env sets because the ports are known now.
        remotes = zip(("A", "B"), (servers[0], servers[-1]), strict=True)
        variables = [f"RCLONE_CONFIG_{name}_ENDPOINT={server.url}" for name, server in remotes]
        return ["/usr/bin/env", *variables, workspace.tools / "rclone", *arguments, *RCLONE]

    environment = {"RCLONE_CONFIG": "/nonexistent", "RCLONE_S3_USE_MULTIPART_ETAG": "false"}
    for name in ("A", "B"):
        prefix = f"RCLONE_CONFIG_{name}"
        environment |= {f"{prefix}_TYPE": "s3", f"{prefix}_PROVIDER": "Minio", f"{prefix}_ENV_AUTH": "true"}
        environment |= {f"{prefix}_REGION": "us-east-1", f"{prefix}_LIST_VERSION": "2"}
    return Contender("rclone", command, environment, runs)


def aws(workspace: Workspace, target: str, scale: float) -> Contender:
    command = [workspace.python.parent / "aws", "s3", "sync", "s3://source", f"s3://{target}", "--only-show-errors"]
    return Contender("aws s3 sync", lambda servers: command, scale=scale)


def _objects(contender: Contender, count: int) -> int:
    return int(count / contender.scale)


def _copies(workspace: Workspace) -> Sequence[Figure]:
    count, peer_runs = 20_000, workspace.runs(3, 1)

    def bare(servers: Sequence[StandIn]) -> list[str]:
        return [str(workspace.tools / "copy_objects"), str(servers[0].port), str(IN_FLIGHT)]

    contenders = [
        Contender("bare libcurl", lambda servers: [*bare(servers), "signed"], runs=5),
        Contender("bare libcurl, unsigned", bare, runs=5),
        ours(workspace, 5, "s3://target"),
    ]
    if workspace.has_peers:
        contenders += [
            s5cmd(workspace, "cp", "target", peer_runs),
            rclone(workspace, peer_runs, "copy", "A:source", "A:target", "--checksum", "--fast-list"),
            aws(workspace, "target", workspace.runs(1, 10)),
        ]

    def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
        expect(counts[0], objects_there=_objects(contender, count), **NOTHING_WRONG)

    results = contest(
        workspace,
        contenders,
        lambda contender: [{"objects": _objects(contender, count), "object_bytes": 4096}],
        check,
    )
    mine, limit = results["sync bucket"], results["bare libcurl"]
    label = "20,000 × 4 KB copied"
    return [
        at_most_ratio(f"{label}: time by bare libcurl's", mine.wall, limit.wall, 2),
        ratio(f"{label}: time by that of one that signs nothing", mine.wall, results["bare libcurl, unsigned"].wall),
        *_told(label, results, mine),
    ]


def _streams(workspace: Workspace) -> Sequence[Figure]:
    count, size = 8, workspace.runs(256 << 20, 64 << 20)

    def bare(servers: Sequence[StandIn]) -> list[str]:
        ports = [str(server.port) for server in servers]
        return [str(workspace.tools / "stream_objects"), *ports, str(count), str(size), str(PART_BYTES), "8"]

    mine = ours(workspace, 5, "s3://target", "--stream")
    unsigned = {"AWS_CONFIG_FILE": str(workspace.root / "Benchmarks/unsigned-streams.ini")}
    contenders = [
        Contender("bare libcurl", bare, runs=5),
        replace(mine, environment=unsigned),
        replace(mine, name="sync bucket, bodies signed as over http"),
    ]
    if workspace.has_peers:
        # Its own transfers and parts at once, each 4 by default, make 64 too many for the machine's memory.
        arguments = ["copy", "A:source", "B:target", "--size-only", "--s3-chunk-size", "8Mi"]
        contenders.append(rclone(workspace, workspace.runs(3, 1), *arguments, "--s3-upload-concurrency", "4"))

    def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
        expect(counts[1], objects_there=count, bytes_received=count * size, **NOTHING_WRONG)

    options = {"objects": count, "object_bytes": size}
    results = contest(workspace, contenders, lambda contender: [options, options], check)
    own, limit = results["sync bucket"], results["bare libcurl"]
    label = f"8 × {size >> 20} MB streamed"
    return [
        at_most_ratio(f"{label}: time by bare libcurl's", own.wall, limit.wall, 1.5),
        told(f"{label}: CPU by bare libcurl's", [own.median(own.cpu) / limit.median(limit.cpu)], "×"),
        *_told(label, results, own),
    ]


def _nothing_to_do(workspace: Workspace) -> Sequence[Figure]:
    count, peer_runs = 100_000, workspace.runs(3, 1)
    contenders = [ours(workspace, 5, "s3://mirror")]
    if workspace.has_peers:
        contenders += [
            s5cmd(workspace, "sync", "mirror", peer_runs),
            rclone(workspace, peer_runs, "sync", "A:source", "A:mirror", "--size-only", "--fast-list"),
            aws(workspace, "mirror", workspace.runs(1, 10)),
        ]

    def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
        expect(counts[0], copy_calls=0, put_calls=0, objects_deleted=0, **NOTHING_WRONG)

    results = contest(
        workspace,
        contenders,
        lambda contender: [{"objects": _objects(contender, count), "object_bytes": 4096}],
        check,
    )
    mine = results["sync bucket"]
    label = "no-op over 100,000 keys"
    return [
        at_most(f"{label}: time", mine.wall, "s", 1),
        at_most(f"{label}: peak memory", mine.peak, "MB", MEMORY_MB, summary="max"),
        *_told(label, results, mine),
    ]


def _beside_a_folder(workspace: Workspace) -> Sequence[Figure]:
    """Nothing to upload, with 20 ms for each call: a listing page by page would take 2 s."""
    count = 100_000
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder, "photos", f"{number // 1000:04}", f"object-{number:09}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
            os.truncate(path, 4096)

        def command(servers: Sequence[StandIn]) -> list[str | Path]:
            options = ["--compare", "size", "--quiet"]
            return [workspace.products / "sync", "bucket", folder, "s3://source", *options]

        def check(contender: Contender, counts: Sequence[Mapping[str, int]]) -> None:
            expect(counts[0], put_calls=0, objects_deleted=0, **NOTHING_WRONG)

        options = {"objects": count, "object_bytes": 4096, "latency_us": 20_000}
        results = contest(workspace, [Contender("sync bucket", command, runs=5)], lambda contender: [options], check)
    mine = results["sync bucket"]
    label = "no-op over 100,000 keys beside a folder, 20 ms for each call"
    return [
        told(f"{label}: time", mine.wall, "s"),
        told(f"{label}: CPU", mine.cpu, "s"),
        told(f"{label}: peak memory", mine.peak, "MB"),
    ]


def _told(label: str, results: Mapping[str, Samples], mine: Samples) -> list[Figure]:
    figures = [figure for samples in results.values() for figure in samples.figures(label)]
    return [*figures, told(f"{label}: the server's own CPU beside sync bucket", mine.server_cpu, "s")]
