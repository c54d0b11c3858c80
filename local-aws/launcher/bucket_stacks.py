"""What stacks do with buckets, rules and their drift, where ministack does less than AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from .bucket_properties import encryption_xml, lifecycle_xml, ownership_xml, tags_xml

#: Days an object stays in a class before the next step, and classes reached only after 30 days (AWS facts 6).
_INFREQUENT_ACCESS = ("STANDARD_IA", "ONEZONE_IA")
_ORDER = (
    "STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
)  # fmt: skip


def install() -> None:
    from ministack.services import eventbridge, s3
    from ministack.services.cloudformation import drift, provisioners

    _check_lifecycles(s3)
    configurations: list[tuple[str, Any, Any, Any]] = [
        (name, to_xml, _checked(put), delete)
        for name, to_xml, put, delete in (
            ("BucketEncryption", encryption_xml, s3._put_bucket_encryption, s3._delete_bucket_encryption),
            ("LifecycleConfiguration", lifecycle_xml, s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle),
            (
                "OwnershipControls",
                ownership_xml,
                s3._put_bucket_ownership_controls,
                s3._delete_bucket_ownership_controls,
            ),
            ("Tags", tags_xml, s3._put_bucket_tagging, s3._delete_bucket_tagging),
        )
    ]
    theirs = {name: (to_xml, put, delete) for name, to_xml, put, delete in provisioners._S3_BUCKET_CONFIGURATIONS}
    provisioners._S3_BUCKET_CONFIGURATIONS = (
        *provisioners._S3_BUCKET_CONFIGURATIONS,
        *(configuration for configuration in configurations if configuration[0] not in theirs),
    )
    _refuse_to_delete_full_buckets(s3, provisioners)
    _read_more_for_drift(s3, eventbridge, drift, provisioners)


def _checked(put: Callable[[str, bytes], tuple[int, dict[str, str], bytes]]) -> Callable[[str, bytes], None]:
    """S3's refusal of a document fails the resource."""

    def apply(name: str, document: bytes) -> None:
        status, _, answer = put(name, document)
        if status >= 300:
            raise ValueError(_message(answer))

    return apply


def _message(answer: bytes) -> str:
    root = ElementTree.fromstring(answer)
    return f"{root.findtext('{*}Message') or root.findtext('Message')} (Service: S3, Status Code: 400)"


def _check_lifecycles(s3: Any) -> None:
    """S3 refuses transitions that come too early or go back (AWS facts 6)."""
    check = s3._lifecycle_rules_error

    def stricter(rules: list[dict[str, Any]]) -> Any:
        refused = check(rules)
        if refused is not None:
            return refused
        for rule in rules:
            problem = lifecycle_problem(rule)
            if problem is not None:
                return s3._error("InvalidArgument", problem, 400)
        return None

    s3._lifecycle_rules_error = stricter


def lifecycle_problem(rule: dict[str, Any]) -> str | None:
    """Why S3 would refuse the transitions of one rule."""
    steps = sorted(
        (step for step in rule.get("Transitions", []) if "Days" in step), key=lambda step: int(step["Days"])
    )
    for step in steps:
        if step["StorageClass"] in _INFREQUENT_ACCESS and step["Days"] < 30:
            return (
                "'Days' in Transition action must be greater than or equal to 30 for storageClass "
                f"'{step['StorageClass']}'"
            )
    for before, after in zip(steps, steps[1:]):
        earlier, later = before["StorageClass"], after["StorageClass"]
        if _ORDER.index(earlier) >= _ORDER.index(later):
            return f"'Days' in the Transition action for StorageClass '{later}' must be less than for '{earlier}'"
        if earlier in _INFREQUENT_ACCESS and after["Days"] < before["Days"] + 30:
            return (
                f"'Days' in the '{later}' Transition action for filter must be 30 days more than in the '{earlier}' "
                "Transition action"
            )
    expiration = rule.get("Expiration", {}).get("Days")
    if expiration is not None and steps and expiration <= steps[-1]["Days"]:
        return "'Days' in the Expiration action must be greater than 'Days' in the Transition action"
    return None


