"""One rehearsal from its files to its summary."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.leads import BadLead, Lead, new_lead
from activities.ledger.wave_figures import FACTS
from starters.leads.file import examine
from starters.leads.rows import read_rows
from starters.leads.salesforce_ids import lead_id
from starters.rehearse.prospects import RandomProspects
from starters.rehearse.script import Script, ScriptedWorld
from starters.rehearse.watching import Watching, document_of
from workers.authoring import Templates
from workers.rehearsal.case import Play
from workers.rehearsal.engine_mode import EngineMode, Stage
from workers.rehearsal.waves import RehearsedWave
from workflows.engine.automation import Automation
from workflows.engine.steps.send_email import SendEmail

SECRET = "rehearsal"
"""Persons get the same ids in every rehearsal; they are compared within one only."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is rehearsed. Without a ``script``, prospects act by chance, by ``seed``."""

    automations: tuple[Automation, ...]
    templates: Templates
    connections: Connections
    begins: datetime
    script: Script | None = None
    seed: int = 0


@dataclass(slots=True)
class Roll:
    """The leads of a file, read as they are asked for; rows that are none are counted."""

    path: Path
    center: str
    rows: int = 0
    rejected: dict[int, str] = field(default_factory=dict)

    def leads(self, ledger: Ledger) -> Iterator[Lead]:
        """Every lead, in the order of the file.

        Raises:
            UnreadableFile: it is no file of leads.
        """
        _, rows = read_rows(examine(self.path))
        for row in rows:
            self.rows += 1
            try:
                if row.problem:
                    raise BadLead(row.problem)
                written = str(row.fields.get("id") or "")
                known = lead_id(written) if written else None
                lead = new_lead(ledger, self.center, row.fields, known)
            except BadLead as error:
                self.rejected[row.line] = str(error)
                continue
            yield lead


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal that is over; ``seconds`` is what it took. ``left_out`` are limits that leads
    share, which were not applied because each was alone. ``waves`` are those that were released,
    ``waiting`` how many leads were still to come."""

    piece: Piece
    roll: Roll
    watching: Watching
    seconds: float
    mode: str = "engine"
    left_out: tuple[str, ...] = ()
    waves: tuple[RehearsedWave, ...] = ()
    waiting: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """Everything for programs."""
        seen, piece = self.watching, self.piece
        timelines = {
            name: [document_of(case, line) for line in lines]
            for name, (case, lines) in seen.timelines.items()
        }
        return {
            "mode": self.mode,
            "automations": [one.id for one in piece.automations],
            "prospects": "script" if piece.script else f"random, seed {piece.seed}",
            "begins": piece.begins,
            "ends": seen.ends,
            "seconds": round(self.seconds, 3),
            "rows": self.roll.rows,
            "rejected": self.roll.rejected,
            "entered": seen.entered,
            "refused": seen.turned_away,
            "exits": seen.exits,
            "mails": seen.mails,
            "texts": seen.texts,
            "crm": seen.crm,
            "chat": seen.chat,
            "web": seen.web,
            "gate": seen.gate,
            "shared_limits_left_out": self.left_out,
            "waves": [told_of_wave(wave) for wave in self.waves],
            "waiting_for_a_wave": self.waiting,
            "surprises": {"counts": seen.surprises.counts, "examples": seen.surprises.examples},
            "timelines": timelines,
        }


Mode = Callable[[Piece, Roll, Watching], Coroutine[Any, Any, Rehearsed]]
"""How a piece is played."""


async def rehearse(piece: Piece, roll: Roll, watching: Watching) -> Rehearsed:
    """Play it through, all leads on one virtual clock.

    Raises:
        UnreadableFile: there is no file of leads.
    """
    world = world_of(piece)
    mode = EngineMode(Stage(piece.connections, world, watching), piece.begins)
    plays = [play_of(piece, automation) for automation in piece.automations]
    begun = perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        # Only for the ids of persons, which are reckoned with a ledger's key.
        ledger = await Ledger.open(f"sqlite:///{directory}/ledger.db", SECRET)
        try:
            mode.run(plays, roll.leads(ledger))
        finally:
            await ledger.close()
    launches = list(mode.launches.values())
    waves = tuple(wave for launch in launches for wave in launch.released)
    watching.surprises.look_at_the_end(mode.people.cases(), world.waiting)
    watching.surprises.look_at_waves(waves)
    watching.surprises.look_at_the_file(roll.rows, roll.rejected, watching.entered)
    waiting = sum(launch.waiting for launch in launches)
    seconds = perf_counter() - begun
    return Rehearsed(piece, roll, watching, seconds, waves=waves, waiting=waiting)


def told_of_wave(wave: RehearsedWave) -> dict[str, Any]:
    """A wave in numbers."""
    names = ("automation", "number", "size", "released_at", "entered", "mails")
    told = {name: getattr(wave, name) for name in names}
    told |= {name: wave.count(name) for name in sorted(set(FACTS.values()))}
    return told | {"halted_at": wave.halted_at, "why_halted": wave.why_halted}


def world_of(piece: Piece) -> ScriptedWorld | RandomProspects:
    """The script, or chance."""
    if piece.script:
        return ScriptedWorld(piece.script, piece.begins)
    return RandomProspects(piece.seed)


def play_of(piece: Piece, automation: Automation) -> Play:
    """One automation with the texts that it names."""
    names = [step.template for step in automation.steps if isinstance(step, SendEmail)]
    texts = {text.name: text for text in piece.templates.named(names)}
    window = automation.campaign.send_window if automation.campaign else None
    accounts = piece.connections.of(automation.center)
    zone = (window.zone if window else None) or accounts.zone
    begins = automation.campaign.active_from if automation.campaign else None
    return Play(automation, texts, max(piece.begins, begins or piece.begins), zone, accounts)
