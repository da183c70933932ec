"""How the demo ends: the report, as tables for people or as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from starters.demo.promises import Kept, Play
from starters.demo.sight import Sight


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that is told at the end. ``late`` says that the demo gave up waiting."""

    play: Play
    sight: Sight
    kept: list[Kept]
    seconds: float
    late: bool

    @property
    def is_good(self) -> bool:
        """Whether all that was promised happened."""
        return not self.late and all(one.holds for one in self.kept)


def as_document(outcome: Outcome, addresses: Mapping[str, str]) -> dict[str, Any]:
    """The outcome for tools."""
    report = asdict(outcome.sight.report)
    rejected = outcome.play.audience.rejected
    return {
        "ok": outcome.is_good,
        "seconds": round(outcome.seconds, 1),
        "report": report,
        "rejected": [{"line": line, "why": why} for line, why in sorted(rejected.items())],
        "promises": [
            {"promise": one.promise, "kept": one.holds, "against": list(one.against)}
            for one in outcome.kept
        ],
        "addresses": dict(addresses),
    }


def print_outcome(console: Console, outcome: Outcome) -> None:
    """The outcome for people."""
    console.print()
    _print_table(console, "What became of the leads", _numbers(outcome))
    lines = ((f"line {n}", why) for n, why in sorted(outcome.play.audience.rejected.items()))
    _print_table(console, "Rows of the file that were turned away", lines)
    _print_table(console, "Still inside, held", _held(outcome))
    unknown = ((one.lead, f"{one.key}: {one.reason}") for one in outcome.sight.report.unknown)
    _print_table(console, "Perhaps sent, perhaps not: for a person to look at", unknown)
    _print_table(console, "What was promised", _promises(outcome.kept))
    took = f"{outcome.seconds:.0f} s"
    if outcome.is_good:
        console.print(f"All of it happened, in {took}.", style="bold green")
    elif outcome.late:
        console.print(f"Not finished after {took}: see the lines marked FAILED.", style="bold red")
    else:
        console.print("Not all of it happened: see the lines marked FAILED.", style="bold red")


def _numbers(outcome: Outcome) -> Iterator[tuple[str, str]]:
    report = outcome.sight.report
    yield "entered", str(report.entered)
    yield "mails sent", str(report.sent)
    yield "replied", str(report.replied)
    yield "bounced", str(report.bounced)
    yield "unsubscribed", str(report.unsubscribed)
    yield "meetings", str(report.meetings)
    yield "out of office", str(report.out_of_office)
    for reason, number in report.exits.items():
        yield f"exit: {reason.replace('_', ' ')}", str(number)
    yield "held", str(len(report.held))
    yield "unknown", str(len(report.unknown))
    for activity, states in report.writebacks.items():
        told = ", ".join(f"{number} {state.lower()}" for state, number in states.items())
        yield f"Salesforce: {activity.replace('_', ' ')}", told


def _held(outcome: Outcome) -> Iterator[tuple[str, str]]:
    names = outcome.play.audience.names
    for one in outcome.sight.report.held:
        until = f"until {one.until:%A, %d %B %Y}" if one.until else "until the cause is removed"
        yield names.get(one.lead, one.lead), f"{one.cause}, {until}"


def _promises(kept: list[Kept]) -> Iterator[tuple[str, str]]:
    for one in kept:
        yield "ok" if one.holds else "FAILED", one.promise
        yield from (("", f"  {what}") for what in one.against[:5])


def _print_table(console: Console, title: str, rows: Iterator[tuple[str, str]]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for first, second in rows:
        style = {"ok": "green", "FAILED": "bold red"}.get(first, "")
        table.add_row(Text(first, style=style), Text(second))
    if table.row_count:
        console.print(table)
        console.print()
