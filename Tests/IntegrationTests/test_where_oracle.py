"""`--where` against the FilterExpression of a Scan: random conditions, the same items."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from conftest import Account

CONDITIONS = 60
ITEMS = 120
NUMBERS = ["0", "1", "-1", "2", "10", "2.50", "1e2", "-0.001", "12345678901234567890123456789012345678"]
TEXTS = ["", "a", "ab", "abc", "b", "é", "Zebra", "it's", "10", "😀"]
PATHS = ["n", "t", "mixed", "set", "map.n", "map.t", "list[0]", "list[1]", "list[7]", "missing", '"odd name"', 'map."x y"']


@dataclass
class Names:
    """The same condition for DynamoDB: what stands for its names and literals."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def path(self, path: str) -> str:
        steps = []
        for part in path.split("."):
            name, bracket, index = part.partition("[")
            name = name.strip('"')
            reference = next((key for key, value in self.names.items() if value == name), f"#n{len(self.names)}")
            self.names[reference] = name
            steps.append(reference + bracket + index)
        return ".".join(steps)

    def value(self, value: dict[str, Any]) -> str:
        reference = f":v{len(self.values)}"
        self.values[reference] = value
        return reference


class Conditions:
    """Makes conditions, each as text for `--where` and as DynamoDB takes it."""

    def __init__(self, chosen: random.Random) -> None:
        self.chosen = chosen

    def condition(self, names: Names, depth: int = 0) -> tuple[str, str]:
        kind = self.chosen.randrange(12 if depth < 3 else 8)
        if kind in (8, 9):
            word = self.chosen.choice(["AND", "OR"])
            left, right = self.operand(names, depth), self.operand(names, depth)
            return f"{left[0]} {word} {right[0]}", f"{left[1]} {word} {right[1]}"
        if kind in (10, 11):
            inner = self.condition(names, depth + 1)
            return f"NOT ({inner[0]})", f"NOT ({inner[1]})"
        return self.term(kind, names)

    def operand(self, names: Names, depth: int) -> tuple[str, str]:
        """One side of AND and OR; in parentheses only where they say something, for DynamoDB refuses others."""
        own, other = self.condition(names, depth + 1)
        return (f"({own})", f"({other})") if " AND " in own or " OR " in own else (own, other)

    def term(self, kind: int, names: Names) -> tuple[str, str]:
        if kind == 3:
            # The local AWS fails where the attribute of an item is no text; DynamoDB leaves such an item out.
            own, other = self.text(names)
            return f"begins_with(t, {own})", f"begins_with({names.path('t')}, {other})"
        comparator = self.chosen.choice(["=", "<>", "<", "<=", ">", ">="])
        if kind == 7 and self.chosen.random() < 0.3:
            return self.size(comparator, names)
        path, theirs = self.path(names)
        if kind == 0:
            return f"attribute_exists({path})", f"attribute_exists({theirs})"
        if kind == 1:
            return f"attribute_not_exists({path})", f"attribute_not_exists({theirs})"
        if kind == 2:
            name = self.chosen.choice(["S", "N", "B", "SS", "NS", "BOOL", "NULL", "L", "M"])
            return f"attribute_type({path}, '{name}')", f"attribute_type({theirs}, {names.value({'S': name})})"
        if kind == 4:
            own, other = self.literal(names)
            return f"contains({path}, {own})", f"contains({theirs}, {other})"
        if kind == 5:
            low, high = sorted(self.chosen.sample(range(-3, 12), 2))
            bounds = names.value({"N": str(low)}), names.value({"N": str(high)})
            return f"{path} BETWEEN {low} AND {high}", f"{theirs} BETWEEN {bounds[0]} AND {bounds[1]}"
        if kind == 6:
            literals = [self.literal(names) for _ in range(self.chosen.randint(1, 4))]
            own, other = ", ".join(each[0] for each in literals), ", ".join(each[1] for each in literals)
            return f"{path} IN ({own})", f"{theirs} IN ({other})"
        if self.chosen.random() < 0.2:
            # One that every item has: to the local AWS two that are missing are equal, to DynamoDB they are not.
            return f"{path} {comparator} always", f"{theirs} {comparator} {names.path('always')}"
        if comparator in ("=", "<>"):
            own, other = self.literal(names)
        else:
            own, other = self.chosen.choice([self.text, self.number])(names)
        return f"{path} {comparator} {own}", f"{theirs} {comparator} {other}"

    def size(self, comparator: str, names: Names) -> tuple[str, str]:
        # Of texts the local AWS counts characters, and it gives numbers and null a size.
        path, size = self.chosen.choice(["ascii", "set", "map", "list", "binary", "missing"]), self.chosen.randrange(5)
        value = names.value({"N": str(size)})
        return f"size({path}) {comparator} {size}", f"size({names.path(path)}) {comparator} {value}"

    def path(self, names: Names) -> tuple[str, str]:
        path = self.chosen.choice(PATHS)
        return path, names.path(path)

    def text(self, names: Names) -> tuple[str, str]:
        text = self.chosen.choice(TEXTS)
        quoted = text.replace("'", "''")
        return f"'{quoted}'", names.value({"S": text})

    def number(self, names: Names) -> tuple[str, str]:
        number = self.chosen.choice(NUMBERS)
        return number, names.value({"N": number})

    def literal(self, names: Names) -> tuple[str, str]:
        kind = self.chosen.randrange(8)
        if kind < 4:
            return self.text(names)
        if kind < 7:
            return self.number(names)
        word, value = self.chosen.choice([("true", {"BOOL": True}), ("false", {"BOOL": False}), ("null", {"NULL": True})])
        return word, names.value(value)

    def value(self, depth: int = 0) -> dict[str, Any]:
        number, text = self.chosen.choice(NUMBERS), self.chosen.choice(TEXTS)
        kinds: list[dict[str, Any]] = [
            {"N": number}, {"S": text}, {"BOOL": self.chosen.random() < 0.5}, {"NULL": True},
            {"SS": sorted(set(self.chosen.sample(TEXTS[1:], 2)))}, {"NS": self.chosen.sample(["0", "1", "-1", "2", "10"], 2)},
            {"B": bytes(self.chosen.randrange(256) for _ in range(3))},
        ]  # fmt: skip
        if depth < 2:
            kinds.append({"L": [self.value(depth + 1) for _ in range(self.chosen.randrange(3))]})
            kinds.append({"M": {name: self.value(depth + 1) for name in ("n", "t", "x y") if self.chosen.random() < 0.7}})
        return self.chosen.choice(kinds)

    def item(self, number: int) -> dict[str, Any]:
        item: dict[str, Any] = {"id": {"S": f"item {number}"}, "always": {"N": self.chosen.choice(NUMBERS)}}
        optional: dict[str, dict[str, Any]] = {
            "ascii": {"S": self.chosen.choice(TEXTS[:5])},
            "binary": {"B": bytes(self.chosen.randrange(256) for _ in range(self.chosen.randrange(4)))},
            "n": {"N": self.chosen.choice(NUMBERS)},
            "t": {"S": self.chosen.choice(TEXTS)},
            "mixed": self.value(),
            "odd name": self.value(),
            "set": self.chosen.choice([{"SS": ["a", "ab"]}, {"NS": ["1", "10"]}]),
            "map": {"M": {"n": {"N": self.chosen.choice(NUMBERS)}, "t": self.value(1), "x y": self.value(1)}},
            "list": {"L": [self.value(1) for _ in range(self.chosen.randrange(3))]},
        }
        return item | {name: value for name, value in optional.items() if self.chosen.random() < 0.7}


