"""config.json and what follows from it: regions, account, names of stacks and rules."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from . import mappings
from . import schema as json_schema
from .errors import DeployError

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_PATH = ROOT / "config.schema.json"
_PLACEHOLDER = "replace-me"
BACKUP = ("tables", "bucket")


@dataclass(frozen=True)
class Table:
    """A table of the configuration, taken apart from its ARN."""

    arn: str

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def name(self) -> str:
        return self.arn.split(":table/")[1]


@dataclass(frozen=True)
class Config:
    """The settings in effect: config.json with the environment's overrides and the defaults."""

    document: dict[str, Any]

    @property
    def function_name(self) -> str:
        return str(self.document["functionName"])

    @property
    def tables(self) -> list[Table]:
        return [Table(arn) for arn in self.document["tables"]]

    @property
    def region(self) -> str:
        """The tables' region, where function, rules and alarms live."""
        return self.tables[0].region

    @property
    def account(self) -> str:
        return self.tables[0].account

    @property
    def bucket(self) -> str:
        return str(self.document["bucket"]["name"])

    @property
    def bucket_region(self) -> str:
        return str(self.document["bucket"]["region"])

    @property
    def prefix(self) -> str:
        return str(self.document["bucket"]["prefix"])

    @property
    def schedule(self) -> str:
        return str(self.document["schedule"])

    @property
    def maximum_age_hours(self) -> int:
        return int(self.document["maximumAgeHours"])

    @property
    def alarm_email(self) -> str:
        return self.document["alarmEmail"] or ""

    @property
    def function_stack(self) -> str:
        # Stack names know no underscore, function names do.
        return self.function_name.replace("_", "-")

    @property
    def bucket_stack(self) -> str:
        return f"{self.function_stack}-bucket"

    @property
    def artifacts_stack(self) -> str:
        return f"{self.function_stack}-artifacts"

    @property
    def rule_name(self) -> str:
        return f"{self.function_name}-schedule"

    def serialized(self) -> bytes:
        """The settings in effect as the function's zip carries them."""
        return (json.dumps(self.document, indent=2) + "\n").encode()


def load(path: Path, environment: Mapping[str, str] = os.environ, needed: Sequence[str] = BACKUP) -> Config:
    """Reads, overrides and checks the settings; every error names the field.

    `needed` are the parts that the caller cannot do without; another part is checked where it is there.
    """
    document = _read(path)
    overridden = _override(document, environment)
    schema = json.loads(SCHEMA_PATH.read_text())
    found = json_schema.problems(document, schema)
    found += [f'"{key}" is missing' for key in needed if key not in document and f'"{key}" is missing' not in found]
    if not found:
        found = _mapping_problems(document, schema)
    if found:
        source = f" (overridden by {', '.join(overridden)} in the environment)" if overridden else ""
        raise DeployError(
            f"{path}{source} is not valid: {'; '.join(found)}.", "correct it; config.schema.json describes every field.")
    document.pop("$schema", None)
    config = Config(json_schema.with_defaults(document, schema))
    if "tables" in needed:
        _require_one_home(config, path)
    return config


def _mapping_problems(document: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    try:
        mappings.check(document, default_function=schema["properties"]["functionName"]["default"])
    except mappings.MappingError as error:
        return [str(error)]
    return []


def require_no_placeholders(config: Config, path: Path) -> None:
    """Refuses the values that the committed config.json ships with."""
    fields = [f"tables[{index}]" for index, table in enumerate(config.tables) if _PLACEHOLDER in table.arn.lower()]
    fields += ["bucket.name"] if _PLACEHOLDER in config.bucket.lower() else []
    if fields:
        raise DeployError(
            f"{path} still holds placeholders in {', '.join(fields)}.",
            "put in your tables' ARNs and your bucket's name, or set TABLE_ARNS and S3_BUCKET (and S3_REGION).")


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_duplicates)
    except FileNotFoundError:
        raise DeployError(f"{path} does not exist.", "give another file with --config, or restore it from git.") from None
    except OSError as error:
        raise DeployError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise DeployError(f"{path} is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise DeployError(f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except _DuplicateKey as error:
        raise DeployError(f'{path} is not valid: "{error}" is there twice.', "delete one of them.") from None
    if not isinstance(document, dict):
        raise DeployError(f"{path} is not valid: the document must be an object.")
    return document


class _DuplicateKey(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _DuplicateKey(key)
        result[key] = value
    return result


def _override(document: dict[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Puts the environment's values in; an empty variable counts as unset. Gives the variables that were used."""
    used = []
    if environment.get("TABLE_ARNS"):
        document["tables"] = [arn.strip() for arn in environment["TABLE_ARNS"].split(",") if arn.strip()]
        used.append("TABLE_ARNS")
    for variable, key in (("S3_BUCKET", "name"), ("S3_REGION", "region"), ("S3_PREFIX", "prefix")):
        if environment.get(variable):
            bucket = document.setdefault("bucket", {})
            if isinstance(bucket, dict):
                bucket[key] = environment[variable]
                used.append(variable)
    if environment.get("SCHEDULE"):
        document["schedule"] = environment["SCHEDULE"]
        used.append("SCHEDULE")
    return used


def _require_one_home(config: Config, path: Path) -> None:
    homes: dict[tuple[str, str], list[str]] = {}
    for table in config.tables:
        homes.setdefault((table.account, table.region), []).append(table.name)
    if len(homes) == 1:
        return
    listed = "; ".join(f"{region} in account {account}: {', '.join(names)}" for (account, region), names in homes.items())
    raise DeployError(
        f"{path} has tables in {len(homes)} places ({listed}), but the function runs in one region of one account.",
        "deploy once for each: one configuration file per region and account, each with its own functionName,"
        " and ./deploy.sh --config FILE.")
