"""What an answer means to an ``http_call`` step: done or not, and the values taken from it. Pure.

Nothing of an answer is kept but what the step names, in the type and length it names.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from pydantic import JsonValue

from activities.errors import failure
from activities.ledger.http_connections import HttpConnection
from activities.vendors.capabilities import AT_MOST_ONCE, Capability, Key
from activities.vendors.ports import VendorFailure, WebAnswer
from workflows.engine.events import plain_json
from workflows.engine.web_effects import HttpCall, Taken

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_LARGEST = 10**15
_NOTHING_WAS_DONE = {408, 425, 429}
"""The server says that it has not processed the request (RFC 9110, 8470, 6585)."""


@dataclass(frozen=True, slots=True)
class Read:
    """The values by their names, those of them that become fields of the lead, what was amiss."""

    values: dict[str, JsonValue] = field(default_factory=dict)
    saved: dict[str, JsonValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def can_be_repeated(effect: HttpCall, account: HttpConnection) -> bool:
    """Whether the receiver may get it twice: as the step says, else by key and method.

    GET, PUT and DELETE are idempotent by RFC 9110, 9.2.2.
    """
    if effect.repeatable is not None:
        return effect.repeatable
    return bool(account.idempotency_header) or effect.method in ("GET", "PUT", "DELETE")


def capability_of_http(account: HttpConnection) -> Capability:
    """What the connection says of its receiver: whether it knows keys of ours, and for how long."""
    if not account.idempotency_header:
        return AT_MOST_ONCE
    return Capability("connections.yaml", key=Key(account.idempotency_lifetime))


def capability_of_call(effect: HttpCall, account: HttpConnection) -> Capability:
    """The same for one step: without a key, what may be repeated may be for good."""
    if not can_be_repeated(effect, account):
        return AT_MOST_ONCE
    alike = effect.repeatable or effect.method in ("GET", "PUT", "DELETE")
    by_step = Capability("the step, or RFC 9110, 9.2.2", key=Key())
    return by_step if alike else capability_of_http(account)


def problem_with(
    effect: HttpCall, account: HttpConnection, answer: WebAnswer
) -> VendorFailure | None:
    """What the status means if it is no success of this step; None if it is."""
    status = answer.status
    if status in effect.success or (not effect.success and 200 <= status < 300):
        return None
    said = f"{effect.method} over {effect.connection!r} was answered {status}"
    if status in account.busy:
        return failure("http", "busy", said, retry_after=answer.retry_after)
    if 300 <= status < 400:
        text = f"{said}: redirects are not followed; put the final address into the connection"
        return failure("http", "redirected", text)
    certain = status in _NOTHING_WAS_DONE or can_be_repeated(effect, account)
    code = f"http_{status}"
    if status < 500 and status not in _NOTHING_WAS_DONE:
        said += ": mend the step or the lead, or name the status under success"
    if not certain:
        return failure("http", code, said, done="maybe")
    return failure("http", code, said, retry_after=answer.retry_after)


def read_answer(effect: HttpCall, answer: WebAnswer) -> Read:
    """The values that the step takes from a successful answer."""
    values: dict[str, JsonValue] = {effect.status_as: answer.status} if effect.status_as else {}
    if not effect.answer:
        return Read(values)
    document, problem = _parsed(answer.body)
    saved, notes = dict[str, JsonValue](), [problem] if problem else []
    for name, taken in effect.answer.items():
        found = _at(document, taken.from_)
        value = _typed(found, taken)
        if value is None:
            if found is not None:
                notes.append(f"{name}: not a {taken.type} of the length allowed")
            value = taken.otherwise
        values[name] = value
        if taken.save and value is not None:
            saved[name] = value
    return Read(values, saved, tuple(notes))


def nothing_read(effect: HttpCall) -> dict[str, JsonValue]:
    """The values where the answer was lost: none may be left over from an earlier visit."""
    values: dict[str, JsonValue] = {name: taken.otherwise for name, taken in effect.answer.items()}
    return values | ({effect.status_as: None} if effect.status_as else {})


def _parsed(body: bytes | None) -> tuple[JsonValue, str]:
    if body is None:
        return None, "the answer is too large, or compressed: nothing is taken from it"
    if not body.strip():
        return None, ""
    try:
        return plain_json(json.loads(body, parse_constant=_no_number)), ""
    except (ValueError, RecursionError):
        return None, "the answer is no JSON: nothing is taken from it"


def _no_number(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON (RFC 8259, 6)")


def _at(document: JsonValue, path: str) -> JsonValue:
    for part in path.split("."):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and len(part) < 6:
            document = document[int(part)] if int(part) < len(document) else None
        else:
            return None
    return document


def _typed(value: JsonValue, taken: Taken) -> JsonValue:
    """The value as the step wants it; None if it is no such thing."""
    if taken.type == "boolean":
        return {"true": True, "false": False}.get(_text(value))
    if taken.type == "number":
        return _number(value)
    text = _text(value)
    return text if text and len(text) <= taken.longest else None


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def _number(value: JsonValue) -> int | float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) and abs(value) < _LARGEST else None
