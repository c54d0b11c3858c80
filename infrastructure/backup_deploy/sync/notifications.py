"""A bucket's notification configuration with our rules in it: S3 knows only the whole, and replaces it with each put."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable, Iterator
from urllib.parse import quote_plus, unquote_plus

from ..mappings import BucketPrefix

Configuration = dict[str, Any]
Rule = dict[str, Any]
#: Each kind of rule, and the member that says where it sends.
KINDS = {"TopicConfigurations": "TopicArn", "QueueConfigurations": "QueueArn",
         "LambdaFunctionConfigurations": "LambdaFunctionArn"}
#: Deletes that a lifecycle rule makes are no ObjectRemoved (H4); tags change without any other event (H6).
EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:LifecycleExpiration:*")
# What S3 takes in a filter as it stands ("Safe characters" of its User Guide); all else is encoded, a space as "+".
_SAFE = "/!-_.*'()"


@dataclass(frozen=True)
class Conflict:
    """A rule of somebody else that keeps ours out."""

    rule_id: str
    destination: str
    prefix: str
    suffix: str
    events: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"prefix \"{self.prefix}\""] if self.prefix else []
        parts += [f"suffix \"{self.suffix}\""] if self.suffix else []
        where = " and ".join(parts) or "every key"
        return f"rule \"{self.rule_id}\" ({', '.join(self.events)} of {where}, to {self.destination})"


def wanted(name: str, places: Iterable[BucketPrefix], queue: str) -> list[Rule]:
    """Our rules for one bucket: one for each prefix that lies in no other, the first one named `name`."""
    return [_rule(name if number == 1 else f"{name}-{number}", prefix, queue)
            for number, prefix in enumerate(outermost(place.prefix for place in places), 1)]


def outermost(prefixes: Iterable[str]) -> list[str]:
    """The prefixes that lie in no other of them."""
    found: list[str] = []
    for prefix in sorted(set(prefixes)):
        # Sorted, whatever lies in another prefix comes right behind it.
        if not found or not prefix.startswith(found[-1]):
            found.append(prefix)
    return found


def merged(current: Configuration, rules: list[Rule], queue: str) -> Configuration:
    """`current` with `rules` in place of those that send to our queue; everything else stays as it is."""
    result = {key: value for key, value in current.items() if key in KINDS or key == "EventBridgeConfiguration"}
    others = [rule for rule in current.get("QueueConfigurations", []) if rule.get("QueueArn") != queue]
    result["QueueConfigurations"] = others + rules
    return {key: value for key, value in result.items() if value or key == "EventBridgeConfiguration"}


def sends_to_event_bridge(current: Configuration) -> bool:
    """Whether the bucket sends all its events to EventBridge."""
    return "EventBridgeConfiguration" in current


def with_event_bridge(current: Configuration) -> Configuration:
    """`current` with all events sent to EventBridge, too; no rule changes by that."""
    return {**current, "EventBridgeConfiguration": {}}


def ours(current: Configuration, queue: str) -> list[Rule]:
    """The rules that send to our queue."""
    return [rule for rule in current.get("QueueConfigurations", []) if rule.get("QueueArn") == queue]


def conflicts(current: Configuration, rules: list[Rule], queue: str) -> list[Conflict]:
    """Rules of others with which S3 would refuse ours: the same id, or an event and a key that both would report."""
    found = []
    for kind, rule in _all(current):
        if rule.get(KINDS[kind]) == queue:
            continue
        if any(rule.get("Id") == own["Id"] or overlaps(rule, own) for own in rules):
            prefix, suffix = _filter(rule)
            found.append(Conflict(rule.get("Id", ""), rule[KINDS[kind]], prefix, suffix, tuple(rule["Events"])))
    return found


def overlaps(first: Rule, second: Rule) -> bool:
    """Whether S3 takes the two for ambiguous: an event that both name, and neither prefixes nor suffixes that exclude
    each other."""
    (prefix, suffix), (other_prefix, other_suffix) = _filter(first), _filter(second)
    return (
        (prefix.startswith(other_prefix) or other_prefix.startswith(prefix))
        and (suffix.endswith(other_suffix) or other_suffix.endswith(suffix))
        and any(_same_event(event, other) for event in first["Events"] for other in second["Events"]))


def is_same(first: Configuration, second: Configuration) -> bool:
    """Whether two configurations say the same; S3 keeps no order, and writes names of filters its own way."""
    return _canonical(first) == _canonical(second)


def _rule(identifier: str, prefix: str, queue: str) -> Rule:
    rule: Rule = {"Id": identifier, "QueueArn": queue, "Events": list(EVENTS)}
    if prefix:
        value = quote_plus(prefix, safe=_SAFE)
        rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": value}]}}
    return rule


def _all(current: Configuration) -> Iterator[tuple[str, Rule]]:
    return ((kind, rule) for kind in KINDS for rule in current.get(kind, []))


def _filter(rule: Rule) -> tuple[str, str]:
    """Prefix and suffix, decoded; empty where there is none."""
    rules = rule.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    values = {entry["Name"].lower(): unquote_plus(entry.get("Value", "")) for entry in rules}
    return values.get("prefix", ""), values.get("suffix", "")


def _same_event(first: str, second: str) -> bool:
    """s3:ObjectCreated:* is every s3:ObjectCreated:…, too."""
    if first == second:
        return True
    pattern, other = (first, second) if first.endswith("*") else (second, first)
    return pattern.endswith("*") and re.match(re.escape(pattern[:-1]), other) is not None


def _canonical(configuration: Configuration) -> tuple[frozenset[Any], bool]:
    rules = frozenset((kind, rule.get("Id"), rule.get(KINDS[kind]), frozenset(rule["Events"]), _filter(rule))
                      for kind, rule in _all(configuration))
    return rules, sends_to_event_bridge(configuration)
