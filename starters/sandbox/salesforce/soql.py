"""The part of SOQL that Dripstone and its tests use: one object, AND of comparisons, a limit."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starters.sandbox.salesforce.records import Record, Records
from starters.sandbox.salesforce.schema import OBJECTS, PREFIXES, Object
from starters.sandbox.salesforce.values import Refusal, instant

_SHAPE = re.compile(
    r"\s*SELECT\s+(?P<fields>[\w.,\s]+?)\s+FROM\s+(?P<object>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>\w+)(?P<down>\s+DESC|\s+ASC)?)?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_STRING = r"'(?:[^'\\]|\\.)*'"
_LITERAL = rf"{_STRING}|[\w.:+-]+"
_CONDITION = re.compile(
    rf"\s*(?P<field>[\w.]+)\s*(?:(?P<op>>=|<=|!=|=|<|>)\s*(?P<value>{_LITERAL})"
    rf"|\bIN\s*\((?P<values>\s*(?:{_LITERAL})(?:\s*,\s*(?:{_LITERAL}))*)\s*\))\s*",
    re.IGNORECASE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class _Condition:
    field: str
    op: str
    values: list[Any]


def run(soql: str, records: Records) -> list[dict[str, Any]]:
    """The rows that answer ``soql``, each with its attributes. Raises Refusal."""
    shape = _SHAPE.fullmatch(soql)
    if shape is None:
        raise Refusal(400, "MALFORMED_QUERY", "unexpected token: this sandbox knows simple SOQL")
    kind = OBJECTS.get(shape["object"].lower())
    if kind is None:
        message = f"sObject type '{shape['object']}' is not supported."
        raise Refusal(400, "INVALID_TYPE", message)
    names = [_known(kind, name.strip()) for name in shape["fields"].split(",")]
    conditions = read_conditions(kind, shape["where"] or "")
    found = [
        row
        for row in records.rows(kind)
        if all(_holds(_value(records, kind, row, c.field), c) for c in conditions)
    ]
    if shape["order"]:
        by = _known(kind, shape["order"])
        down = (shape["down"] or "").strip().upper() == "DESC"
        found.sort(key=lambda row: (row.get(by) is not None, row.get(by)), reverse=down)
    limit = int(shape["limit"]) if shape["limit"] else len(found)
    return [_projected(records, kind, row, names) for row in found[:limit]]


def _known(kind: Object, name: str) -> str:
    """The name in the schema's own spelling; ``Lead.Email`` reaches one object further."""
    parent, _, child = name.rpartition(".")
    if parent:
        link = kind.field(f"{parent}Id")
        owner = OBJECTS.get(link.targets[0].lower()) if link and link.targets else None
        if link is None or owner is None:
            message = f"Didn't understand relationship '{parent}' in field path"
            raise Refusal(400, "INVALID_FIELD", message)
        return f"{link.name[:-2]}.{_known(owner, child)}"
    field = kind.field(name)
    if field is None:
        raise Refusal(400, "INVALID_FIELD", f"No such column '{name}' on entity '{kind.name}'.")
    return field.name


def read_conditions(kind: Object, text: str) -> list[_Condition]:
    """The comparisons after WHERE, joined by AND. Raises Refusal."""
    found: list[_Condition] = []
    at = 0
    while at < len(text):
        match = _CONDITION.match(text, at)
        if match is None:
            raise Refusal(400, "MALFORMED_QUERY", "unexpected token in WHERE")
        raw = [match["value"]] if match["op"] else re.findall(_LITERAL, match["values"])
        found.append(
            _Condition(_known(kind, match["field"]), match["op"] or "IN", [_read(v) for v in raw])
        )
        at = match.end()
        joined = re.compile(r"AND\s", re.IGNORECASE).match(text, at)
        if at < len(text) and joined is None:
            raise Refusal(400, "MALFORMED_QUERY", "this sandbox joins conditions by AND only")
        at = joined.end() if joined else at
    return found


def _read(literal: str) -> Any:
    if literal.startswith("'"):
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), literal[1:-1], flags=re.DOTALL)
    words = {"true": True, "false": False, "null": None}
    if literal.lower() in words:
        return words[literal.lower()]
    for read in (float, instant):
        try:
            return read(literal)
        except ValueError:
            continue
    if re.fullmatch(r"\d{4}-\d\d-\d\d", literal):
        return literal
    raise Refusal(400, "MALFORMED_QUERY", "a text must stand in quotes")


def _holds(value: Any, condition: _Condition) -> bool:
    if condition.op in _COMPARE:
        wanted = condition.values[0]
        if value is None or wanted is None:
            return False
        here = instant(value) if isinstance(wanted, datetime) else value
        return _COMPARE[condition.op](here, wanted)
    matched = any(_same(value, wanted) for wanted in condition.values)
    return matched != (condition.op == "!=")


def _same(value: Any, wanted: Any) -> bool:
    # SOQL compares texts without regard to case, and ids in either length.
    if isinstance(value, str) and isinstance(wanted, str):
        if len(wanted) == 15 and len(value) == 18 and value[:3] in PREFIXES:
            return value[:15] == wanted
        return value.casefold() == wanted.casefold()
    if isinstance(value, str) and isinstance(wanted, datetime):
        return instant(value) == wanted
    return bool(value == wanted)


def _value(records: Records, kind: Object, row: Record, name: str) -> Any:
    parent, _, child = name.partition(".")
    if not child:
        return row.get(name)
    target = row.get(f"{parent}Id")
    if target is None:
        return None
    owner = OBJECTS[PREFIXES[target[:3]].lower()]
    return _value(records, owner, records.get(owner, target), child)


def _projected(records: Records, kind: Object, row: Record, names: list[str]) -> dict[str, Any]:
    url = f"/services/data/v59.0/sobjects/{kind.name}/{row['Id']}"
    answer: dict[str, Any] = {"attributes": {"type": kind.name, "url": url}}
    for name in names:
        parent, _, child = name.partition(".")
        value = _value(records, kind, row, name)
        if child:
            answer.setdefault(parent, {})[child] = value
        else:
            answer[name] = value
    return answer
