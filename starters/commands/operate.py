"""Commands for operators that look and that stop: list, status, remove."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.dispatch import deliver, take_in
from activities.ledger.inbox import Incoming
from activities.ledger.listing import effects_of, in_flight
from starters.commands.enrollments import (
    EnrollmentId,
    OfAutomation,
    OfLead,
    Told,
    entry_of,
    meant,
    tell_of,
)
from starters.commands.lifecycle import tell_automations
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.standing import STATES, Standing, Wanted, standings
from starters.commands.who import By, Why, operator
from starters.leads.salesforce_ids import lead_id
from workflows.engine.events import Event

verbs = typer.Typer()

COLUMNS = ("enrollment", "entry", "version", "state", "step", "exit", "admitted")


@verbs.command("list")
def list_command(
    automation: Annotated[
        str | None, typer.Argument(metavar="AUTOMATION", help="Only this one.")
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", help=f"One of: {', '.join(STATES)}.")
    ] = None,
    lead: Annotated[str | None, typer.Option("--lead", "-l", help="Only this lead.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    automations: Annotated[
        bool, typer.Option("--automations", help="List automations; with AUTOMATION, its log.")
    ] = False,
    archived: Annotated[
        bool, typer.Option("--archived", help="With --automations: the archived ones too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List enrollments, newest first, with where they stand; or automations."""
    if automations:
        tell_automations(automation, archived, as_json)
        return
    if state and state not in STATES:
        raise WrongUse(f"--state {state}: use one of {', '.join(STATES)}")
    wanted = Wanted(automation, lead_id(lead) if lead else None, state, limit)

    async def work() -> tuple[list[Standing], str]:
        async with opened() as here:
            from_ledger_alone = state in (None, "closed")
            client = await (here.client_if_up() if from_ledger_alone else here.client())
            async with here.ledger.reading() as tx:
                return await standings(tx, client, wanted), here.why_no_client

    found, why_not = asyncio.run(work())
    lines: list[str | Table] = [table("", COLUMNS, map(_row, found))] if found else ["none"]
    if len(found) == limit:
        lines.append(f"the newest {limit} only: --limit shows more")
    if why_not:
        lines.append(f"states as the ledger has them: {why_not}")
    answer(as_json, {"enrollments": found, "temporal": why_not or "answers"}, lines)


def _row(one: Standing) -> tuple[object, ...]:
    return (
        *(one.enrollment, one.entry, one.version, one.state),
        *(one.step, one.exit, one.admitted_at),
    )


@verbs.command()
def status(
    enrollment: EnrollmentId = None,
    automation: OfAutomation = None,
    lead: OfLead = None,
    as_json: AsJson = False,
) -> None:
    """Tell where a lead is, since when and why; after the exit, from the ledger."""
    workflow_id = meant(enrollment, automation, lead)

    async def work() -> Told:
        async with opened() as here:
            async with here.ledger.reading() as tx:
                entry = await entry_of(tx, workflow_id)
                effects = await effects_of(tx, workflow_id, entry["entry"])
            return await tell_of(here, entry, effects)

    told = asyncio.run(work())
    answer(as_json, _document(told), _lines(told))


def _document(told: Told) -> dict[str, Any]:
    left_out = ("timeline", "history", "person", "cause")
    entry = {name: value for name, value in told.entry.items() if name not in left_out}
    return {
        "entry": entry,
        "status": told.story.status if told.story else None,
        "not_asked_because": told.why_not or None,
        "timeline": told.timeline,
        "effects": told.effects,
    }


def _lines(told: Told) -> Iterator[str | Table]:
    entry, story = told.entry, told.story
    yield f"{entry['enrollment']}, entry {entry['entry']}, version {entry['version']}"
    if entry["exit"]:
        yield f"closed: {entry['exit']}, at {entry['closed_at']:%Y-%m-%d %H:%M:%S}Z"
    elif entry["stop_reason"]:
        yield f"closing: {entry['stop_reason']}: no send begins any more"
    if story:
        now = story.status
        shown = (
            ("state", now.state),
            ("step", f"{now.step} (visit {now.visit})" if now.step else None),
            ("doing", now.doing),
            ("until", now.until),
            ("held because", now.held_because),
            ("out of office until", now.away_until),
            ("mails", now.sends - now.texts),
            ("text messages", now.texts or None),
            ("unknown", now.unknowns or None),
            ("malformed signals", now.malformed_signals or None),
            ("last event", now.last_event),
        )
        yield table("", ("", ""), [row for row in shown if row[1] not in (None, "")])
    elif told.why_not:
        yield f"the ledger says {entry['state'].lower()}; {told.why_not}"
    if told.timeline:
        decisions = [(line.at, line.step, line.what, line.why) for line in told.timeline]
        yield table("\nTimeline", ("at", "step", "what", "why"), decisions)
    if told.effects:
        rows = [(one["key"], one["state"], one["reason"], one["done_at"]) for one in told.effects]
        yield table("\nEffects", ("key", "state", "reason", "done"), rows)


@verbs.command()
def remove(
    enrollment: EnrollmentId = None,
    automation: OfAutomation = None,
    lead: OfLead = None,
    by: By = None,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Take a lead out: once this is done no send begins any more, even with Temporal down."""
    workflow_id = meant(enrollment, automation, lead)
    data = {"by": by or operator(), "reason": reason}

    async def work() -> tuple[list[str], bool, str]:
        async with opened() as here:
            async with here.ledger.reading() as tx:
                entry = await entry_of(tx, workflow_id)
            if entry["state"] == "CLOSED":
                raise Refused(f"{workflow_id}: has ended already: {entry['exit']}")
            async with here.ledger.reading() as tx:
                now = await here.ledger.now(tx)
            place = f"{workflow_id}/{entry['entry']}"
            event = Event(id=f"{place}/removed", kind="remove", at=now, data=dict(data))
            incoming = Incoming(
                event, entry["center"], "command", entry["lead"], enrollment=workflow_id
            )
            await take_in(here.ledger, incoming, here.connections, entry["person"])
            async with here.ledger.reading() as tx:
                leaving = await in_flight(here.ledger, tx, workflow_id, entry["entry"])
            client = await here.client_if_up()
            told = bool(client and await deliver(here.ledger, client, event.id))
            return leaving, told, here.why_no_client

    leaving, told, why_not = asyncio.run(work())
    lines = [f"{workflow_id}: removed; no send begins any more"]
    lines += [f"in flight since before, and may still leave: {key}" for key in leaving]
    if why_not:
        lines.append(f"its workflow ends once Temporal is back: {why_not}")
    document = {"enrollment": workflow_id, "removed": True, "in_flight": leaving, "told": told}
    answer(as_json, document, lines)
