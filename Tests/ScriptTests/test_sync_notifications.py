"""Our rules among a bucket's notifications: by examples, and on configurations made at random."""

from __future__ import annotations

import itertools
import os
import random
import sys
from typing import Any
from urllib.parse import quote_plus

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "infrastructure"))
from backup_deploy.mappings import BucketPrefix  # noqa: E402
from backup_deploy.sync import notifications  # noqa: E402

QUEUE = "arn:aws:sqs:us-east-1:123456789012:Sync-bucket-events"
OTHER = "arn:aws:sqs:us-east-1:123456789012:others"
KEYS = ["", *("".join(signs) for length in range(1, 6) for signs in itertools.product("a/ ", repeat=length))]
EVENTS = ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy", "s3:ObjectRemoved:Delete", "s3:ObjectTagging:Put",
          "s3:ObjectRestore:Post", "s3:ObjectAcl:Put", "s3:LifecycleExpiration:Delete"]
PATTERNS = [*EVENTS, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectRestore:*"]


def _places(*prefixes: str) -> list[BucketPrefix]:
    return [BucketPrefix("bucket", prefix) for prefix in prefixes]


def _foreign(identifier: str, events: list[str], prefix: str = "", suffix: str = "", **more: Any) -> dict[str, Any]:
    rules = [{"Name": name, "Value": quote_plus(value)} for name, value in (("Prefix", prefix), ("Suffix", suffix)) if value]
    rule: dict[str, Any] = {"Id": identifier, "QueueArn": OTHER, "Events": events, **more}
    return {**rule, "Filter": {"Key": {"FilterRules": rules}}} if rules else rule


def _reports(rule: dict[str, Any], event: str, key: str) -> bool:
    """What a rule means, said in the simplest way: the oracle of `overlaps`."""
    prefix, suffix = notifications._filter(rule)
    is_meant = any(event == pattern or pattern[-1] == "*" and event.startswith(pattern[:-1]) for pattern in rule["Events"])
    return is_meant and key.startswith(prefix) and key.endswith(suffix)


def test_a_whole_bucket_needs_one_rule_without_a_filter() -> None:
    [rule] = notifications.wanted("Sync", _places("", "a/"), QUEUE)
    assert rule == {"Id": "Sync", "QueueArn": QUEUE, "Events": list(notifications.EVENTS)}
    # Deletes by lifecycle rules are no ObjectRemoved (H4), and tags have events of their own (H6).
    assert {"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "s3:ObjectTagging:*"} == set(rule["Events"])


def test_prefixes_within_another_need_no_rule_of_their_own_and_are_encoded() -> None:
    rules = notifications.wanted("Sync", _places("b/c/", "a+ü b/", "b/", "b/d/", "c/"), QUEUE)
    assert [(rule["Id"], rule["Filter"]["Key"]["FilterRules"][0]["Value"]) for rule in rules] == [
        ("Sync", "a%2B%C3%BC+b/"), ("Sync-2", "b/"), ("Sync-3", "c/")]
    assert not any(notifications.overlaps(first, second) for first, second in itertools.combinations(rules, 2))


@pytest.mark.parametrize(("rule", "is_in_the_way"), [
    (_foreign("thumbnails", ["s3:ObjectCreated:Put"], "photos/2026/", ".jpg"), True),
    (_foreign("thumbnails", ["s3:ObjectCreated:*"]), True),
    (_foreign("thumbnails", ["s3:ObjectCreated:*"], "photo"), True),
    (_foreign("thumbnails", ["s3:ObjectCreated:*"], "photos2/"), False),
    (_foreign("thumbnails", ["s3:ObjectRestore:*", "s3:ObjectAcl:Put"]), False),
    (_foreign("thumbnails", ["s3:LifecycleExpiration:DeleteMarkerCreated"], suffix=".jpg"), True),
    # Another one's rule has our name.
    (_foreign("Sync", ["s3:ObjectRestore:*"]), True),
])
def test_the_rule_in_the_way_is_found_and_named(rule: dict[str, Any], is_in_the_way: bool) -> None:
    ours = notifications.wanted("Sync", _places("photos/"), QUEUE)
    topics = {"TopicConfigurations": [{**{key: value for key, value in rule.items() if key != "QueueArn"},
                                       "TopicArn": "arn:aws:sns:us-east-1:123456789012:topic"}]}
    for current in ({"QueueConfigurations": [rule]}, topics):
        found = notifications.conflicts(current, ours, QUEUE)
        assert bool(found) == is_in_the_way
        assert all(f'"{rule["Id"]}"' in str(conflict) and "arn:aws:s" in str(conflict) for conflict in found)
    described = str(notifications.conflicts({"QueueConfigurations": [_foreign("x", ["s3:ObjectCreated:*"], "photos/a b", ".jpg")]},
                                            ours, QUEUE)[0])
    assert described == f'rule "x" (s3:ObjectCreated:* of prefix "photos/a b" and suffix ".jpg", to {OTHER})'


def _text(chosen: random.Random, longest: int) -> str:
    return "".join(chosen.choice("a/ ") for _ in range(chosen.randrange(longest + 1)))


def _random_rule(chosen: random.Random, identifier: str, queue: str = OTHER) -> dict[str, Any]:
    events = chosen.sample(PATTERNS, chosen.randrange(1, 3))
    return _foreign(identifier, events, _text(chosen, 2), _text(chosen, 2), QueueArn=queue)


def test_overlaps_is_what_two_rules_really_report() -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chosen = random.Random(seed)
    counts = {True: 0, False: 0}
    for number in range(600):
        first, second = _random_rule(chosen, "first"), _random_rule(chosen, "second")
        # A prefix and a suffix of two signs each fit into a key of at most four, so that these keys show all there is.
        really = any(_reports(first, event, key) and _reports(second, event, key) for event in EVENTS for key in KEYS)
        assert notifications.overlaps(first, second) == really == notifications.overlaps(second, first), (
            f"seed {seed}, number {number}: {first} {second}")
        counts[really] += 1
    assert min(counts.values()) > 50, f"seed {seed}"


def test_merging_keeps_what_others_have_and_is_undone_by_removing() -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chosen = random.Random(seed)
    for number in range(300):
        current: dict[str, Any] = {}
        for kind, member in notifications.KINDS.items():
            rules = [_random_rule(chosen, f"{kind}{index}") for index in range(chosen.randrange(3))]
            if rules:
                current[kind] = [{**{key: value for key, value in rule.items() if key != "QueueArn"}, member: rule["QueueArn"]}
                                 for rule in rules]
        if chosen.random() < 0.5:
            current["EventBridgeConfiguration"] = {}
        told = f"seed {seed}, number {number}: {current}"
        rules = notifications.wanted("Sync", _places(*(f"{_text(chosen, 2)}/" for _ in range(chosen.randrange(1, 4)))), QUEUE)
        merged = notifications.merged(current, rules, QUEUE)
        assert notifications.ours(merged, QUEUE) == rules, told
        assert notifications.is_same(notifications.merged(merged, rules, QUEUE), merged), told
        # What an older configuration left there is replaced.
        older = notifications.merged(current, notifications.wanted("Sync", _places("old/", "older/"), QUEUE), QUEUE)
        assert notifications.is_same(notifications.merged(older, rules, QUEUE), merged), told
        assert notifications.is_same(notifications.merged(merged, [], QUEUE), current), told
        assert not notifications.is_same(merged, current), told
        for kind in notifications.KINDS:
            assert [rule for rule in merged.get(kind, []) if rule.get("QueueArn") != QUEUE] == current.get(kind, []), told


def test_two_configurations_differ_by_whatever_matters_and_by_nothing_else() -> None:
    rule = _foreign("a", ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], "x/")
    base = {"QueueConfigurations": [rule, _foreign("b", ["s3:ObjectAcl:Put"])], "EventBridgeConfiguration": {}}
    same = {"EventBridgeConfiguration": {}, "TopicConfigurations": [], "QueueConfigurations": [
        _foreign("b", ["s3:ObjectAcl:Put"]),
        {**rule, "Events": ["s3:ObjectRemoved:*", "s3:ObjectCreated:*"],
         "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x/"}]}}}]}
    assert notifications.is_same(base, same)
    for other in ({"QueueConfigurations": base["QueueConfigurations"]},
                  {**base, "QueueConfigurations": [rule]},
                  {**base, "QueueConfigurations": [{**rule, "Id": "c"}, base["QueueConfigurations"][1]]},
                  {**base, "QueueConfigurations": [{**rule, "QueueArn": QUEUE}, base["QueueConfigurations"][1]]},
                  {**base, "QueueConfigurations": [{**rule, "Events": ["s3:ObjectCreated:*"]}, base["QueueConfigurations"][1]]},
                  {**base, "QueueConfigurations": [_foreign("a", rule["Events"], "y/"), base["QueueConfigurations"][1]]}):
        assert not notifications.is_same(base, other)
