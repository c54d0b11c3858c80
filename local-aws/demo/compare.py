"""Compares two lists of items as DynamoDB would: sets without order, numbers by value, binaries as bytes."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

from .items import Item


def canonical(value: dict[str, Any]) -> Any:
    """A hashable form of a typed attribute value that is equal exactly for equal values."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, _number(content)
        case "B":
            return kind, _bytes(content)
        case "SS":
            return kind, frozenset(content)
        case "NS":
            return kind, frozenset(_number(each) for each in content)
        case "BS":
            return kind, frozenset(_bytes(each) for each in content)
        case "L":
            return kind, tuple(canonical(each) for each in content)
        case "M":
            return kind, frozenset((name, canonical(each)) for name, each in content.items())
        case _:
            return kind, content


def _number(text: str) -> Decimal:
    return Decimal(text).normalize() if Decimal(text) else Decimal(0)


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else base64.b64decode(content)


def differences(before: list[Item], after: list[Item], keys: list[str]) -> list[str]:
    """One line for each item that is missing, added or changed."""

    def by_key(items: list[Item]) -> dict[Any, Any]:
        return {tuple(canonical(item[key]) for key in keys): canonical({"M": item}) for item in items}

    left, right = by_key(before), by_key(after)
    lines = [f"missing: {key}" for key in left.keys() - right.keys()]
    lines += [f"not there before: {key}" for key in right.keys() - left.keys()]
    lines += [f"changed: {key}" for key in left.keys() & right.keys() if left[key] != right[key]]
    return sorted(lines)
