"""HeadObject tells how many tags an object has, as GetObject does (HeadObjectOutput, TagCount); ministack leaves it out."""

from __future__ import annotations

from typing import Any


def install() -> None:
    from ministack.services import s3

    head_object = s3._head_object

    def head_with_tag_count(bucket_name: str, key: str, *rest: Any, **named: Any) -> Any:
        status, headers, body = head_object(bucket_name, key, *rest, **named)
        if status in (200, 206):
            version = headers.get("x-amz-version-id")
            headers.update(s3._object_tagging_count_header(bucket_name, key, version))
        return status, headers, body

    s3._head_object = head_with_tag_count
