"""Checks a document against config.schema.json: the part of JSON Schema that file uses, with errors that name the field."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "null": (type(None),),
}


def problems(value: Any, schema: dict[str, Any], field: str = "") -> list[str]:
    """Everything in `value` that `schema` forbids, one sentence each, deepest field first named in full."""
    types = schema.get("type", [])
    allowed = [types] if isinstance(types, str) else types
    if allowed and not any(_is(value, name) for name in allowed):
        return [f"{_name(field)} must be {' or '.join(allowed)}, not {_kind(value)}"]
    if isinstance(value, dict):
        return _object_problems(value, schema, field)
    if isinstance(value, list):
        return _array_problems(value, schema, field)
    if isinstance(value, str):
        return _string_problems(value, schema, field)
    if isinstance(value, int):
        return _integer_problems(value, schema, field)
    return []


def with_defaults(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """`value` with the schema's defaults for the fields it leaves out, in the schema's order."""
    result: dict[str, Any] = {}
    for key, sub in schema["properties"].items():
        if key in value:
            nested = isinstance(value[key], dict) and "properties" in sub
            result[key] = with_defaults(value[key], sub) if nested else value[key]
        elif "default" in sub:
            result[key] = sub["default"]
    return result


def _object_problems(value: dict[str, Any], schema: dict[str, Any], field: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{_name(_join(field, key))} is missing" for key in _required(value, schema) if key not in value]
    for key, sub in value.items():
        if key in known:
            found += problems(sub, known[key], _join(field, key))
        elif schema.get("additionalProperties") is False:
            names = ", ".join(name for name in known if not name.startswith("$"))
            found.append(f"{_name(_join(field, key))} is not a setting (known here: {names})")
    return found


def _required(value: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """The members that must be there; of alternatives the first that is met, else the first."""
    alternatives = [alternative["required"] for alternative in schema.get("anyOf", [])]
    met = [names for names in alternatives if all(name in value for name in names)]
    return [*schema.get("required", []), *(met or alternatives or [[]])[0]]


def _array_problems(value: list[Any], schema: dict[str, Any], field: str) -> list[str]:
    found = []
    if len(value) < schema.get("minItems", 0):
        found.append(f"{_name(field)} must have at least {schema['minItems']} entry")
    for index, item in enumerate(value):
        found += problems(item, schema.get("items", {}), f"{field}[{index}]")
        if schema.get("uniqueItems") and item in value[:index]:
            found.append(f"{_name(f'{field}[{index}]')} is there twice: {item}")
    return found


def _string_problems(value: str, schema: dict[str, Any], field: str) -> list[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        limits = f"{schema.get('minLength', 0)} to {schema['maxLength']}" if "maxLength" in schema else "more"
        return [f"{_name(field)} must have {limits} characters, not {len(value)}"]
    if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), value):
        return [f'{_name(field)} is not valid: "{value}". Wanted: {schema.get("description", schema["pattern"])}']
    return []


def _integer_problems(value: int, schema: dict[str, Any], field: str) -> list[str]:
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return [f"{_name(field)} must be between {schema.get('minimum')} and {schema.get('maximum')}, not {value}"]
    return []


def _is(value: Any, type_name: str) -> bool:
    # In Python a Boolean is an integer; in JSON it is not.
    return isinstance(value, _TYPES[type_name]) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = [name for name, types in _TYPES.items() if isinstance(value, types)]
    return names[0] if names else "a number with a fraction"


def _join(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key


def _name(field: str) -> str:
    return f'"{field}"' if field else "the document"
