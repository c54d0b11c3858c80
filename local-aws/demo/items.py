"""Random items with every attribute type of DynamoDB, in wire form; the same seed gives the same items."""

from __future__ import annotations

import base64
import random
from typing import Any

Item = dict[str, Any]

_WORDS = ["blue", "Straße", "日本語", "naïve", "🛰️", "line\nbreak", 'quote"', "back\\slash", "\u2028", "zero\u0000byte"]


def _number(source: random.Random) -> str:
    match source.randrange(4):
        case 0:
            return str(source.randrange(-1000, 1000))
        case 1:
            # All 38 digits that DynamoDB keeps.
            return "".join(source.choice("123456789") for _ in range(38))
        case 2:
            return f"{source.randrange(1, 10**9)}.{source.randrange(1, 10**9)}".rstrip("0")
        case _:
            return f"{source.randrange(1, 10)}E{source.randrange(-120, 120)}"


def _binary(source: random.Random) -> str:
    return base64.b64encode(source.randbytes(source.randrange(1, 40))).decode()


def _text(source: random.Random) -> str:
    return " ".join(source.choice(_WORDS) for _ in range(source.randrange(1, 6)))


def _every_type(source: random.Random, number: int) -> Item:
    return {
        "text": {"S": _text(source)},
        "empty": {"S": ""},
        "amount": {"N": _number(source)},
        "digest": {"B": _binary(source)},
        "paid": {"BOOL": source.random() < 0.5},
        "cancelled": {"NULL": True},
        "labels": {"SS": sorted({f"label-{source.randrange(50)}" for _ in range(3)})},
        "readings": {"NS": sorted({str(source.randrange(1000)) for _ in range(3)})},
        "keys": {"BS": sorted({_binary(source) for _ in range(2)})},
        "address": {"M": {"street": {"S": _text(source)}, "geo": {"L": [{"N": _number(source)}, {"NULL": True}]}}},
        "lines": {"L": [{"M": {"sku": {"S": f"sku-{number}"}, "count": {"N": "2"}}}, {"S": "note"}]},
    }


def orders(count: int, seed: int) -> list[Item]:
    """Hash and range key, two global secondary indexes."""
    source = random.Random(seed)
    return [
        {
            "customer": {"S": f"customer-{source.randrange(count // 5 + 1):05d}"},
            "order": {"N": str(number)},
            "status": {"S": source.choice(["open", "paid", "shipped"])},
            "day": {"S": f"2026-11-{source.randrange(1, 29):02d}"},
            **_every_type(source, number),
        }
        for number in range(count)
    ]


def users(count: int, seed: int) -> list[Item]:
    """Binary hash key, no index, a time to live."""
    source = random.Random(seed)
    return [
        {
            "id": {"B": base64.b64encode(number.to_bytes(8, "big")).decode()},
            "name": {"S": _text(source)},
            "expires": {"N": str(1_900_000_000 + number)},
            **({"score": {"N": _number(source)}} if number % 3 else {}),
        }
        for number in range(count)
    ]
