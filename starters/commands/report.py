"""``dripstone report``: an automation in numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.halts import why_halted
from activities.ledger.publishing import find_state, newest_version
from activities.ledger.report import EffectLine, Report, campaign_report
from activities.ledger.slots import waiting_for_slots
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, answer, table
from starters.commands.standing import Standing, Wanted, counts, standings
from workers.plugin import TemporalUnreachable

verbs = typer.Typer()

MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Now:
    """What only Temporal knows: how many stand in which state, and who needs attention.

    ``unknown_because`` is there when Temporal could not be asked.
    """

    states: Mapping[str, int]
    attention: tuple[Standing, ...]
    unknown_because: str = ""


@verbs.command()
def report(
    automation: Annotated[str, typer.Argument(metavar="AUTOMATION", help="Its id.")],
    as_json: AsJson = False,
) -> None:
    """Count what became of an automation's leads: entered, sent, answered, held, gone."""

    async def work() -> tuple[Mapping[str, Any], Report, Now]:
        async with opened() as here:
            async with here.ledger.reading() as tx:
                standing = await _standing(tx, automation)
                counted = await campaign_report(here.ledger, tx, automation)
            return standing, counted, await _now(here, automation)

    standing, counted, now = asyncio.run(work())
    document = {**asdict(counted), "goals": counted.goals, **standing, "now": asdict(now)}
    answer(as_json, document, _lines(standing, counted, now))


async def _standing(tx: AsyncConnection, automation: str) -> Mapping[str, Any]:
    """Its state, why it is halted and by whose leave consents are ignored (else empty), and how
    many mails wait for their slots."""
    newest, state = await newest_version(tx, automation), await find_state(tx, automation)
    consent = newest.definition.consent
    waiting, last = await waiting_for_slots(tx, automation)
    return {
        "state": state[0] if state else "not enabled",
        "halted": await why_halted(tx, newest.center, automation),
        "consents_ignored": consent.ignored_because if consent else "",
        "slots": {"waiting": waiting, "last": last},
    }


async def _now(here: Opened, automation: str) -> Now:
    client = await here.client_if_up()
    if client is None:
        return Now({}, (), here.why_no_client)
    wanted = Wanted(automation, state="attention", limit=MOST_LINES)
    try:
        async with here.ledger.reading() as tx:
            attention = await standings(tx, client, wanted)
        return Now(await counts(client, automation), tuple(attention))
    except TemporalUnreachable as error:
        return Now({}, (), str(error))


def _lines(standing: Mapping[str, Any], report: Report, now: Now) -> Iterator[str | Table]:
    versions = ", ".join(map(str, report.versions)) or "none yet"
    yield f"{report.automation}: {standing['state']}; leads entered in version {versions}"
    if standing["halted"]:
        yield standing["halted"]
    if standing["consents_ignored"]:
        yield f"consents are ignored, {standing['consents_ignored']}"
    slots = standing["slots"]
    if slots["waiting"]:
        yield f"{slots['waiting']} mails wait for their turn; the last leaves at {slots['last']}"
    facts = (
        ("entered", report.entered),
        ("live", report.live),
        ("mails sent", report.sent),
        *_about_texts(report),
        ("replied", report.replied),
        ("meetings booked", report.meetings),
        ("reached the goal", report.goals),
        *_about_conversion(report),
        ("bounced", report.bounced),
        ("unsubscribed", report.unsubscribed),
        ("out of office", report.out_of_office),
    )
    yield table("", ("", ""), facts)
    for title, numbers in (
        ("Where they are now", {k: v for k, v in now.states.items() if v}),
        ("Exits", report.exits),
        ("Refused", report.refused),
        ("Messages and steps that the gate held or refused", report.gate),
    ):
        if numbers:
            yield table(f"\n{title}", ("", ""), numbers.items())
    if report.samples.entered:
        test = report.samples
        yield f"\nNot counted: {test.entered} sample leads, {test.live} live, {test.sent} mails"
    if now.unknown_because:
        yield f"\nWhere they are now is not known: {now.unknown_because}"
    yield from _to_look_at(report, now)


def _about_conversion(report: Report) -> Iterator[tuple[str, str]]:
    """Shares, where there is a goal and somebody who could reach it."""
    found = report.conversion
    for words, share in (("entered", found.over_entered), ("ended", found.over_ended)):
        if share is not None:
            yield f"  of those that {words}", f"{share:.1%}"


def _about_texts(report: Report) -> Iterator[tuple[str, int]]:
    """Lines of their own, where there are text messages."""
    if report.texts_sent or report.opted_out_of_texts or report.texts_undelivered:
        yield "text messages sent", report.texts_sent
        yield "text messages that did not arrive", report.texts_undelivered
        yield "opted out of text messages", report.opted_out_of_texts


def _to_look_at(report: Report, now: Now) -> Iterator[Table]:
    if report.writebacks:
        rows = [
            (activity, ", ".join(f"{count} {state}" for state, count in states.items()))
            for activity, states in report.writebacks.items()
        ]
        yield table("\nWrite-backs", ("", ""), rows)
    if report.held:
        held = [(one.lead, one.cause, one.until or "the cause is removed") for one in report.held]
        yield table(f"\nHeld ({len(report.held)})", ("lead", "because", "until"), held[:MOST_LINES])
    if now.attention:
        rows = [(one.lead, one.step) for one in now.attention]
        yield table("\nNeed attention: dripstone retry or skip", ("lead", "step"), rows)
    for title, effects in (
        ("Unknown: perhaps sent, look at the vendor", report.unknown),
        ("Not sent", report.not_sent),
    ):
        if effects:
            yield _effects(title, effects)


def _effects(title: str, effects: tuple[EffectLine, ...]) -> Table:
    rows = [(one.lead, one.key, one.reason) for one in effects[:MOST_LINES]]
    return table(f"\n{title} ({len(effects)})", ("lead", "effect", "reason"), rows)
