"""`sync bucket` on the local AWS: buckets of two Regions, folders, everything that belongs to an object."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import BUCKET_REGION, REGION, Account, until

# Each of them has been somebody's bug.
KEYS = ["a", "a-b", "a/b", "a b", "a+b", "a%20b", "e\u0301", "\u00e9", "\U0001f600", "\uffee", "q\"&<>'", "x?y=1#z", "tab\tend"]


@pytest.fixture
def s3(account: Account) -> Any:
    """A client; the account's own bucket lies in another Region than the new one."""
    client = account.client("s3", REGION)
    client.create_bucket(Bucket=f"source-{account.number}")
    return client


@pytest.fixture
def source(account: Account, s3: Any) -> str:
    """A bucket with awkward keys, an empty object, metadata, tags, a class, and an object in parts."""
    bucket = f"source-{account.number}"
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    s3.put_object(
        Bucket=bucket,
        Key="rich",
        Body=b"<p>",
        ContentType="text/html",
        CacheControl="no-cache",
        ContentDisposition='attachment; filename="a"',
        Metadata={"owner": "somebody"},
        Tagging="team=a%20b&x=y",
        StorageClass="STANDARD_IA",
    )
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", Metadata={"kind": "parts"})["UploadId"]
    parts = []
    for number, body in enumerate([b"1" * (5 << 20), b"2" * (5 << 20), b"3" * 1000], 1):
        etag = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    return bucket


def contents(account: Account, bucket: str, region: str, prefix: str = "") -> dict[str, tuple[Any, ...]]:
    """Every object below a prefix, with all that a copy must have in common with its source."""
    client = account.client("s3", region)
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", []):
            key = each["Key"]
            got = client.get_object(Bucket=bucket, Key=key)
            tags = client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
            found[key[len(prefix) :]] = (
                got["Body"].read(),
                got["ContentType"],
                got.get("CacheControl"),
                got.get("ContentDisposition"),
                got["Metadata"],
                sorted((tag["Key"], tag["Value"]) for tag in tags),
                got.get("StorageClass", "STANDARD"),
            )
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_everything_arrives_in_another_region(account: Account, source: str, stream: bool) -> None:
    command = ["sync", "bucket", f"s3://{source}", f"s3://{account.bucket}/copy", *(["--stream"] if stream else [])]
    result = account.json(*command)
    assert result["failed"] == 0 and result["complete"] and result["streamed"] == stream
    assert result["transferredObjects"] == len(KEYS) + 3
    assert contents(account, account.bucket, BUCKET_REGION, "copy/") == contents(account, source, REGION)
    # Where nothing tells that two objects are equal, one is copied again: here the source's object in parts, which has no
    # checksum, and of whose parts the local AWS does not tell the sizes.
    again = account.json(*command, "--compare", "checksum")
    assert again["transferredObjects"] == (1 if stream else 0) and again["unchanged"] >= len(KEYS) + 2


def test_nothing_is_deleted_unless_asked_and_then_within_the_limit(account: Account, source: str, s3: Any) -> None:
    command = ["sync", "bucket", f"s3://{source}", f"s3://{account.bucket}"]
    client = account.client("s3", BUCKET_REGION)
    client.put_object(Bucket=account.bucket, Key="extra", Body=b"mine")
    assert account.json(*command)["onlyAtTarget"] == 1
    assert "extra" in account.keys()
    refused = account.fail(1, *command, "--delete", "--max-delete", "0")
    assert "nothing was deleted" in refused and "extra" in account.keys()
    assert "would delete extra" in account.succeed(*command, "--delete", "--dry-run")
    assert "extra" in account.keys()
    assert account.json(*command, "--delete")["deleted"] == 1
    assert sorted(account.keys()) == sorted([*KEYS, "empty", "rich", "parts"])


def test_a_folder_up_and_down(account: Account, tmp_path: Path) -> None:
    up, down = tmp_path / "up", tmp_path / "down"
    (up / "sub").mkdir(parents=True)
    files = {"a-b": b"1", "sub/x.html": b"2", "sub/empty": b"", "large": bytes(range(256)) * 80_000}
    for name, content in files.items():
        (up / name).write_bytes(content)
    account.succeed("sync", "bucket", str(up), f"s3://{account.bucket}/site")
    assert account.client("s3", BUCKET_REGION).head_object(Bucket=account.bucket, Key="site/sub/x.html")[
        "ContentType"
    ] == "text/html"
    account.succeed("sync", "bucket", f"s3://{account.bucket}/site", str(down))
    assert {str(each.relative_to(down)): each.read_bytes() for each in down.rglob("*") if each.is_file()} == files
    assert account.json("sync", "bucket", f"s3://{account.bucket}/site", str(down))["unchanged"] == len(files)
    only = tmp_path / "only"
    account.succeed(
        "sync", "bucket", f"s3://{account.bucket}/site", str(only), "--exclude", "*", "--include", "*.html"
    )
    assert [each.name for each in only.rglob("*") if each.is_file()] == ["x.html"]


