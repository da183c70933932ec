"""Events: facts that happened to a lead, and how a signal of any shape is read as one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from hashlib import sha256

from pydantic import AwareDatetime, Field, JsonValue, TypeAdapter, ValidationError

from workflows.engine.base import Frozen

SIGNALS = (
    "reply",
    "bounce",
    "unsubscribe",
    "meeting_booked",
    "lead_changed",
    "goal_reached",
    "remove",
    "pause",
)
"""Signals with a name of their own; every other kind comes as ``event`` with a ``kind``."""

REVIEW_DECIDED = "review_decided"
"""A person has approved or rejected a mail; ``step`` and ``visit`` say who had asked."""

OUTREACH_SENT = "outreach_sent"
"""Another tool has sent its mail ``number`` to a lead handed over at ``step`` and ``visit``."""

ANONYMOUS = "anon-"
"""How ids begin that were made up for events without one: unique within an entry only."""

LONGEST_ID = 320
"""Longer than any id made of an effect's key: names and lead ids have their own limits."""

SMS_OPT_OUT = "sms_opt_out"
"""An opt-out from text messages alone, such as the answer STOP; mails may still be sent."""

_OPT_OUTS = {"unsubscribe", "unsubscribed", "optout", "optedout", "complaint"}
_KIND = r"[a-z][a-z0-9_]{0,62}"
_DEEPEST = 40
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class Event(Frozen):
    """A fact that happened to the lead. ``at`` is when it happened, in any zone.

    ``recorded`` tells that the ledger has it already; ``writebacks`` names the effects that the
    ledger wrote down together with the fact.
    """

    id: str = Field(min_length=1, max_length=LONGEST_ID)
    kind: str = Field(pattern=f"^{_KIND}$")
    at: AwareDatetime
    data: dict[str, JsonValue] = {}
    recorded: bool = False
    writebacks: tuple[str, ...] = ()

    @property
    def changes(self) -> Mapping[str, JsonValue]:
        """The changed lead fields of a ``lead_changed``: its ``fields``, else its data."""
        fields = self.data.get("fields")
        return fields if isinstance(fields, dict) else self.data

    @property
    def is_soft_bounce(self) -> bool:
        """Whether the mail may still arrive if it is sent again (RFC 3463 class 4)."""
        return self.kind == "bounce" and self.data.get("type") == "soft"


class Malformed(Frozen):
    """A signal that could not be read as an event: kept and shown, never acted upon."""

    id: str
    name: str
    at: AwareDatetime
    problem: str
    body: JsonValue = None

    @property
    def event(self) -> Event:
        """How it is kept in the inbox."""
        data: dict[str, JsonValue] = {"name": self.name, "problem": self.problem, "body": self.body}
        return Event(id=self.id, kind="malformed", at=self.at, data=data)


def plain_json(body: object, deepest: int = _DEEPEST) -> JsonValue:
    """What can be kept of a signal's body: JSON that every store takes. Never raises.

    Bytes are read as text; what UTF-8 or PostgreSQL cannot hold (lone surrogates, NUL) is replaced,
    NaN and the infinities become text, and what is nested too deeply is left out.
    """
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        return body.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if body is None or isinstance(body, int) or (isinstance(body, float) and math.isfinite(body)):
        return body
    if deepest == 0:
        return "left out: nested too deeply"
    if isinstance(body, list | tuple):
        return [plain_json(part, deepest - 1) for part in body]
    if isinstance(body, Mapping):
        return {str(plain_json(k)): plain_json(v, deepest - 1) for k, v in body.items()}
    return str(body) if isinstance(body, float) else f"left out: {type(body).__name__}"


def fingerprint(name: str, body: JsonValue, times: int) -> str:
    """A stable id for an event that came without one: the ``times``-th of its name and body."""
    text = json.dumps([name, body, times], sort_keys=True, ensure_ascii=False)
    return f"{ANONYMOUS}{sha256(text.encode()).hexdigest()[:24]}"


