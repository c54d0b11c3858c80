"""The tables of the configuration and their point-in-time recovery."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Optional

from .aws import AWS, AWSError
from .config import Config, Table
from .errors import DeployError


@dataclass(frozen=True)
class TableState:
    """`status` None: the table does not exist. `pitr` None: it could not be read; `problem` says why."""

    table: Table
    status: Optional[str]
    pitr: Optional[bool] = None
    bytes: int = 0
    problem: str = ""


def read_all(aws: AWS, config: Config) -> list[TableState]:
    """The state of every configured table, in their order."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda table: _read(aws, table), config.tables))


def require_all(states: list[TableState], config: Config) -> None:
    """Refuses a configuration that names tables which are not there."""
    missing = [state.table.name for state in states if state.status is None]
    if missing:
        raise DeployError(
            f"No such table in {config.region} (account {config.account}): {', '.join(missing)}.",
            f"correct tables in the configuration; aws dynamodb list-tables --region {config.region} shows what there is.")


def enable_command(table: Table) -> str:
    return (f"aws dynamodb update-continuous-backups --region {table.region} --table-name {table.name}"
            " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true")


def enable(aws: AWS, table: Table) -> None:
    """Turns point-in-time recovery on."""
    try:
        aws.call("dynamodb", "update-continuous-backups", table.region, TableName=table.name,
                 PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    except AWSError as error:
        raise error.explained(f"table {table.name}") from error


def _read(aws: AWS, table: Table) -> TableState:
    try:
        described = aws.call("dynamodb", "describe-table", table.region, TableName=table.name)["Table"]
    except AWSError as error:
        if error.code == "ResourceNotFoundException":
            return TableState(table, None)
        if error.is_denied:
            return TableState(table, "unknown", problem=f"{error.operation}: {error.code}: {error.message}")
        raise error.explained(f"table {table.name} in {table.region}") from error
    status, size = described["TableStatus"], int(described.get("TableSizeBytes", 0))
    try:
        answer = aws.call("dynamodb", "describe-continuous-backups", table.region, TableName=table.name)
    except AWSError as error:
        return TableState(table, status, None, size, f"{error.operation}: {error.code}: {error.message}")
    recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return TableState(table, status, recovery.get("PointInTimeRecoveryStatus") == "ENABLED", size)