def _refuse_to_delete_full_buckets(s3: Any, provisioners: Any) -> None:
    """Deleting a bucket with objects fails the deletion of its stack; ministack drops the objects."""
    delete = provisioners._s3_delete

    def delete_empty(physical_id: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(physical_id)
        if bucket is not None and (bucket["objects"] or s3._bucket_has_versions(physical_id)):
            raise ValueError(
                "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Error Code: BucketNotEmpty)"
            )
        delete(physical_id, properties)

    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"] = delete_empty


def _read_more_for_drift(s3: Any, eventbridge: Any, drift: Any, provisioners: Any) -> None:
    """Lets drift detection see what ministack only looks at by name: bucket settings, bucket policies, rules."""
    read_bucket, bucket_properties = drift._DRIFT_READERS["AWS::S3::Bucket"]

    def documents(name: str) -> dict[str, tuple[Any, Any]]:
        """Per property: what is stored, and how its expected value would be stored."""
        return {
            "PublicAccessBlockConfiguration": (
                s3._buckets[name].get("_public_access_block"),
                lambda value: _stored(provisioners._s3_public_access_block_xml(value)),
            ),
            "BucketEncryption": (s3._bucket_encryption.get(name), lambda value: _stored(encryption_xml(value))),
            "OwnershipControls": (
                s3._buckets[name].get("_ownership_controls"),
                lambda value: _stored(ownership_xml(value)),
            ),
            "LifecycleConfiguration": (
                s3._bucket_lifecycle.get(name),
                lambda value: _as_stored_lifecycle(s3, lifecycle_xml(value)),
            ),
        }

    def bucket(physical_id: str, properties: dict[str, Any]) -> dict[str, Any] | None:
        found = read_bucket(physical_id, properties)
        if found is None:
            return None
        for name, (stored, to_stored) in documents(physical_id).items():
            if name in properties:
                same = stored is not None and stored == to_stored(properties[name])
                found[name] = properties[name] if same else {"changed outside of the stack": str(stored)}
        return dict(found)

    def bucket_policy(physical_id: str, properties: dict[str, Any]) -> dict[str, Any] | None:
        policy = s3._bucket_policies.get(properties.get("Bucket", ""))
        if policy is None:
            return None
        return {"Bucket": properties["Bucket"], "PolicyDocument": json.loads(policy)}

    def rule(physical_id: str, properties: dict[str, Any]) -> dict[str, Any] | None:
        found = eventbridge._rules.get(eventbridge._rule_key(physical_id, provisioners._eb_rule_bus_name(properties)))
        return None if found is None else {name: found[name] for name in ("Name", "ScheduleExpression", "State")}

    readable = set(bucket_properties) | {
        "PublicAccessBlockConfiguration",
        "BucketEncryption",
        "OwnershipControls",
        "LifecycleConfiguration",
    }
    drift._DRIFT_READERS.update(
        {
            "AWS::S3::Bucket": (bucket, frozenset(readable)),
            "AWS::S3::BucketPolicy": (bucket_policy, frozenset({"Bucket", "PolicyDocument"})),
            "AWS::Events::Rule": (rule, frozenset({"Name", "ScheduleExpression", "State"})),
        }
    )


def _stored(document: bytes | str) -> str:
    return document.decode() if isinstance(document, bytes) else document


def _as_stored_lifecycle(s3: Any, document: bytes) -> Any:
    """The rules as S3 keeps them, learnt by storing the document in a bucket of its own that nobody sees."""
    name = "local-aws.drift.comparison"
    s3._buckets[name] = {"objects": {}, "created": "", "region": "us-east-1"}
    try:
        s3._put_bucket_lifecycle(name, document)
        return s3._bucket_lifecycle.get(name)
    finally:
        s3._buckets.pop(name, None)
        s3._bucket_lifecycle.pop(name, None)
