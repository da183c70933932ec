"""An event on its way into the inbox, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.ledger.leads import Lead
from workflows.engine.events import Event


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event on its way in. ``lead`` or ``person`` or ``enrollment`` says whose it is.

    ``origin`` is the entry whose own workflow reported it, and so knows it. ``newcomer`` is a lead
    that the event brings along: it is written down with it. ``bounced`` is the person of the
    address that a bounce is about, if that is not the lead's own.
    """

    event: Event
    center: str
    source: str
    lead: str | None = None
    person: str | None = None
    enrollment: str | None = None
    origin: tuple[str, int] | None = None
    newcomer: Lead | None = None
    bounced: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it: whether it is new, whom it reaches, which write-backs it caused.

    ``fired`` are the causes of admissions that it asks for.
    """

    is_new: bool
    targets: tuple[tuple[str, int], ...] = ()
    writebacks: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()


def row_of(incoming: Incoming, person: str | None, now: datetime) -> Mapping[str, Any]:
    """How the inbox keeps it."""
    event = incoming.event
    return {
        "id": event.id,
        "center": incoming.center,
        "kind": event.kind,
        "at": event.at,
        "received_at": now,
        "source": incoming.source,
        "lead": incoming.lead,
        "person": person,
        "enrollment": incoming.enrollment,
        "data": event.data,
    }
