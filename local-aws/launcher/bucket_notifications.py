"""What S3 does with notifications and ministack does not: refuses rules that overlap, decodes filters, tells of tags."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

#: S3's own words (AWS facts 6).
_AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping "
    "for the same event type."
)


def install() -> None:
    from ministack.services import s3

    put, matches = s3._put_bucket_notification, s3._key_matches_filter

    def put_unambiguous(name: str, body: bytes, headers: dict[str, str] | None = None) -> Any:
        rules = s3._parse_notification_config_raw(body.decode("utf-8", errors="replace"))
        pairs = ((first, second) for number, first in enumerate(rules) for second in rules[:number])
        if name in s3._buckets and any(is_ambiguous(first, second) for first, second in pairs):
            return s3._error("InvalidArgument", _AMBIGUOUS, 400)
        return put(name, body, headers)

    def matches_decoded(key: str, prefix: str | None, suffix: str | None) -> bool:
        decoded: bool = matches(key, *(part and unquote_plus(part) for part in (prefix, suffix)))
        return decoded

    s3._put_bucket_notification = put_unambiguous
    s3._key_matches_filter = matches_decoded
    _tell_of_tags(s3)


def _tell_of_tags(s3: Any) -> None:
    """An object's tags are events of their own (S3 User Guide, "Supported event types"), also in EventBridge."""
    put, delete = s3._put_object_tagging, s3._delete_object_tagging
    s3._S3_EVENTBRIDGE_EVENT_DETAIL_TYPE["ObjectTagging:Put"] = "Object Tags Added"
    s3._S3_EVENTBRIDGE_EVENT_DETAIL_TYPE["ObjectTagging:Delete"] = "Object Tags Deleted"

    def tell(event: str, answer: Any, bucket: str, key: str) -> Any:
        if answer[0] in (200, 204):
            found = s3._buckets[bucket]["objects"][key]
            s3._fire_s3_event_async(
                bucket, key, event, size=found["size"], etag=found["etag"], version_id=found.get("version_id")
            )
        return answer

    def put_and_tell(bucket: str, key: str, body: bytes, query: dict[str, Any] | None = None) -> Any:
        return tell("s3:ObjectTagging:Put", put(bucket, key, body, query), bucket, key)

    def delete_and_tell(bucket: str, key: str, query: dict[str, Any] | None = None) -> Any:
        return tell("s3:ObjectTagging:Delete", delete(bucket, key, query), bucket, key)

    s3._put_object_tagging = put_and_tell
    s3._delete_object_tagging = delete_and_tell


def is_ambiguous(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether an event of one key could be reported by both rules."""
    prefixes, suffixes = (
        [unquote_plus(rule[f"filter_{part}"] or "") for rule in (first, second)] for part in ("prefix", "suffix")
    )
    return (
        (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0]))
        and (suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0]))
        and any(_covers(one, other) or _covers(other, one) for one in first["events"] for other in second["events"])
    )


def _covers(pattern: str, event: str) -> bool:
    return pattern == event or pattern.endswith("*") and event.startswith(pattern[:-1])
