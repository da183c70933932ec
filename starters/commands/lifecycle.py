"""Commands for the life of a published automation: enable, disable, turn-off, archive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.dispatch import deliver
from activities.ledger.lifecycle import find_obstacle_to_entry, log_of, overview, switch_center
from activities.ledger.publishing import find_state, newest_version, set_state
from activities.ledger.release import release_held
from activities.ledger.retiring import StillInside, archive, turn_off
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.who import By, Why, operator

verbs = typer.Typer()

TOLD_AT_ONCE = 50
"""Leads that a command tells itself; the repair loop tells the rest, a bounded number a second."""

AutomationId = Annotated[str, typer.Argument(metavar="AUTOMATION", help="The id of an automation.")]
OrNone = Annotated[
    str | None, typer.Argument(metavar="AUTOMATION", help="The id of an automation.")
]
Center = Annotated[
    str | None, typer.Option("--center", help="All automations of a center, as a whole.")
]

LOG = ("at", "done", "version", "by", "reason")
ALL = ("automation", "center", "state", "version", "newest", "last", "at", "by")


@verbs.command("enable")
def enable_command(
    automation: OrNone = None, center: Center = None, by: By = None, as_json: AsJson = False
) -> None:
    """Let leads into the newest version, and let those go on that were held while it was off."""
    one = one_of(automation, center)
    document = _with_ledger(lambda here: _enable(here, one, center, by or operator()))
    what = f"center {center}" if center else f"{one} version {document['version']}"
    lines = [f"{what}: enabled"]
    if document["released"]:
        lines.append(f"{document['released']} leads that were held go on, a few at a time")
    if document["obstacle"]:
        lines.append(f"but no lead enters yet: it is {document['obstacle']}")
    answer(as_json, document, lines)


@verbs.command("disable")
def disable_command(
    automation: OrNone = None, center: Center = None, by: By = None, as_json: AsJson = False
) -> None:
    """Let no lead in, and hold those inside where they are: no send begins from now on."""
    one = one_of(automation, center)

    async def work(here: Opened) -> dict[str, Any]:
        if center:
            return await _switch(here, center, "disabled", by or operator())
        version = await set_state(here.ledger, one, "disabled", by or operator())
        return {"automation": one, "version": version.version, "state": "disabled"}

    document = _with_ledger(work)
    what = f"center {center}" if center else one
    answer(as_json, document, [f"{what}: disabled; leads inside are held at their next step"])


@verbs.command("turn-off")
def turn_off_command(
    automation: AutomationId, reason: Why = "", by: By = None, as_json: AsJson = False
) -> None:
    """Let no lead in and take all out, wherever they stand; even with Temporal down."""

    async def work(here: Opened) -> dict[str, Any]:
        count, events = await turn_off(
            here.ledger, automation, by or operator(), here.connections, reason
        )
        await tell_first(here, events)
        return {
            "automation": automation,
            "state": "off",
            "leaving": count,
            "temporal": here.why_no_client or "answers",
        }

    document = _with_ledger(work)
    lines = [f"{automation}: off; no send begins any more; {document['leaving']} leads exit"]
    if document["temporal"] != "answers":
        lines.append(f"their workflows end once Temporal is back: {document['temporal']}")
    answer(as_json, document, lines)


@verbs.command("archive")
def archive_command(
    automation: AutomationId, reason: Why = "", by: By = None, as_json: AsJson = False
) -> None:
    """Put an automation away that nobody is in: out of lists; a new version brings it back."""

    async def work(here: Opened) -> dict[str, Any]:
        try:
            await archive(here.ledger, automation, by or operator(), reason)
        except StillInside as error:
            raise Refused(str(error)) from error
        return {"automation": automation, "state": "archived"}

    answer(as_json, _with_ledger(work), [f"{automation}: archived"])


def tell_automations(automation: str | None, archived: bool, as_json: bool) -> None:
    """All automations with their states, or one with all that was done with it, and by whom."""

    async def work(here: Opened) -> dict[str, Any]:
        async with here.ledger.reading() as tx:
            center = (await newest_version(tx, automation)).center if automation else ""
            rows = await overview(tx)
            log = await log_of(tx, center, automation) if automation else []
        hidden = () if archived or automation else ("archived",)
        shown = [row for row in rows if row["automation"] == automation or not automation]
        return {"automations": [row for row in shown if row["state"] not in hidden], "log": log}

    document = _with_ledger(work)
    answer(as_json, document, _lines(document))


async def enable_newest(here: Opened, automation: str, by: str) -> int:
    """Enable the newest version; how many leads were held for it before and go on now."""
    await set_state(here.ledger, automation, "enabled", by)
    return await let_held_go(here, automation)


async def tell_first(here: Opened, events: list[str]) -> None:
    """Tell the first of many at once, if Temporal is up; the rest is the repair loop's."""
    client = await here.client_if_up() if events else None
    for event in events[:TOLD_AT_ONCE] if client else ():
        assert client
        await deliver(here.ledger, client, event)


