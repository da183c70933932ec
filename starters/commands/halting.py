"""The kill switch on the command line: halt, release."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from activities.ledger.halts import halt, halts_of, lift
from activities.ledger.publishing import newest_version
from starters.commands.lifecycle import Center, OrNone, center_known, let_held_go, one_of
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer
from starters.commands.wave_orders import halt_one, halted_lines, release_one, released_lines
from starters.commands.who import By, Why, operator

verbs = typer.Typer()

OfWave = Annotated[int | None, typer.Option("--wave", min=1, help="One wave of its launch only.")]
WhyHalted = Annotated[
    str, typer.Option("--reason", help="Why (required): for the log, and shown at each lead.")
]


@verbs.command("halt")
def halt_command(
    automation: OrNone = None,
    center: Center = None,
    wave: OfWave = None,
    reason: WhyHalted = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Stop all messages: once it returns, none begins. Leads still enter, and wait."""
    one = one_of(automation, center)
    if not reason.strip():
        raise WrongUse("--reason: say why; whoever finds the leads held will ask")
    why = (by or operator(), reason)
    if number := _wave(one, wave):
        halted = _run(lambda here: halt_one(here, one, number, why))
        answer(as_json, halted, halted_lines(halted))
        return

    async def work(here: Opened) -> dict[str, Any]:
        where = await _where(here, one, center)
        is_new = await halt(here.ledger, where, one or None, why)
        return {"center": where, "automation": one or None, "halted": True, "is_new": is_new}

    document = _run(work)
    said = "halted; no message begins any more" if document["is_new"] else "was halted before"
    answer(as_json, document, [f"{_name(one, center)}: {said}"])


@verbs.command("release")
def release_command(
    automation: OrNone = None,
    center: Center = None,
    wave: OfWave = None,
    reason: Why = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Lift a halt: the leads it held go on, a few at a time. Or release the next wave now."""
    one = one_of(automation, center)
    why = (by or operator(), reason)
    if number := _wave(one, wave):
        released = _run(lambda here: release_one(here, one, number, why))
        answer(as_json, released, released_lines(released))
        return

    async def work(here: Opened) -> dict[str, Any]:
        where = await _where(here, one, center)
        names = await lift(here.ledger, where, one or None, why)
        if names is None:
            raise Refused(f"{_name(one, center)}: is not halted, so there is nothing to release")
        released = sum([await let_held_go(here, name) for name in names])
        async with here.ledger.reading() as tx:
            rest = [row["automation"] for row in await halts_of(tx, where)]
        done = {"center": where, "automation": one or None, "halted": False}
        return done | {"released": released, "still_halted": rest}

    document = _run(work)
    lines = [f"{_name(one, center)}: released"]
    if document["released"]:
        lines.append(f"{document['released']} leads that were held go on, a few at a time")
    if document["still_halted"]:
        lines.append(f"still halted in the center: {', '.join(document['still_halted'])}")
    answer(as_json, document, lines)


def _wave(automation: str, wave: int | None) -> int:
    """The wave that is meant; 0 if none is.

    Raises:
        WrongUse: a wave of a whole center.
    """
    if wave and not automation:
        raise WrongUse("--wave: goes with an AUTOMATION, whose launch the wave is of")
    return wave or 0


async def _where(here: Opened, automation: str, center: str | None) -> str:
    """The center that is meant."""
    if center:
        await center_known(here, center)
        return center
    async with here.ledger.reading() as tx:
        return (await newest_version(tx, automation)).center


def _name(automation: str, center: str | None) -> str:
    return f"center {center}" if center else automation


def _run(work: Callable[[Opened], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with opened() as here:
            return await work(here)

    return asyncio.run(run())
