"""What DescribeTable shows otherwise than ministack, and which calls a table that is being made refuses."""

from __future__ import annotations

from typing import Any

Answer = tuple[int, dict[str, str], bytes]

_ITEM_OPERATIONS = frozenset(
    ["PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchWriteItem", "BatchGetItem"]
)
_TABLE_OPERATIONS = frozenset(["UpdateTable", "DeleteTable", "UpdateTimeToLive"])
#: On-demand tables start with this warm throughput (AWS facts 2.3).
_WARM_THROUGHPUT = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}


def refusal_while_creating(ddb: Any, operation: str, data: dict[str, Any]) -> Answer | None:
    """A table in CREATING cannot be used yet (AWS facts 2.2); ministack itself makes tables in an instant."""
    if operation not in _ITEM_OPERATIONS and operation not in _TABLE_OPERATIONS:
        return None
    names = list(data.get("RequestItems") or {}) or [data.get("TableName")]
    for name in names:
        table = ddb._tables.get(ddb._normalize_table_name(name)) if isinstance(name, str) else None
        if table is None or table["TableStatus"] != "CREATING":
            continue
        if operation in _ITEM_OPERATIONS:
            answer: Answer = ddb.error_response_json("ResourceNotFoundException", "Requested resource not found")
        else:
            answer = ddb.error_response_json(
                "ResourceInUseException",
                f"Attempt to change a resource which is still in use: Table is being created: {name}",
            )
        return answer
    return None


def install(ddb: Any) -> None:
    """Makes table descriptions read as AWS writes them, so that schema capture meets what it meets there."""
    describe = ddb._table_description

    def described(name: str) -> dict[str, Any]:
        description = dict(describe(name))
        on_demand = (description.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST"
        if not on_demand:
            # A table created PROVISIONED has no BillingModeSummary (AWS facts 2.3).
            description.pop("BillingModeSummary", None)
        if not description["WarmThroughput"]["ReadUnitsPerSecond"]:
            description["WarmThroughput"] = _warm(on_demand, description["ProvisionedThroughput"])
        description["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **description["ProvisionedThroughput"]}
        if description.get("GlobalSecondaryIndexes"):
            description["GlobalSecondaryIndexes"] = [
                {
                    **index,
                    "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **index["ProvisionedThroughput"]},
                    "WarmThroughput": {
                        **_warm(on_demand, index["ProvisionedThroughput"]),
                        **(index.get("WarmThroughput") or {}),
                    },
                }
                for index in description["GlobalSecondaryIndexes"]
            ]
        return description

    ddb._table_description = described


def _warm(on_demand: bool, throughput: dict[str, Any]) -> dict[str, Any]:
    if on_demand:
        return dict(_WARM_THROUGHPUT)
    return {
        "ReadUnitsPerSecond": throughput["ReadCapacityUnits"],
        "WriteUnitsPerSecond": throughput["WriteCapacityUnits"],
        "Status": "ACTIVE",
    }
