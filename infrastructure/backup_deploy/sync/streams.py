"""The source tables and their streams."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Optional, Sequence

from ..aws import AWS, AWSError
from ..config import Table
from ..errors import DeployError

# Live sync writes new images only: half the bytes of NEW_AND_OLD_IMAGES, which does as well.
VIEW_TYPE = "NEW_IMAGE"
_USABLE = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
_PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class TableState:
    """`status` None: the table does not exist. `view_type` is empty while the stream is off."""

    table: Table
    status: Optional[str]
    view_type: str = ""
    stream: str = ""
    key: tuple[tuple[str, str, str], ...] = ()
    is_encrypted_with: str = ""

    @property
    def is_usable(self) -> bool:
        return self.view_type in _USABLE


def read_all(aws: AWS, tables: Sequence[Table]) -> list[TableState]:
    """The state of every table, in their order."""
    if not tables:
        return []
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda table: read(aws, table), tables))


def read(aws: AWS, table: Table) -> TableState:
    try:
        described = aws.call("dynamodb", "describe-table", table.region, TableName=table.name)["Table"]
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            return TableState(table, None)
        raise error.explained(f"table {table.name} in {table.region}") from error
    stream = described.get("StreamSpecification") or {}
    is_on = bool(stream.get("StreamEnabled"))
    return TableState(table, described["TableStatus"], stream.get("StreamViewType", "") if is_on else "",
                      described.get("LatestStreamArn", "") if is_on else "", _key(described),
                      (described.get("SSEDescription") or {}).get("KMSMasterKeyArn", ""))


def require_usable(states: list[TableState]) -> None:
    """Refuses tables that are not there, and streams that do not carry the items."""
    missing = [f"{state.table.name} ({state.table.region})" for state in states if state.status is None]
    if missing:
        raise DeployError(f"No such table: {', '.join(missing)}.",
                          "correct sync.tables in the configuration; aws dynamodb list-tables --region REGION shows what"
                          " there is.")
    for state in states:
        if state.view_type and not state.is_usable:
            raise DeployError(unusable_text(state), unusable_remedy(state.table))


def unusable_text(state: TableState) -> str:
    return (f"The stream of table {state.table.name} is on with {state.view_type}, which does not carry the new items, and"
            " a stream that is on cannot be changed.")


def unusable_remedy(table: Table) -> str:
    command = f"aws dynamodb update-table --region {table.region} --table-name {table.name} --stream-specification"
    return ("make sure that whoever reads that stream can do without its old records and with a new stream, switch it off"
            f" ({command} StreamEnabled=false), wait until the table is ACTIVE, and run ./deploy.sh sync, which switches it"
            " on as it is needed.")


def switch_on(aws: AWS, table: Table) -> TableState:
    """Switches the stream on, waits until the table is ACTIVE again, and gives what it is then."""
    try:
        aws.call("dynamodb", "update-table", table.region, TableName=table.name,
                 StreamSpecification={"StreamEnabled": True, "StreamViewType": VIEW_TYPE})
    except AWSError as error:
        if error.code == "ResourceInUseException":
            raise DeployError(f"Table {table.name} is being changed, and its stream cannot be switched on meanwhile:"
                              f" {error.message}.", "wait until it is ACTIVE, then run this again.") from error
        raise error.explained(f"table {table.name} in {table.region}") from error
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, 0.2
    while True:
        state = read(aws, table)
        if state.status == "ACTIVE" and state.stream:
            return state
        if time.monotonic() > deadline:
            raise DeployError(f"Table {table.name} is still {state.status} {_PATIENCE_SECONDS} s after its stream was"
                              " switched on.", "run this again when it is ACTIVE.")
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)


def switch_on_all(aws: AWS, tables: Sequence[Table]) -> list[TableState]:
    """Several at the same time: each takes AWS some ten seconds."""
    if not tables:
        return []
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(lambda table: switch_on(aws, table), tables))


def other_readers(aws: AWS, state: TableState, function: str) -> list[str]:
    """The functions that read the stream beside ours, as far as Lambda knows them."""
    try:
        answer = aws.call("lambda", "list-event-source-mappings", state.table.region, EventSourceArn=state.stream)
    except AWSError as error:
        raise error.explained(f"the stream of table {state.table.name}") from error
    names = (mapping["FunctionArn"].split(":function:")[-1] for mapping in answer["EventSourceMappings"])
    return sorted({name for name in names if name != function})


def _key(described: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Name, type and role of each key attribute, the partition key first."""
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in described.get("AttributeDefinitions", [])}
    parts = [(entry["AttributeName"], types.get(entry["AttributeName"], ""), entry["KeyType"])
             for entry in described.get("KeySchema", [])]
    return tuple(sorted(parts, key=lambda part: part[2] != "HASH"))
