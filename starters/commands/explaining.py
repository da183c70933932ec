"""``dripstone explain``: why a lead is where it is, and why it got a message, or did not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.entries import newest_entry
from activities.ledger.explaining import (
    hold_of,
    in_the_way,
    launches_of,
    leads_called,
    refusals_of,
)
from activities.ledger.leads import find_lead
from activities.ledger.listing import effects_of, list_entries
from activities.ledger.publishing import find_version
from starters.commands.enrollments import OfAutomation, OfLead, Told, meant, tell_of
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.leads.salesforce_ids import lead_id
from workflows.engine.automation import Automation

verbs = typer.Typer()

MESSAGES = ("send_email", "send_sms", "outreach_handover")
BECAME = {
    "SENT": "sent",
    "UNKNOWN": "perhaps sent",
    "NOT_SENT": "not sent",
    "INTENT": "being sent",
    "PLANNED": "about to be sent",
}
WHICH = "enrollment:"


@dataclass(frozen=True, slots=True)
class Message:
    """What became of a step that sends something to the lead: ``what``, and why."""

    step: str
    what: str
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One enrollment: where the lead is in it and why, its messages, and what the next would meet.

    ``not_asked_because`` says why its workflow could not be asked, or is empty.
    """

    enrollment: str
    entry: int
    version: int
    where: str
    messages: tuple[Message, ...]
    in_the_way: tuple[str, ...] = ()
    not_asked_because: str = ""


@verbs.command()
def explain(
    who: Annotated[
        str | None, typer.Argument(metavar="WHO", help="A lead, or enrollment:AUTOMATION:LEAD.")
    ] = None,
    automation: OfAutomation = None,
    lead: OfLead = None,
    as_json: AsJson = False,
) -> None:
    """Say why a lead is where it is, and why it got a message, did not, or never entered."""
    named, only = _meant(who, automation, lead)
    document = asyncio.run(_explained(named, only))
    answer(as_json, document, _lines(document))


def _meant(who: str | None, automation: str | None, lead: str | None) -> tuple[str, str | None]:
    """The lead, and the automation that alone is meant, if one is."""
    if who and not who.startswith(WHICH):
        if lead:
            raise WrongUse("say whom once: WHO or --lead")
        return lead_id(who), automation
    if lead and not (who or automation):
        return lead_id(lead), None
    _, name, named = (*meant(who, automation, lead).split(":", 2), "", "")[:3]
    if not named:
        raise WrongUse(f"{who}: write enrollment:AUTOMATION:LEAD, or a lead alone")
    return named, name


async def _explained(lead: str, automation: str | None) -> dict[str, Any]:
    async with opened() as here:
        async with here.ledger.reading() as tx:
            entries = await list_entries(tx, automation, lead)
            refused = await refusals_of(tx, lead, automation)
            launches = await launches_of(tx, lead, automation)
            known = await leads_called(tx, lead)
        names = dict.fromkeys(row["enrollment"] for row in entries)
        accounts = [await _account(here, name) for name in names]
    if not (accounts or refused or launches or known):
        raise Refused(f"{lead}: the ledger knows no such lead: dripstone list shows enrollments")
    return {
        "lead": lead,
        "known": bool(known),
        "enrollments": accounts,
        "refused": refused,
        "launches": [row for row in launches if row["state"] != "entered"],
    }


async def _account(here: Opened, enrollment: str) -> Account:
    ledger = here.ledger
    async with ledger.reading() as tx:
        entry = await newest_entry(tx, enrollment)
        assert entry is not None
        effects = await effects_of(tx, enrollment, entry["entry"])
        definition = (await find_version(tx, entry["automation"], entry["version"])).definition
        hold = await hold_of(tx, enrollment, entry["entry"])
        lead = await find_lead(tx, entry["center"], entry["lead"])
        lives = entry["state"] != "CLOSED"
        obstacles = await in_the_way(ledger, tx, lead, definition) if lead and lives else []
    told = await tell_of(here, entry, effects)
    return Account(
        enrollment=enrollment,
        entry=entry["entry"],
        version=entry["version"],
        where=_where(told, hold),
        messages=tuple(_messages(definition, told)),
        in_the_way=tuple(obstacles),
        not_asked_because=told.why_not,
    )