def read_signal(name: str, body: JsonValue, times: int, now: datetime) -> Event | Malformed:
    """Read what a Temporal client sent. Never raises; an opt-out is honoured in any shape.

    Args:
        name: the signal's name.
        body: its decoded arguments: the one argument, a list if there were several, or None.
        times: how often this very name and body came before, for events without an id.
        now: what ``at`` is when the body does not say.
    """
    body = plain_json(body)
    kind = _kind_of(name, body)
    fallback = Event(id=fingerprint(name, body, times), kind=kind or "unknown", at=now)
    if not kind:
        problem = f"signal {name!r} has no readable kind: send {{'kind': '...', 'id': '...'}}"
        return _malformed(fallback, name, problem, body)
    try:
        return _read_body(fallback, body)
    except (ValidationError, ValueError, TypeError) as error:
        if kind in {"unsubscribe", "complaint", SMS_OPT_OUT}:
            return fallback
        return _malformed(fallback, name, _first_line(error), body)


def _kind_of(name: str, body: JsonValue) -> str | None:
    spelled = _spelled(name)
    kinds = [_spelled(kind) for kind in _kinds_in(body)] if spelled == "event" else [spelled]
    opt_out = next((kind for kind in kinds if kind.replace("_", "") in _OPT_OUTS), None)
    if opt_out:
        return "complaint" if opt_out == "complaint" else "unsubscribe"
    known = spelled in SIGNALS or spelled == "event"
    return kinds[0] if known and kinds and re.fullmatch(_KIND, kinds[0]) else None


def _spelled(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def _kinds_in(body: JsonValue) -> Iterator[str]:
    """What may be the kind inside the body of an ``event`` signal, in whatever shape it came."""
    if isinstance(body, str):
        yield from _kinds_in_text(body)
    elif isinstance(body, list):
        for part in body:
            yield from _kinds_in(part)
    elif isinstance(body, dict):
        for key, value in body.items():
            if _spelled(key) == "kind":
                yield from _kinds_in(value)


def _kinds_in_text(text: str) -> Iterator[str]:
    """The text itself, or what is in it: some clients encode their JSON twice."""
    if not text.strip().startswith(("{", "[", '"')):
        yield text[:200]
        return
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _kinds_in(plain_json(inner))


def _read_body(fallback: Event, body: JsonValue) -> Event:
    if body is None:
        return fallback
    if isinstance(body, str) and fallback.kind == _spelled(body):
        return fallback
    if not isinstance(body, Mapping):
        raise ValueError(f"the body is {type(body).__name__}, but must be a JSON object")
    reserved = {"id", "at", "kind", "data", "recorded", "writebacks"}
    nested = body.get("data")
    data = dict(nested) if isinstance(nested, Mapping) else {}
    data |= {key: value for key, value in body.items() if key not in reserved}
    at = body.get("at")
    writebacks = body.get("writebacks")
    return Event(
        id=str(body.get("id") or fallback.id),
        kind=fallback.kind,
        at=fallback.at if at is None else _INSTANT.validate_python(at),
        data=data,
        recorded=body.get("recorded") is True,
        writebacks=tuple(map(str, writebacks)) if isinstance(writebacks, list) else (),
    )


def _malformed(fallback: Event, name: str, problem: str, body: JsonValue) -> Malformed:
    return Malformed(id=fallback.id, name=name, at=fallback.at, problem=problem, body=body)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "at"
        return f"{where}: {first['msg']}"
    return str(error).splitlines()[0]


def read_return(data: Mapping[str, JsonValue]) -> datetime | None:
    """When an out-of-office lead is back: ``until`` as RFC 3339 instant, or a date (00:00 UTC)."""
    until = data.get("until")
    if not isinstance(until, str):
        return None
    try:
        if len(until) == 10:
            return datetime.combine(date.fromisoformat(until), time(), UTC)
        return _INSTANT.validate_python(until)
    except ValueError:
        return None
