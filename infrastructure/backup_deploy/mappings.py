"""The `sync` section of config.json beyond its form: no circles, no place that is written from two, sound conditions.

The function checks the same with the same words (SyncCore/Configuration); Tests/Oracles/sync_configurations.json keeps
both readers together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import where


class MappingError(Exception):
    """What is wrong, and with which field."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(f'"{field}": {message}')


@dataclass(frozen=True)
class BucketPrefix:
    """The objects of a bucket below a folder; the prefix is empty or ends with a slash."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> BucketPrefix:
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        return cls(bucket, prefix if not prefix or prefix.endswith("/") else prefix + "/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def overlaps(self, other: BucketPrefix) -> bool:
        """Whether an object can lie in both."""
        return self.bucket == other.bucket and (
            self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix))


@dataclass(frozen=True)
class _Buckets:
    source: BucketPrefix
    target: BucketPrefix
    field: str


def check(document: dict[str, Any], default_function: str) -> None:
    """Raises MappingError for the first mapping of `sync` that cannot be; the document has the schema's form."""
    section = document.get("sync")
    if section is None:
        return
    if section.get("functionName") == document.get("functionName", default_function):
        raise MappingError("sync.functionName",
                           f'"{section["functionName"]}" is the name of the backup\'s function; take another one')
    if not section.get("tables") and not section.get("buckets"):
        raise MappingError("sync", "nothing is mapped; expected at least one entry in tables or buckets")
    _check_tables(section.get("tables", []))
    _check_buckets(section.get("buckets", []))


def _check_tables(mappings: list[dict[str, Any]]) -> None:
    places: dict[str, str] = {}
    sources: dict[str, tuple[str, str]] = {}
    for index, mapping in enumerate(mappings):
        source, field = mapping["source"], f"sync.tables[{index}].source"
        _refuse_placeholder(source.rpartition("/")[2], source, field, "the ARN of a table of yours")
        if source in places:
            raise MappingError(field, f'"{source}" stands here twice (also at {places[source]}); put all targets into'
                                      " one entry")
        places[source] = field
        for number, target in enumerate(mapping["targets"]):
            place = f"sync.tables[{index}].targets[{number}].table"
            _refuse_placeholder(target["table"].rpartition("/")[2], target["table"], place, "the ARN of a table of yours")
            _check_target(target["table"], source, sources, place)
            _check_where(target.get("where"), f"sync.tables[{index}].targets[{number}].where")
            sources[target["table"]] = (source, place)


def _check_target(table: str, source: str, sources: dict[str, tuple[str, str]], field: str) -> None:
    if table == source:
        raise MappingError(field, f'"{table}" is its own source; name another table')
    if table in sources:
        other, place = sources[table]
        raise MappingError(field, f'"{table}" is written from {other} already (at {place}); two writers would overwrite'
                                  " and delete each other's items, so give each a table of its own")
    chain = [source]
    while chain[-1] in sources:
        chain.append(sources[chain[-1]][0])
        if chain[-1] == table:
            circle = " → ".join([table, *reversed(chain[:-1]), table])
            raise MappingError(field, f"a change would go round for ever: {circle}; delete one of these mappings")


def _check_where(condition: str | None, field: str) -> None:
    if condition is None:
        return
    try:
        where.check(condition)
    except where.WhereError as error:
        raise MappingError(field, str(error)) from None


def _check_buckets(mappings: list[dict[str, Any]]) -> None:
    entries: list[_Buckets] = []
    for index, mapping in enumerate(mappings):
        places = {key: f"sync.buckets[{index}].{key}" for key in ("source", "target")}
        for key, place in places.items():
            _check_bucket(mapping[key], place)
        entry = _Buckets(BucketPrefix.parse(mapping["source"]), BucketPrefix.parse(mapping["target"]), places["target"])
        _check_overlaps(entry, entries)
        entries.append(entry)
        circle = _circle(entries)
        if circle:
            steps = ", ".join(f"{step.source} → {step.target}" for step in circle)
            raise MappingError(entry.field,
                               f"a change would go round for ever: {steps}; delete one of these mappings")


def _check_bucket(text: str, field: str) -> None:
    place = BucketPrefix.parse(text)
    _refuse_placeholder(place.bucket, text, field, "the name of your bucket")
    if ".." in place.bucket or place.bucket.replace(".", "").isdigit() and place.bucket.count(".") == 3:
        raise MappingError(field, f'"{place.bucket}" is not a bucket name')
    if len(text.removeprefix(f"s3://{place.bucket}/").encode()) >= 1_024:
        raise MappingError(field, f'"{text}" has no usable prefix (expected less than 1,024 bytes)')


def _check_overlaps(entry: _Buckets, others: list[_Buckets]) -> None:
    if entry.target == entry.source:
        raise MappingError(entry.field, f'"{entry.target}" is its own source; name another place')
    if entry.target.overlaps(entry.source):
        raise MappingError(entry.field, f'"{entry.target}" and its source {entry.source} overlap, so that copies would be'
                                        " copied again; take places of which neither lies in the other")
    for other in others:
        if other.target.overlaps(entry.target):
            raise MappingError(entry.field, f'"{entry.target}" overlaps what is written from {other.source} (at'
                                            f" {other.field}); two writers would overwrite and delete each other's"
                                            " objects, so give each a place of its own")


def _circle(entries: list[_Buckets]) -> list[_Buckets]:
    """The mappings by which a copy that the last one makes comes back to it, itself first; none when it never does."""
    start = entries[-1]
    paths, visited = [[start]], set[str]()
    while paths:
        path = paths.pop()
        for following in _fed_by(path[-1], entries):
            if following is start:
                return path
            if following.field not in visited:
                visited.add(following.field)
                paths.append([*path, following])
    return []


def _fed_by(entry: _Buckets, entries: list[_Buckets]) -> Iterator[_Buckets]:
    return (other for other in entries if entry.target.overlaps(other.source))


def _refuse_placeholder(name: str, text: str, field: str, wanted: str) -> None:
    if "replace-me" in name.lower() or name.startswith(("YOUR-", "YOUR_")):
        raise MappingError(field, f'"{text}" is a placeholder; put {wanted} here')