def _where(told: Told, hold: Mapping[str, Any] | None) -> str:
    entry = told.entry
    if entry["state"] == "CLOSED":
        return f"left at {_at(entry['closed_at'])}: {entry['exit']}{_ended_by(told)}"
    if entry["stop_reason"]:
        return f"is leaving: {entry['stop_reason']}: no send begins any more"
    if entry["state"] == "QUEUED":
        return f"waits until its lane {entry['lane']!r} is free: the person is in it elsewhere"
    held = f"held since {_at(hold['since'])}: {hold['cause']}" if hold else ""
    if not told.story:
        return f"{entry['state'].lower()}, as the ledger has it{f'; {held}' if held else ''}"
    now = told.story.status
    away = f"out of office until {_at(now.away_until)}" if now.away_until else ""
    why = held or now.held_because or away or now.doing or "at work"
    until = f", until {_at(now.until)}" if now.until else ""
    place = f"{now.state} at step {now.step} (visit {now.visit})" if now.step else now.state
    return f"{place}: {why}{until}"


def _ended_by(told: Told) -> str:
    """The line of the timeline that led to the exit, where there is one of it."""
    lines = told.timeline
    ends = next((n for n, line in enumerate(lines) if line.what.startswith("exit: ")), 0)
    before = lines[ends - 1] if ends else None
    if before is None or not before.what.startswith(("event: ", "refused")):
        return ""
    return f" (at step {before.step}: {before.what}{f': {before.why}' if before.why else ''})"


def _messages(definition: Automation, told: Told) -> Iterator[Message]:
    now = told.story.status if told.story else None
    for step in definition.steps:
        if step.kind not in MESSAGES:
            continue
        begun = [effect for effect in told.effects if effect["step"] == step.id]
        for one in begun:
            at = one["done_at"] or one["planned_at"]
            yield Message(step.id, BECAME[one["state"]], one["reason"], at)
        done = bool(begun) and begun[-1]["state"] in ("SENT", "UNKNOWN")
        if now and now.step == step.id and not (now.exit or done):
            yield Message(step.id, now.state, now.held_because or now.doing, now.until)
        elif not begun:
            yield _not_begun(step.id, told)


def _not_begun(step: str, told: Told) -> Message:
    """The gate's refusal, an operator's order, or the end of it all before its turn came."""
    lines = [line for line in told.timeline if line.step == step]
    lines = [line for line in lines if not line.what.startswith(("exit: ", "event: "))]
    if lines:
        last = lines[-1]
        return Message(step, "not sent", f"{last.what}: {last.why}".removesuffix(": "), last.at)
    if told.entry["state"] == "CLOSED":
        return Message(step, "never reached", f"the lead had left: {told.entry['exit']}")
    return Message(step, "not reached")


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}Z"


def _lines(document: Mapping[str, Any]) -> Iterator[str | Table]:
    for one in document["enrollments"]:
        yield f"{one.enrollment}, entry {one.entry}, version {one.version}"
        yield f"  {one.where}"
        if one.not_asked_because:
            yield f"  its workflow could not be asked: {one.not_asked_because}"
        for obstacle in one.in_the_way:
            yield f"  in the way of its next mail: {obstacle}"
        rows = [(row.step, row.what, row.why, row.at) for row in one.messages]
        if rows:
            yield table("", ("message", "what became of it", "why", "at, or until"), rows)
        yield ""
    for row in document["launches"]:
        wave = f", wave {row['wave']}" if row["wave"] else ""
        why = row["reason"] or "waits for its turn"
        yield f"launch of {row['automation']}: {row['state']}{wave}: {why}"
    if document["refused"]:
        told = [(row["automation"], row["reason"], row["at"]) for row in document["refused"]]
        yield table("Did not enter", ("automation", "because", "at"), told)
    if not any(document[name] for name in ("enrollments", "launches", "refused")):
        yield f"{document['lead']}: is known, and no automation was asked to take it in"
