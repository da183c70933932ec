"""Rehearsing on a real server of its own: the real workflow and activities, each lead alone."""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from temporalio.client import Client

from activities.ledger import Ledger
from activities.ledger.leads import Lead
from activities.ledger.publishing import publish, set_state
from starters.processes.devserver import NAMESPACE, dev_server
from starters.rehearse.alone import shared_limits, without_shared_limits
from starters.rehearse.rehearsing import Piece, Rehearsed, Roll, play_of, world_of
from starters.rehearse.surprises import Surprise
from starters.rehearse.watching import Watching
from workers.plugin import dripstone_plugin
from workers.rehearsal.case import Case, Play
from workers.rehearsal.foreseen import foresee
from workers.rehearsal.retold import retell
from workers.rehearsal.server_mode import SERVER_FLAGS, Theatre, play_lead, theatre
from workers.rehearsal.story import Surroundings
from workers.rehearsal.virtual import VirtualLedger, outside
from workflows.contracts import Ending
from workflows.presentation import SEARCH_ATTRIBUTES

AT_ONCE = 20
PATIENCE_SECONDS = 300
"""Real time that one lead may take."""


@dataclass(frozen=True, slots=True)
class _Evening:
    """What one rehearsal needs at every lead."""

    theatre: Theatre
    play: Play
    world: Surroundings
    watching: Watching
    room: asyncio.Semaphore


async def rehearse_on_server(piece: Piece, roll: Roll, watching: Watching) -> Rehearsed:
    """Play the one automation of ``piece`` through.

    Raises:
        DevServerError: the server is not installed or does not start.
    """
    # A vendor that is down is part of the play, and no news for whoever reads logs.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
    begun = perf_counter()
    # What is loaded stays until the end: looking for garbage in it, again and again, took a tenth
    # of the time.
    gc.freeze()
    attributes = {key.name: "Keyword" for key in SEARCH_ATTRIBUTES}
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        ledger = await VirtualLedger.open(f"sqlite:///{directory}/ledger.db", "rehearsal")
        try:
            async with dev_server(
                directory / "server",
                search_attributes=attributes,
                port=0,
                ui_port=0,
                extra=SERVER_FLAGS,
            ) as server:
                await _perform(without_shared_limits(piece), roll, watching, ledger, server.address)
        finally:
            await ledger.close()
            gc.unfreeze()
    seconds, left_out = perf_counter() - begun, tuple(shared_limits(piece))
    return Rehearsed(piece, roll, watching, seconds, "server", left_out)


async def _perform(
    piece: Piece, roll: Roll, watching: Watching, ledger: Ledger, address: str
) -> None:
    automation, world = piece.automations[0], world_of(piece)
    play = play_of(piece, automation)
    outside.set(piece.begins)
    await publish(ledger, automation, "", list(play.templates.values()), "rehearsal")
    await set_state(ledger, automation.id, "enabled", "rehearsal")
    # Not `connect`: namespace and keys of this machine's profile belong to another server.
    client = await Client.connect(address, namespace=NAMESPACE, plugins=[dripstone_plugin()])
    async with theatre(ledger, piece.connections, client, world) as here:
        evening = _Evening(here, play, world, watching, asyncio.Semaphore(AT_ONCE))
        async with asyncio.TaskGroup() as group:
            for lead in roll.leads(ledger):
                group.create_task(_one(evening, lead))
    for name in sorted(world.waiting):
        watching.surprises.note_absence(name)
    watching.surprises.look_at_the_file(roll.rows, roll.rejected, watching.entered)


async def _one(evening: _Evening, lead: Lead) -> None:
    async with evening.room:
        here, play = evening.theatre, evening.play
        fate = foresee(play, lead, here.connections, evening.world)
        automation = play.automation.id
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                ending = await play_lead(here, automation, lead, fate)
        except TimeoutError:
            ending = None
        if ending and ending.refused:
            evening.watching.refused(automation, lead, ending.refused)
            return
        case = Case.of(play, lead, play.begins)
        evening.watching.let_in(case)
        for line in await retell(here.ledger, lead, ending or Ending()):
            evening.watching.told(case, line)
        if ending is None:
            what = "never leaves: look at it with a script, or with --engine"
            evening.watching.surprises.note(Surprise("lead_stuck", lead.lead, None, "", what))
