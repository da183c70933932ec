"""What a rehearsal leaves behind: counts of everything, timelines of a few, a file of all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from activities.ledger.leads import Lead
from starters.rehearse.surprises import Surprises
from workers.rehearsal.case import Case
from workers.rehearsal.story import Line


@dataclass(slots=True)
class Watching:
    """The audience. Timelines of the first ``show`` enrollments are kept; ``file`` gets all lines.

    Memory does not grow with what is told, only with the leads that are inside.
    """

    show: int
    file: IO[str] | None = None
    entered: int = 0
    exits: Counter[str] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    crm: Counter[str] = field(default_factory=Counter)
    web: Counter[str] = field(default_factory=Counter)
    gate: Counter[str] = field(default_factory=Counter)
    turned_away: Counter[str] = field(default_factory=Counter)
    chat: int = 0
    ends: datetime | None = None
    surprises: Surprises = field(default_factory=Surprises)
    timelines: dict[str, tuple[Case, list[Line]]] = field(default_factory=dict)

    def refused(self, automation: str, lead: Lead, reason: str) -> None:
        """Count one who may not enter."""
        self.turned_away[f"{automation}: {reason}"] += 1

    def let_in(self, case: Case) -> None:
        """Count one who enters. (The line of it may be lost: a timeline keeps the last 50.)"""
        self.entered += 1

    def told(self, case: Case, line: Line) -> None:
        """Count, keep and write down one line."""
        self.ends = max(self.ends, line.at) if self.ends else line.at
        self._count(case, line)
        self.surprises.look_at(case, line)
        self._keep(case, line)
        if self.file:
            said = document_of(case, line)
            self.file.write(json.dumps(said, ensure_ascii=False) + "\n")

    def _count(self, case: Case, line: Line) -> None:
        by_step = {"mail": self.mails, "sms": self.texts, "web": self.web}
        if line.kind in by_step:
            by_step[line.kind][f"{case.play.automation.id}/{line.step}"] += 1
        elif line.kind == "crm":
            self.crm[line.what] += 1
        elif line.kind == "gate":
            self.gate[f"{line.what.partition(': ')[2]}: {line.why.partition(', until')[0]}"] += 1
        elif line.kind == "chat":
            self.chat += 1
        elif line.what.startswith("exit: "):
            self.exits[line.what.removeprefix("exit: ")] += 1

    def _keep(self, case: Case, line: Line) -> None:
        name = case.state.enrollment
        kept = self.timelines.get(name)
        if kept is None and len(self.timelines) < self.show:
            kept = self.timelines[name] = (case, [])
        if kept:
            kept[1].append(line)


def document_of(case: Case, line: Line) -> dict[str, Any]:
    """One line for programs: virtual time in UTC, and local time with its offset."""
    return {
        "automation": case.play.automation.id,
        "lead": case.lead.lead,
        "at": line.at.isoformat(),
        "local": line.at.astimezone(ZoneInfo(case.zone)).isoformat(),
        "kind": line.kind,
        "step": line.step,
        "what": line.what,
        "why": line.why,
        "detail": line.detail,
    }


def lines_of(case: Case, lines: list[Line]) -> Iterator[str]:
    """A timeline for people; messages are indented below the line of their sending."""
    yield f"{case.state.enrollment}  (local time: {case.zone})"
    for line in lines:
        local = line.at.astimezone(ZoneInfo(case.zone))
        why = f"  ({line.why})" if line.why else ""
        when = f"{line.at:%Y-%m-%d %H:%M:%S}Z  {local:%a %H:%M}"
        yield f"  {when}  {line.step or '-':<16} {line.kind}: {line.what}{why}"
        yield from (f"      | {text}" for text in _told_below(line))
    yield ""


def _told_below(line: Line) -> Iterator[str]:
    detail = line.detail or {}
    if line.kind == "mail":
        yield f"To: {detail['to']}   Subject: {detail['subject']}"
    if line.kind == "sms":
        size = f"{detail['segments']} x {detail['encoding']}"
        yield f"To: {detail['to']}   Segments: {size}"
    if line.kind in ("mail", "sms", "chat"):
        yield from str(detail["text"]).rstrip().splitlines()
    if line.kind == "web":
        yield f"{detail.get('method', '')} {detail.get('url', detail.get('event', ''))}".strip()
        yield from str(detail.get("content") or detail.get("properties") or "").splitlines()
    if line.kind == "crm":
        written = detail.get("fields", detail)
        # The text of a Task is that of the mail, which stands right above it.
        fields = written if isinstance(written, dict) else {}
        short = {name: value for name, value in fields.items() if name != "Description"}
        yield f"{detail.get('object', '')} {json.dumps(short, ensure_ascii=False)}".strip()
