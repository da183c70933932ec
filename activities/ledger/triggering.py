"""Triggering: which automations an event lets its lead into, written down with the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.firings import keep
from activities.ledger.leads import Lead
from activities.ledger.listening import enabled
from activities.ledger.sessions import hear_in_session
from activities.ledger.staleness import active_since, note_activity
from activities.ledger.store import Ledger
from workflows.engine.events import Event
from workflows.engine.router import Published, judge
from workflows.engine.triggers.base import Occasion
from workflows.engine.triggers.stale_lead import StaleLead


async def fire(
    ledger: Ledger,
    tx: AsyncConnection,
    event: Event,
    lead: Lead,
    before: Mapping[str, JsonValue],
) -> tuple[str, ...]:
    """Write down what the event starts for the lead; the causes of the firings.

    ``lead`` is as it is after the event, ``before`` are the fields it had until then.
    """
    session = await hear_in_session(tx, lead.center, lead.lead, event)
    occasion = Occasion(
        event=event,
        lead=lead.lead,
        center=lead.center,
        values=lead.merge_fields,
        before=before,
        session=session,
    )
    causes = [await _ask(ledger, tx, occasion, one) for one in await enabled(tx, lead.center)]
    return tuple(cause for cause in causes if cause)


async def _ask(
    ledger: Ledger, tx: AsyncConnection, occasion: Occasion, published: Published
) -> str | None:
    """The cause of a new firing of one automation."""
    automation, event = published.automation, occasion.event
    trigger = automation.trigger
    if isinstance(trigger, StaleLead):
        if trigger.is_activity(event, occasion.before):
            await note_activity(tx, published, occasion)
        since = await active_since(tx, automation.id, occasion.lead)
        occasion = replace(occasion, last_activity=since)
    if event.kind not in trigger.kinds_heard:
        return None
    verdict = judge(occasion, published)
    if verdict.match is None or not await keep(ledger, tx, occasion, verdict):
        return None
    return verdict.cause
