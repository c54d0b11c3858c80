"""Checksums of whole objects that are uploaded in parts: ministack knows only those that are made of the parts'."""

from __future__ import annotations

from typing import Any


def install() -> None:
    from ministack.services import s3

    complete = s3._complete_multipart_upload

    def complete_with_full_object(
        bucket_name: str, key: str, body: bytes, query_params: dict, headers: dict[str, str] | None = None
    ) -> Any:
        headers = headers or {}
        upload_id = s3._qp(query_params, "uploadId")
        upload = s3._multipart_uploads.get(upload_id) or {}
        algorithm = upload.get("checksum_algorithm")
        if not algorithm or headers.get("x-amz-checksum-type") != "FULL_OBJECT":
            return complete(bucket_name, key, body, query_params, headers)
        name = f"x-amz-checksum-{algorithm.lower()}"
        whole = b"".join(upload["parts"][number]["body"] for number in sorted(upload["parts"]))
        computed = s3._compute_s3_checksum(algorithm, whole)
        if headers.get(name) not in (None, computed):
            return s3._error("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.", 400)
        rest = {each: value for each, value in headers.items() if each != name}
        status, answered, document = complete(
            bucket_name, key, body, query_params, {**rest, "x-amz-mp-object-size": str(len(whole))}
        )
        if status == 200:
            stored = s3._ensure_bucket(bucket_name)["objects"][key]
            composite = stored["checksums"].get(algorithm, "")
            stored["checksums"] = {algorithm: computed}
            stored["checksum_type"] = "FULL_OBJECT"
            document = document.replace(composite.encode(), computed.encode()).replace(b">COMPOSITE<", b">FULL_OBJECT<")
        return status, answered, document

    s3._complete_multipart_upload = complete_with_full_object