@pytest.mark.long
@pytest.mark.parametrize("way", ["copy", "stream", "upload"])
def test_a_sync_that_is_killed_again_and_again_goes_on_with_the_same_command(
    account: Account, source: str, s3: Any, tmp_path: Path, way: str
) -> None:
    """kill -9 at random points: nothing half there, nothing lost, and no parts left that would cost money."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    files = {f"many/{number:03}": chance.randbytes(chance.randrange(2000)) for number in range(120)}
    files |= {f"large-{number}": chance.randbytes(24 << 20) for number in range(2)}
    if way == "upload":
        origin = tmp_path / "files"
        for name, content in files.items():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            (origin / name).write_bytes(content)
        place = str(origin)
    else:
        for name, content in files.items():
            s3.put_object(Bucket=source, Key=name, Body=content)
        place = f"s3://{source}"
    command = ["sync", "bucket", place, f"s3://{account.bucket}/copy", *(["--stream"] if way == "stream" else [])]
    client = account.client("s3", BUCKET_REGION)

    def uploads() -> list[dict[str, Any]]:
        return client.list_multipart_uploads(Bucket=account.bucket).get("Uploads", [])

    foreign = client.create_multipart_upload(Bucket=account.bucket, Key="copy/large-0")["UploadId"]
    part = {"Bucket": account.bucket, "Key": "copy/large-0", "UploadId": foreign, "PartNumber": 1}
    client.upload_part(**part, Body=b"somebody else's")
    for turn in range(5):
        process = subprocess.Popen(
            [str(account.programs / command[0]), *command[1:]],
            cwd=account.folder,
            env=account.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if turn == 0 and way != "copy":
                # In the middle of an upload at least once; otherwise wherever it may be.
                until(lambda: len(uploads()) > 1 or process.poll() is not None, "an upload in parts")
            process.wait(chance.uniform(0.02, 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        for key in account.keys("copy/"):
            name = key.removeprefix("copy/")
            if name in files:
                assert client.get_object(Bucket=account.bucket, Key=key)["Body"].read() == files[name], (seed, key)
    result = account.json(*command)
    assert result["complete"] and result["failed"] == 0, (seed, result)
    there = {key.removeprefix("copy/") for key in account.keys("copy/")}
    assert there == {*files, *([] if way == "upload" else [*KEYS, "empty", "rich", "parts"])}, seed
    assert account.json("sync", "verify", "bucket", place, f"s3://{account.bucket}/copy")["differences"] == [], seed
    # What was begun a moment before it could be noted has no parts.
    with_parts = []
    for each in uploads():
        listed = client.list_parts(Bucket=account.bucket, Key=each["Key"], UploadId=each["UploadId"])
        if listed.get("Parts"):
            with_parts.append(each["UploadId"])
    assert with_parts == [foreign], seed
    assert not list((account.folder / "home").rglob("uploads-*")), seed


def test_a_bucket_is_made_like_the_source(account: Account, source: str, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=source, Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket=source, CORSConfiguration={"CORSRules": [rule]})
    new = f"new-{account.number}"
    command = ["sync", "bucket", f"s3://{source}", f"s3://{new}", "--create", "--target-region", "eu-west-1"]
    assert "Would copy 16 objects" in account.succeed(*command, "--dry-run")
    account.succeed(*command)
    client = account.client("s3", "eu-west-1")
    assert client.get_bucket_versioning(Bucket=new)["Status"] == "Enabled"
    assert client.get_bucket_tagging(Bucket=new)["TagSet"] == [{"Key": "team", "Value": "a"}]
    assert client.get_bucket_cors(Bucket=new)["CORSRules"][0]["AllowedMethods"] == ["GET"]
    assert contents(account, new, "eu-west-1") == contents(account, source, REGION)


def test_bad_input_is_told_in_one_line(account: Account, source: str, tmp_path: Path) -> None:
    for command, message in [
        ([f"s3://{source}", f"s3://{source}"], "source and target are the same"),
        ([f"s3://{source}", f"s3://{source}/below"], "overlap"),
        ([str(tmp_path), str(tmp_path / "x")], "one side must be s3://"),
        ([f"s3://{source}", f"s3://nothing-{account.number}"], "is not there; --create makes it"),
        ([str(tmp_path / "missing"), f"s3://{account.bucket}"], "cannot be read"),
    ]:
        told = account.fail(1, "sync", "bucket", *command)
        assert message in told and told.count("\n") == 1, told
    assert account.keys() == []
