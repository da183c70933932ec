"""Rehearsal in engine mode: 100,000 random prospects and a campaign of weeks on one clock."""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from starters.rehearse.rehearsing import Piece, Rehearsed, Roll, rehearse
from starters.rehearse.watching import Watching
from workers.accounts import load_connections
from workers.authoring import read_templates
from workflows.engine.automation import Automation

CONFIG = Path(__file__).parents[1] / "config"
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "")
SIZES = (200, 100_000)
BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
CAMPAIGN = """\
id: rehearsed
name: Three mails in up to 60 days, in business hours
trigger: {kind: manual}
campaign: {engagement_window: 60 days}
steps:
  - {id: intro, kind: send_email, template: intro}
  - {id: pause, kind: wait, for: 3 days}
  - {id: more, kind: send_email, template: follow_up}
  - {id: viewed, kind: wait_for, events: [prices_viewed], timeout: 20 days}
  - {id: last, kind: send_email, template: last_note}
  - {id: hope, kind: wait_for, events: [prices_viewed], timeout: 30 days}
"""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What one rehearsal took. ``peak_mb`` is the largest this process has been."""

    leads: int
    mails: int
    surprises: int
    days: float
    seconds: float
    peak_mb: float


def measure(sizes: tuple[int, ...] = SIZES) -> list[Rehearsal]:
    """Rehearse the campaign for so many leads each time, smallest first."""
    return [_one(leads) for leads in sorted(sizes)]


def _one(leads: int) -> Rehearsal:
    automation = Automation.model_validate(yaml.safe_load(CAMPAIGN))
    templates = read_templates(CONFIG / "templates")
    connections = load_connections(CONFIG / "connections.yaml")
    piece = Piece((automation,), templates, connections, BEGINS, seed=1)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "leads.csv"
        file.write_text("\n".join(["id,email,first_name,company,zone", *_rows(leads)]) + "\n")
        roll, watching = Roll(file, automation.center), Watching(show=0)
        return _figures(asyncio.run(rehearse(piece, roll, watching)), leads)


def _rows(leads: int) -> list[str]:
    return [
        f"bench-{n},lead{n}@quarry{n % 997}.example,Ada {n},Quarry {n},{ZONES[n % len(ZONES)]}"
        for n in range(leads)
    ]


def _figures(done: Rehearsed, leads: int) -> Rehearsal:
    seen = done.watching
    days = (seen.ends - BEGINS).total_seconds() / 86400 if seen.ends else 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / 1024 if sys.platform != "darwin" else peak / 1024 / 1024
    surprises = seen.surprises.counts.total()
    return Rehearsal(leads, seen.mails.total(), surprises, days, done.seconds, peak_mb)