@pytest.mark.long
def test_random_conditions_let_the_same_items_through_as_a_filter_expression(account: Account) -> None:
    # The same one each time: the oracle has faults of its own, which one that nobody has tried may meet.
    seed = int(os.environ.get("WHERE_SEED") or 1)
    made = Conditions(random.Random(seed))
    dynamodb = account.client("dynamodb")
    account.create_table("Items", items=0, pitr=False)
    for number in range(ITEMS):
        dynamodb.put_item(TableName="Items", Item=made.item(number))
    wrong: list[str] = []
    some = 0
    for number in range(CONDITIONS):
        names = Names()
        where, expression = made.condition(names)
        members: dict[str, Any] = {"ExpressionAttributeNames": names.names}
        if names.values:
            members["ExpressionAttributeValues"] = names.values
        found = dynamodb.scan(TableName="Items", FilterExpression=expression, **members)["Items"]
        target = f"Target-{number}"
        account.create_table(target, items=0, pitr=False)
        told = account.json("sync", "table", "Items", target, "--region", "us-east-1", "--where", where)
        copied = dynamodb.scan(TableName=target)["Items"]
        theirs, ours = {item["id"]["S"]: item for item in found}, {item["id"]["S"]: item for item in copied}
        some += 0 < len(theirs) < ITEMS
        assert told["written"] == len(ours) and told["read"] == ITEMS == told["written"] + told["filtered"]
        for key in sorted(theirs.keys() ^ ours.keys())[:1]:
            item = dynamodb.get_item(TableName="Items", Key={"id": {"S": key}})["Item"]
            wrong.append(f"{where}\n  as {expression} {names}\n  {'lets through' if key in ours else 'leaves out'} {item}")
    assert not wrong, f"seed {seed}\n" + "\n".join(wrong)
    # Conditions that let everything or nothing through would prove nothing.
    assert some > CONDITIONS / 4, f"seed {seed}: {some}"
