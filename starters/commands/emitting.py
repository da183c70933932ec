"""An event given on the command line: read, put into the inbox, and told to whom it concerns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import JsonValue, ValidationError

from activities.dispatch import deliver, take_in
from activities.ledger.inbox import Incoming
from activities.ledger.leads import find_lead
from starters.commands.opened import opened
from starters.commands.output import Refused, WrongUse
from starters.webhooks.event_kinds import OUR_OWN_KINDS
from workers.triggering import enter_fired
from workflows.engine.consent import objection_to
from workflows.engine.events import Event


@dataclass(frozen=True, slots=True)
class Emitted:
    """What became of an event; ``told`` counts the targets that Temporal has told already."""

    id: str
    is_new: bool
    targets: tuple[str, ...]
    told: int
    why_not_told: str = ""


def read_data(pairs: Iterable[str], document: str | None = None) -> dict[str, JsonValue]:
    """``NAME=VALUE`` pairs, as text, over the members of a JSON object.

    Raises:
        WrongUse: a pair without ``=``, or a document that is no object.
    """
    data: dict[str, JsonValue] = {}
    if document is not None:
        try:
            value = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise WrongUse(f"--json-data is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise WrongUse('--json-data must be an object: {"name": "value"}')
        data |= value
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name.strip():
            raise WrongUse(f"{name[:40]!r} is no NAME=VALUE")
        data[name.strip()] = text
    return data


def read_event(
    kind: str, data: dict[str, JsonValue], event_id: str | None, at: datetime | None
) -> Event:
    """The event.

    Raises:
        WrongUse: a kind that is none or that is not for outsiders, an id that is too long.
    """
    if kind in OUR_OWN_KINDS:
        raise WrongUse(f"{kind}: only the product itself can know this: it cannot be emitted")
    try:
        event = Event(
            id=event_id if event_id is not None else f"command-{uuid4().hex}",
            kind=kind,
            at=at or datetime.now(UTC),
            data=data,
        )
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise WrongUse(f"this is no event: {problems}") from error
    if objection := objection_to(event):
        raise WrongUse(f"{kind} {objection}: --data consent=newsletter")
    return event


async def emit_event(event: Event, lead: str, center: str) -> Emitted:
    """Commit the event with all that follows from it, then tell the enrollments.

    Raises:
        Refused: the ledger knows no such lead; nothing was written.
    """
    async with opened() as here:
        async with here.ledger.reading() as tx:
            known = await find_lead(tx, center, lead)
        if known is None:
            raise Refused(
                f"{lead}: the ledger knows no such lead in center {center!r}: nothing was "
                "written; enroll the lead first"
            )
        incoming = Incoming(event, center, "command", lead)
        received = await take_in(here.ledger, incoming, here.connections, known.person)
        client = await here.client_if_up() if received.targets or received.fired else None
        told = await deliver(here.ledger, client, event.id) if client else 0
        if received.fired:
            await enter_fired(here.ledger, client, here.connections, received.fired)
        targets = tuple(enrollment for enrollment, _ in received.targets)
        return Emitted(event.id, received.is_new, targets, told, here.why_no_client)
