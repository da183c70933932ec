"""Rehearsal: a campaign of weeks, by the engine alone (100,000 leads) and on a real server."""

from __future__ import annotations

import resource
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from starters.rehearse.on_server import rehearse_on_server
from starters.rehearse.rehearsing import Mode, Piece, Rehearsed, Roll, rehearse
from starters.rehearse.watching import Watching
from workers.accounts import load_connections
from workers.authoring import read_templates
from workflows.engine.automation import Automation

CONFIG = Path(__file__).parents[1] / "config"
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "")
ENGINE_LEADS = (200, 100_000)
SERVER_LEADS = 200
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

    mode: str
    leads: int
    mails: int
    surprises: int
    days: float
    seconds: float
    peak_mb: float


async def measure() -> list[Rehearsal]:
    """Rehearse the campaign by the engine alone, few leads and many, and few on a server."""
    few, many = [await _one(rehearse, leads) for leads in ENGINE_LEADS]
    return [few, await _one(rehearse_on_server, SERVER_LEADS), many]


async def _one(play: Mode, leads: int) -> Rehearsal:
    automation = Automation.model_validate(yaml.safe_load(CAMPAIGN))
    templates = read_templates(CONFIG / "templates")
    connections = load_connections(CONFIG / "connections.yaml")
    # The server's clock cannot be put back, so it begins soon; on a Monday, so that runs compare.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = today + timedelta(days=7 - today.weekday())
    piece = Piece((automation,), templates, connections, begins, seed=1)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "leads.csv"
        file.write_text("\n".join(["id,email,first_name,company,zone", *_rows(leads)]) + "\n")
        return _figures(await play(piece, Roll(file, automation.center), Watching(show=0)), leads)


def _rows(leads: int) -> list[str]:
    return [
        f"bench-{n},lead{n}@quarry{n % 997}.example,Ada {n},Quarry {n},{ZONES[n % len(ZONES)]}"
        for n in range(leads)
    ]


def _figures(done: Rehearsed, leads: int) -> Rehearsal:
    seen = done.watching
    days = (seen.ends - done.piece.begins).total_seconds() / 86400 if seen.ends else 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / 1024 if sys.platform != "darwin" else peak / 1024 / 1024
    surprises = seen.surprises.counts.total()
    return Rehearsal(done.mode, leads, seen.mails.total(), surprises, days, done.seconds, peak_mb)
