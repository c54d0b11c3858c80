"""Each scenario is a function that measures and returns figures; its doc string is its line in --help."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..figures import Figure
from ..workspace import Workspace
from .buckets import sync_bucket
from .function import concurrency, invocation, memory, start, zip_size
from .http import http
from .live import live
from .programs import help_text, restore_list
from .signing import signing
from .tables import sync_table, sync_verify

ALL: dict[str, Callable[[Workspace], Sequence[Figure]]] = {
    "start": start,
    "size": zip_size,
    "memory": memory,
    "tables": concurrency,
    "invocation": invocation,
    "signing": signing,
    "restore-list": restore_list,
    "help": help_text,
    "http": http,
    "sync-table": sync_table,
    "sync-bucket": sync_bucket,
    "sync-verify": sync_verify,
    "live": live,
}
