"""What continuous backups keep: every table's items, and each change since point-in-time recovery was switched on.

ministack keeps only the present items and, when a stream is enabled, stream records. Exports need the table as it was
at one moment and, for incremental exports, what changed in between.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: An item in DynamoDB JSON as the export files hold it: compact, real UTF-8.
ItemText = str
#: The values of the partition key and, where there is one, the sort key.
ItemKey = tuple[Any, Any]


def item_text(item: dict[str, Any]) -> ItemText:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Change:
    """One write: neither text on both sides, an insert has no old, a delete no new."""

    micros: int
    key: ItemKey
    old: ItemText | None
    new: ItemText | None


@dataclass
class TableHistory:
    """The continuous backup of one table (by TableId, so that a re-created table starts afresh)."""

    enabled_at: float
    recovery_period_days: int
    image: dict[ItemKey, ItemText] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    last_micros: int = 0

    def record(self, key: ItemKey, new: ItemText | None) -> None:
        """Notes that the item under `key` now reads `new`; a write that changes nothing leaves no trace."""
        with self.lock:
            old = self.image.get(key)
            if old == new:
                return
            if new is None:
                del self.image[key]
            else:
                self.image[key] = new
            self.last_micros = max(time.time_ns() // 1000, self.last_micros + 1)
            self.changes.append(Change(self.last_micros, key, old, new))

    def replace_all(self, items: dict[ItemKey, ItemText]) -> None:
        """Notes that the whole table was swapped, e.g. when a transaction was rolled back."""
        for key in [key for key in self.image if key not in items]:
            self.record(key, None)
        for key, text in items.items():
            self.record(key, text)

    def items_at(self, moment: float) -> list[tuple[ItemKey, ItemText]]:
        """The items as they were at `moment` (seconds since 1970), writes at that very moment included."""
        with self.lock:
            image = dict(self.image)
            changes = list(self.changes)
        limit = int(moment * 1_000_000)
        for change in reversed(changes):
            if change.micros <= limit:
                break
            if change.old is None:
                image.pop(change.key, None)
            else:
                image[change.key] = change.old
        return list(image.items())

    def changes_between(self, start: float, end: float) -> Iterator[Change]:
        """One record per item written in start <= t < end: its first old and its last new image.

        An item that was made and deleted within the window leaves no record, as in AWS's incremental exports.
        """
        with self.lock:
            changes = list(self.changes)
        merged: dict[ItemKey, Change] = {}
        for change in changes:
            if not int(start * 1_000_000) <= change.micros < int(end * 1_000_000):
                continue
            earlier = merged.pop(change.key, None)
            old = earlier.old if earlier is not None else change.old
            merged[change.key] = Change(change.micros, change.key, old, change.new)
        return (change for change in merged.values() if change.old is not None or change.new is not None)


class Histories:
    """All tables with point-in-time recovery, by TableId."""

    def __init__(self) -> None:
        self._by_table_id: dict[str, TableHistory] = {}

    def get(self, table: dict[str, Any]) -> TableHistory | None:
        return self._by_table_id.get(table.get("TableId", ""))

    def enable(self, table: dict[str, Any], enabled_at: float, recovery_period_days: int) -> TableHistory:
        """Starts the history of a table, or changes its recovery period when it runs already."""
        history = self.get(table)
        if history is None:
            history = TableHistory(enabled_at, recovery_period_days)
            for partition_key, items in list(table["items"].items()):
                for sort_key, item in list(items.items()):
                    history.image[(partition_key, sort_key)] = item_text(item)
            self._by_table_id[table["TableId"]] = history
        history.recovery_period_days = recovery_period_days
        return history

    def disable(self, table: dict[str, Any]) -> None:
        self._by_table_id.pop(table.get("TableId", ""), None)

    def clear(self) -> None:
        self._by_table_id.clear()


HISTORIES = Histories()


def install(ddb: Any) -> None:
    """Makes ministack's DynamoDB module report each write to HISTORIES.

    All writes of the module go through three functions: `_set_item`, `_remove_item` and `_items_replaced`.
    """
    set_item, remove_item, items_replaced, reset = ddb._set_item, ddb._remove_item, ddb._items_replaced, ddb.reset

    def recording_set_item(table: dict[str, Any], pk_val: Any, sk_val: Any, item: dict[str, Any]) -> Any:
        old_item = set_item(table, pk_val, sk_val, item)
        history = HISTORIES.get(table)
        if history is not None:
            history.record((pk_val, sk_val), item_text(item))
        return old_item

    def recording_remove_item(table: dict[str, Any], pk_val: Any, sk_val: Any) -> Any:
        old_item = remove_item(table, pk_val, sk_val)
        history = HISTORIES.get(table)
        if history is not None:
            history.record((pk_val, sk_val), None)
        return old_item

    def recording_items_replaced(table: dict[str, Any]) -> None:
        items_replaced(table)
        history = HISTORIES.get(table)
        if history is not None:
            history.replace_all(
                {
                    (partition_key, sort_key): item_text(item)
                    for partition_key, items in table["items"].items()
                    for sort_key, item in items.items()
                }
            )

    def resetting() -> None:
        reset()
        HISTORIES.clear()

    ddb._set_item = recording_set_item
    ddb._remove_item = recording_remove_item
    ddb._items_replaced = recording_items_replaced
    ddb.reset = resetting
