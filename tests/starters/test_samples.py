"""The sample automations: each does in a rehearsal what it is there for."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.starters.commands import ROOT, Commands

AUTOMATIONS = ROOT / "config" / "automations"
MONDAY = "2026-03-02T09:00:00+01:00"


@dataclass(frozen=True, slots=True)
class Play:
    """What a sample is rehearsed with, and what must come of it."""

    name: str
    leads: str
    exits: dict[str, int]
    done: dict[str, int]
    """How often some lines are in the timelines of all leads: "kind step"."""
    waves: list[int] = field(default_factory=list)


PLAYS = [
    Play(
        "conversation-follow-up",
        "visitors",
        {"completed": 3},  # one of them left no address, and gets no mail
        {"crm call": 1, "chat tell": 1, "mail thanks": 1},
    ),
    Play(
        "missed-chat",
        "visitors",
        {"completed": 4},  # one of them left no address, and gets no mail
        {"mail sorry": 3, "chat tell": 4, "crm call-back": 7, "crm left": 3},
    ),
    Play(
        "speed-to-lead",
        "new",
        {"completed": 2, "custom_exit_criteria_met": 1, "reply_received": 1},
        {"crm in-turn": 3, "crm partner-desk": 1, "crm first-call": 4, "chat remind": 2},
    ),
    Play(
        "stale-re-engagement",
        "new",
        {"completed": 3, "unsubscribed": 1},
        {"mail still-there": 4, "mail one-more": 3, "crm log": 2, "chat warm": 1},
    ),
    Play(
        "booked-meetings",
        "booked",
        {"completed": 2},
        {"crm push": 2, "crm status": 2, "crm spring": 1, "crm others": 1},
    ),
    Play(
        "welcome-series",
        "members",
        {"completed": 1, "goal_reached": 1, "no_consent": 1},
        {"mail hello": 3, "mail tips": 2, "web account": 2, "mail offer": 1},
    ),
    Play(
        "cold-launch",
        "sample",
        {"completed": 42, "reply_received": 1},
        {"mail intro": 43, "mail reminder": 42, "chat warm": 1},
        [10, 11, 22],
    ),
    Play(
        "unresponsive",
        "new",
        {"completed": 3, "reply_received": 1},
        {"mail first": 4, "mail second": 4, "mail third": 3, "crm unresponsive": 3},
    ),
]


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_a_sample_does_in_a_rehearsal_what_it_is_there_for(cut_off: Commands, play: Play) -> None:
    done = cut_off(
        "rehearse",
        str(AUTOMATIONS / f"{play.name}.yaml"),
        "--engine",
        "--json",
        "--show=99",
        f"--from={MONDAY}",
        f"--leads={ROOT}/config/leads/{play.leads}.csv",
        f"--script={ROOT}/config/rehearsals/{play.name}.yaml",
    )
    assert done.status == 0, done.out
    timelines = done.document["timelines"].values()
    lines = Counter(f"{line['kind']} {line['step']}" for lines in timelines for line in lines)
    assert done.document["exits"] == play.exits
    assert {what: lines[what] for what in play.done} == play.done
    assert [wave["size"] for wave in done.document["waves"]] == play.waves


def rows_in(path: Path, pattern: str) -> set[str]:
    found = "".join(re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    return set(re.findall(r"\b[SXTU]\d?-\d\d\b", found))


@pytest.mark.parametrize("path", sorted(AUTOMATIONS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_sample_names_rows_that_work(path: Path) -> None:
    shown = rows_in(path, r"^# Shows (.*?)\.$")
    assert shown
    assert shown <= rows_in(ROOT / "docs" / "coverage.md", r"(.*)")


def test_every_sample_is_rehearsed() -> None:
    rehearsed = {play.name for play in PLAYS} | {"spring-outreach"}  # that one: test_rehearse.py
    assert {path.stem for path in AUTOMATIONS.glob("*.yaml")} == rehearsed