async def let_held_go(here: Opened, automation: str) -> int:
    """Tell the leads that the gate holds to ask again; how many."""
    events = await release_held(here.ledger, automation, here.connections)
    await tell_first(here, events)
    return len(events)


async def _enable(here: Opened, automation: str, center: str | None, by: str) -> dict[str, Any]:
    if center:
        document = await _switch(here, center, "enabled", by)
        released = [await let_held_go(here, name) for name in document["automations"]]
        return document | {"released": sum(released), "obstacle": None}
    released_here = await enable_newest(here, automation, by)
    async with here.ledger.reading() as tx:
        state = await find_state(tx, automation)
        obstacle = await find_obstacle_to_entry(here.ledger, tx, automation)
    why = f"{obstacle.what}: {obstacle.remedy}" if obstacle else None
    version = state[1] if state else 0
    done = {"automation": automation, "version": version, "released": released_here}
    return done | {"obstacle": why}


async def _switch(here: Opened, center: str, state: str, by: str) -> dict[str, Any]:
    await center_known(here, center)
    names = await switch_center(here.ledger, center, state, by)
    return {"center": center, "state": state, "automations": names}


async def center_known(here: Opened, center: str) -> None:
    """Nothing, if there is such a center.

    Raises:
        Refused: there is none.
    """
    async with here.ledger.reading() as tx:
        known = {row["center"] for row in await overview(tx)} | set(here.connections.centers)
    if center not in known:
        there = ", ".join(sorted(known)) or "none"
        raise Refused(f"--center {center}: there is no such center; the centers are: {there}")


def one_of(automation: str | None, center: str | None) -> str:
    """The automation; empty if a center is meant.

    Raises:
        WrongUse: neither or both are given.
    """
    if (automation is None) == (center is None):
        raise WrongUse("say what: an AUTOMATION, or --center for all of a center")
    return automation or ""


def _with_ledger(work: Callable[[Opened], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with opened() as here:
            return await work(here)

    return asyncio.run(run())


def _lines(document: Mapping[str, Any]) -> Iterator[str | Table]:
    found, log = document["automations"], document["log"]
    if not found:
        yield "none"
        return
    yield table("", ALL, map(_row, found))
    if log:
        yield table("\nWhat was done", LOG, map(_log_row, log))


def _row(row: Mapping[str, Any]) -> tuple[object, ...]:
    off = row["center_state"] != "enabled"
    state = f"{row['state']} (its center is disabled)" if off else row["state"]
    state += " (halted)" if row["halted"] else ""
    versions = (row["version_for_new_leads"], row["newest_version"])
    last = (row["act"], row["done_at"], row["done_by"])
    return (row["automation"], row["center"], state, *versions, *last)


def _log_row(line: Mapping[str, Any]) -> tuple[object, ...]:
    act = line["act"] if line["automation"] else f"center {line['act']}"
    return (line["done_at"], act, line["version"], line["done_by"], line["reason"])
