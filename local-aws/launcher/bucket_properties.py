"""AWS::S3::Bucket properties that ministack's CloudFormation passes over, turned into S3's own documents."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def encryption_xml(properties: dict[str, Any]) -> bytes:
    root = Element("ServerSideEncryptionConfiguration", xmlns=_NAMESPACE)
    for rule in properties.get("ServerSideEncryptionConfiguration") or []:
        element = SubElement(root, "Rule")
        default = rule.get("ServerSideEncryptionByDefault")
        if default:
            applied = SubElement(element, "ApplyServerSideEncryptionByDefault")
            _texts(applied, default, ("SSEAlgorithm", "KMSMasterKeyID"))
        _texts(element, rule, ("BucketKeyEnabled",))
    return tostring(root)


def ownership_xml(properties: dict[str, Any]) -> bytes:
    root = Element("OwnershipControls", xmlns=_NAMESPACE)
    for rule in properties.get("Rules") or []:
        _texts(SubElement(root, "Rule"), rule, ("ObjectOwnership",))
    return tostring(root)


def tags_xml(tags: list[dict[str, Any]]) -> bytes:
    root = Element("Tagging", xmlns=_NAMESPACE)
    tag_set = SubElement(root, "TagSet")
    for tag in tags:
        _texts(SubElement(tag_set, "Tag"), tag, ("Key", "Value"))
    return tostring(root)


def lifecycle_xml(properties: dict[str, Any]) -> bytes:
    root = Element("LifecycleConfiguration", xmlns=_NAMESPACE)
    for rule in properties.get("Rules") or []:
        element = SubElement(root, "Rule")
        if rule.get("Id"):
            SubElement(element, "ID").text = str(rule["Id"])
        _filter(element, rule)
        SubElement(element, "Status").text = str(rule.get("Status"))
        for transition in _listed(rule, "Transitions", "Transition"):
            step = SubElement(element, "Transition")
            _renamed(step, transition, {"TransitionInDays": "Days", "TransitionDate": "Date"})
            _texts(step, transition, ("StorageClass",))
        expiration = {
            "Days": rule.get("ExpirationInDays"),
            "Date": rule.get("ExpirationDate"),
            "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
        }
        if any(value is not None for value in expiration.values()):
            _texts(SubElement(element, "Expiration"), expiration, tuple(expiration))
        for transition in _listed(rule, "NoncurrentVersionTransitions", "NoncurrentVersionTransition"):
            step = SubElement(element, "NoncurrentVersionTransition")
            _renamed(step, transition, {"TransitionInDays": "NoncurrentDays"})
            _texts(step, transition, ("NewerNoncurrentVersions", "StorageClass"))
        noncurrent = rule.get("NoncurrentVersionExpiration") or (
            {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
            if rule.get("NoncurrentVersionExpirationInDays") is not None
            else None
        )
        if noncurrent:
            _texts(
                SubElement(element, "NoncurrentVersionExpiration"),
                noncurrent,
                ("NoncurrentDays", "NewerNoncurrentVersions"),
            )
        if rule.get("AbortIncompleteMultipartUpload"):
            aborted = SubElement(element, "AbortIncompleteMultipartUpload")
            _texts(aborted, rule["AbortIncompleteMultipartUpload"], ("DaysAfterInitiation",))
    return tostring(root)


def _filter(element: Element, rule: dict[str, Any]) -> None:
    """One condition stands alone, several stand within And."""
    conditions = [
        (name, rule[name]) for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule
    ]
    tags = rule.get("TagFilters") or []
    parent = SubElement(element, "Filter")
    if len(conditions) + len(tags) > 1:
        parent = SubElement(parent, "And")
    for name, value in conditions:
        SubElement(parent, name).text = _text(value)
    for tag in tags:
        _texts(SubElement(parent, "Tag"), tag, ("Key", "Value"))


def _listed(rule: dict[str, Any], several: str, one: str) -> list[dict[str, Any]]:
    return list(rule.get(several) or ([rule[one]] if rule.get(one) else []))


def _renamed(element: Element, values: dict[str, Any], names: dict[str, str]) -> None:
    for name, renamed in names.items():
        if values.get(name) is not None:
            SubElement(element, renamed).text = _text(values[name])


def _texts(element: Element, values: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if values.get(name) is not None:
            SubElement(element, name).text = _text(values[name])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
