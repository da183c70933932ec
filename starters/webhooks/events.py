"""Events in Dripstone's own format, as upstream systems post them: read and checked. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, NoReturn

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from starters.webhooks.event_kinds import OPT_OUTS, OUR_OWN_KINDS
from starters.webhooks.mail_return_date import return_date
from workflows.engine.base import Frozen, Name
from workflows.engine.consent import objection_to
from workflows.engine.events import Event, plain_json
from workflows.engine.replies import RECLASSIFIED, class_told, heard

MOST_EVENTS = 100
DEEPEST = 20

ENROLL = "enroll"
HEARTBEAT = "feed_heartbeat"
"""A feed says that it is alive: an event about nobody."""

OURS_TO_SAY = ("class_by", "verdict", "by")
"""What only this side adds to a reply: who has read it, and what a colleague decided."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where in the body, and how to mend it. Holds nothing of what was sent."""

    where: str
    what: str
    mend: str


class BadEvents(ValueError):
    """The body cannot be taken; nothing of it was. ``problems`` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def _text_only(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("is not text")  # a number would be read as seconds since 1970
    return value


def _in_this_age(value: AwareDatetime) -> AwareDatetime:
    if not 1970 <= value.year <= 2200:
        raise ValueError("is not between 1970 and 2200")
    return value


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/+=~-]{1,190}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
At = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_this_age)]


class PostedEvent(Frozen):
    """One event. At least one of ``lead``, ``person`` and ``email`` says whom it is about.

    ``person`` is Dripstone's own id of a human. ``automation`` belongs to the kind ``enroll``,
    whose ``data`` are the lead's fields. A ``feed_heartbeat`` names its feed in ``data`` instead.
    """

    id: Id
    kind: Kind
    at: At
    lead: Annotated[str, StringConstraints(min_length=1, max_length=140)] | None = None
    person: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")] | None = None
    email: Annotated[str, StringConstraints(min_length=3, max_length=320)] | None = None
    center: Name = "default"
    automation: Name | None = None
    data: dict[str, JsonValue] = Field(default={}, max_length=500)

    @model_validator(mode="after")
    def _is_whole(self) -> PostedEvent:
        if self.kind in OUR_OWN_KINDS:
            raise ValueError("kind: only Dripstone itself reports this kind")
        if self.kind == ENROLL and (self.automation is None or not (self.lead or self.email)):
            raise ValueError("an enroll names its automation, and the lead by lead or email")
        if self.kind != ENROLL and self.automation is not None:
            raise ValueError("automation: belongs to the kind enroll only")
        if self.kind == HEARTBEAT:
            return self._of_a_feed()
        if self.kind == RECLASSIFIED and not (self.data.get("reply") and class_told(self.event)):
            raise ValueError("data: a reply_classified names the event of the reply and its class")
        if objection := objection_to(self.event):
            raise ValueError(f"data: a {self.kind} {objection}")
        if not (self.lead or self.person or self.email):
            raise ValueError("says of nobody whom it is about: add lead, email or person")
        return self

    def _of_a_feed(self) -> PostedEvent:
        if not isinstance(self.data.get("feed"), str):
            raise ValueError('data: a feed_heartbeat names its feed: {"feed": "replies"}')
        return self

    @property
    def event(self) -> Event:
        """The fact itself, with data that every store can keep."""
        data = plain_json(self.data)
        assert isinstance(data, dict)
        if self.kind in ("reply", RECLASSIFIED):
            data = {k: v for k, v in data.items() if k not in OURS_TO_SAY}
        kind = "unsubscribe" if self.kind in OPT_OUTS else self.kind
        event = heard(Event(id=self.id, kind=kind, at=self.at, data=data))
        text = f"{data.get('subject') or ''}\n{data.get('text') or ''}"
        if event.kind != "out_of_office" or "until" in data or not text.strip():
            return event
        back = return_date(text, event.at)
        until = {"until": back.isoformat()} if back else {}
        return event.model_copy(update={"data": event.data | until})


def parse(body: bytes) -> tuple[list[PostedEvent], bool]:
    """The events of a body, and whether it was a list.

    Raises:
        BadEvents: not JSON, not events, too many, or nested too deeply.
    """
    found = _read_json(body)
    is_list = isinstance(found, list)
    parts = found if isinstance(found, list) else [found]
    if not 1 <= len(parts) <= MOST_EVENTS:
        _refuse("", f"{len(parts)} events", f"send 1 to {MOST_EVENTS} events at once")
    events: list[PostedEvent] = []
    problems: list[Problem] = []
    for place, part in enumerate(parts):
        try:
            events.append(PostedEvent.model_validate(part))
        except ValidationError as error:
            problems += _problems(error, f"[{place}]" if is_list else "")
    if problems:
        raise BadEvents(*problems)
    return events, is_list


def _read_json(body: bytes) -> JsonValue:
    def no_constant(_name: str) -> NoReturn:
        raise ValueError("NaN and infinities are no JSON")

    try:
        found: JsonValue = json.loads(body.decode("utf-8"), parse_constant=no_constant)
    except (ValueError, RecursionError):
        _refuse("", "not JSON in UTF-8", "send one event as a JSON object, or a list of them")
    if _deeper_than(found, DEEPEST):
        _refuse("", f"nested more than {DEEPEST} deep", "send data flat: nobody looks so deep")
    return found


def _deeper_than(value: JsonValue, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(part, levels - 1) for part in parts)


def _refuse(where: str, what: str, mend: str) -> NoReturn:
    raise BadEvents(Problem(where, what, mend))


_MENDS = {
    "id": "letters, digits and . _ : / + = ~ - (no address), at most 190; the same at every retry",
    "kind": "lower case letters, digits and _, such as reply, bounce, unsubscribe, meeting_booked",
    "at": "when it happened, as RFC 3339 with a zone: 2026-11-21T09:30:00Z",
    "lead": "sf- and the 18-character Salesforce id, or {source}-{key}",
    "person": "24 hexadecimal digits, as Dripstone shows them; or send lead or email",
    "email": "one address",
    "center": "the name of a center in the connections file; leave it out for 'default'",
    "automation": "the id of the automation, in events of the kind enroll",
    "data": "a JSON object with at most 500 fields",
}


def _problems(error: ValidationError, where: str) -> list[Problem]:
    return [_problem(dict(one), where) for one in error.errors(include_input=False)]


def _problem(found: Mapping[str, object], where: str) -> Problem:
    loc = found["loc"]
    field = str(loc[0]) if isinstance(loc, tuple) and loc else ""
    if field not in _MENDS:
        # Not the name that was sent: it may be anything, even an address.
        unknown = bool(field)
        what = "has a field that is not known" if unknown else str(found["msg"])
        return Problem(where, _plain(what), f"the fields of an event are {', '.join(_MENDS)}")
    return Problem(f"{where}.{field}".lstrip("."), _plain(str(found["msg"])), _MENDS[field])


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
