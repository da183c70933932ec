"""What halt and release do to one wave of a launch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from activities.ledger.launching import version_in_force
from activities.ledger.release import release_held_of_wave
from activities.ledger.wave_figures import Wave, figures_of
from activities.ledger.waves import halt_wave, lift_wave, look_again, release_next
from starters.commands.lifecycle import tell_first
from starters.commands.opened import Opened
from starters.commands.output import Refused
from starters.commands.selecting import wake

SHOWN = 20
"""Messages that are told one by one; --json has all of them."""


async def halt_one(
    here: Opened, automation: str, number: int, why: tuple[str, str]
) -> dict[str, Any]:
    """Halt a wave; what had left by then, and what is in flight.

    Raises:
        Refused: there is no such wave.
    """
    halted = await halt_wave(here.ledger, automation, number, why)
    if halted is None:
        raise Refused(f"{automation}: wave {number} has not been released (dripstone waves)")
    found = {"automation": automation, "wave": number, "halted": True}
    return found | asdict(halted)


async def release_one(
    here: Opened, automation: str, number: int, why: tuple[str, str]
) -> dict[str, Any]:
    """Let a halted wave go on, or release the next one now.

    Raises:
        Refused: it is neither.
    """
    async with here.ledger.reading() as tx:
        found = await figures_of(here.ledger, tx, automation)
    wave = next((one for one in found if one.number == number), None)
    document: dict[str, Any] = {"automation": automation, "wave": number, "halted": False}
    if wave:
        events = await _let_go_on(here, automation, wave, why)
        document |= {"released": len(events), "leads": wave.size, "is_next": False}
    else:
        size = await _release_next(here, automation, (number, found), why)
        document |= {"released": 0, "leads": size, "is_next": True}
    async with here.ledger.transaction() as tx:
        await look_again(here.ledger, tx, automation)
    await wake(here, automation)
    return document | {"temporal": here.why_no_client or "answers"}


async def _let_go_on(here: Opened, automation: str, wave: Wave, why: tuple[str, str]) -> list[str]:
    if not await lift_wave(here.ledger, automation, wave.number, why, wave.signs):
        raise Refused(f"{automation}: wave {wave.number} is not halted: nothing to release")
    events = await release_held_of_wave(here.ledger, automation, wave.number, here.connections)
    await tell_first(here, events)
    return events


async def _release_next(
    here: Opened, automation: str, about: tuple[int, list[Wave]], why: tuple[str, str]
) -> int:
    number, found = about
    halted = [wave.number for wave in found if wave.state == "HALTED"]
    if halted:
        raise Refused(f"{automation}: wave {halted[0]} is halted: release that one first")
    async with here.ledger.transaction(f"launch:{automation}") as tx:
        version = await version_in_force(tx, automation)
        if number != len(found) + 1:
            raise Refused(f"{automation}: the next wave is wave {len(found) + 1}")
        if await release_next(here.ledger, tx, version, why) is None:
            raise Refused(f"{automation}: nobody waits for a wave (dripstone waves {automation})")
        return (await figures_of(here.ledger, tx, automation))[-1].size


def halted_lines(document: Mapping[str, Any]) -> Iterator[str | Table]:
    """For people."""
    said = "halted; no message to its leads begins any more"
    said = said if document["is_new"] else f"was halted before, at {document['at']}"
    yield f"{document['automation']} wave {document['wave']}: {said}"
    yield f"{len(document['left'])} messages of it had left (--json lists them)"
    for one in document["in_flight"][:SHOWN]:
        yield f"may still leave within 30 seconds: {one['key']}"
    if len(document["in_flight"]) > SHOWN:
        yield f"and {len(document['in_flight']) - SHOWN} more"


def released_lines(document: Mapping[str, Any]) -> Iterator[str | Table]:
    """For people."""
    wave = f"{document['automation']} wave {document['wave']}"
    if document["is_next"]:
        yield f"{wave}: released, {document['leads']} leads"
    else:
        yield f"{wave}: goes on"
        yield f"{document['released']} leads that were held go on, a few at a time"
    if document["temporal"] != "answers":
        yield f"once Temporal is back: {document['temporal']}"
