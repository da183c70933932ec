"""Enrolling on the command line: one lead, or a file with progress, summary and rejected rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import JsonValue
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from activities.dispatch import enroll
from activities.ledger import LedgerUnavailable
from activities.ledger.admissions import Request
from activities.ledger.leads import as_sample, new_lead
from activities.ledger.lifecycle import find_obstacle_to_entry
from activities.ledger.publishing import newest_version
from starters.commands.opened import Opened, opened
from starters.commands.output import Refused, WrongUse, table, tell
from starters.leads.file import LeadFile, UnreadableFile, examine
from starters.leads.importing import Import, Importer, Outcome, Tally
from starters.leads.rejected import RejectedRows
from starters.leads.rows import Row, read_rows

TELL_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class FromFile:
    """What to import. ``again`` is empty, or a name for one more import of the same file.

    ``sample`` is empty, or the name of the test that the leads are samples for.
    """

    automation: str
    file: Path
    rejected: Path | None = None
    again: str = ""
    sample: str = ""

    @property
    def rejected_path(self) -> Path:
        """Where rows that did not enter are written."""
        return self.rejected or self.file.with_name(f"{self.file.name}.rejected.csv")


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What became of a file. Rows ``rejected`` could not be read; ``refused`` is by reason."""

    automation: str
    file: str
    encoding: str
    rows: int
    entered: int
    entered_before: int
    queued: int
    refused: Mapping[str, int]
    rejected: int
    not_started: int
    rejected_file: str | None
    temporal: str


@dataclass(frozen=True, slots=True)
class OneEnrolled:
    """What became of one lead; not ``started`` while Temporal cannot be reached: ``why_not``."""

    enrollment: str
    entry: int | None
    queued: bool
    started: bool
    why_not: str


async def enroll_one(
    automation: str, lead: str | None, fields: Mapping[str, JsonValue], sample: str = ""
) -> OneEnrolled:
    """Enroll one lead; with ``sample``, the name of a test, a sample of it.

    Raises:
        Refused: it may not enter; the message says why.
        BadLead: its id, address or zone is none.
    """
    async with opened() as here:
        center = await _center_of_enabled(here, automation, sample=bool(sample))
        client = await here.client_if_up()
        wanted = new_lead(here.ledger, center, fields, lead)
        wanted = as_sample(here.ledger, wanted, sample) if sample else wanted
        request = Request(automation, wanted, cause=f"command:{uuid4().hex}")
        done = await enroll(here.ledger, client, request, here.connections)
        if done.refused:
            raise Refused(f"{wanted.lead}: does not enter {automation}: {done.refused}")
        why_not = here.why_no_client or "a worker starts it within seconds"
        return OneEnrolled(done.enrollment, done.entry, done.queued, done.started, why_not)


async def enroll_file(wanted: FromFile) -> FileSummary:
    """Enroll a file, with progress on standard error.

    Raises:
        Refused: the automation lets nobody in, or nothing can be read of the file.
        LedgerUnavailable: the ledger gave out; the same command goes on from there.
    """
    if wanted.rejected_path.resolve() == wanted.file.resolve():
        raise WrongUse("--rejected names the file of leads itself: it would be overwritten")
    try:
        file = examine(wanted.file)
        columns, rows = read_rows(file)
    except UnreadableFile as error:
        raise Refused(str(error)) from error
    if file.note:
        tell(file.note)
    async with opened() as here:
        center = await _center_of_enabled(here, wanted.automation, sample=bool(wanted.sample))
        client = await here.client_if_up()
        if client is None:
            tell(f"leads enter now and are started by a worker later: {here.why_no_client}")
        plan = Import(wanted.automation, center, file, wanted.again, wanted.sample)
        tally, rejected = Tally(), RejectedRows(wanted.rejected_path, columns)
        with rejected:
            await _import(Importer(here, client, plan), rows, _Ear(tally, rejected, file))
        rejected_file = str(rejected.path) if rejected.count else None
        return _summary(wanted, file, tally, rejected_file, here.why_no_client)


async def _center_of_enabled(here: Opened, automation: str, *, sample: bool) -> str:
    """The automation's center. Asked first, because a row is answered once and for all."""
    async with here.ledger.reading() as tx:
        version = await newest_version(tx, automation)
        obstacle = await find_obstacle_to_entry(here.ledger, tx, automation, sample=sample)
    if obstacle:
        raise Refused(f"{automation}: is {obstacle.what}: {obstacle.remedy}")
    sends = any(step.kind == "send_email" for step in version.definition.steps)
    if sample and sends and here.connections.of(version.center).samples is None:
        raise Refused(
            f"--sample: center {version.center!r} has no sample mailbox: write 'samples: "
            "{address: ...}' into it in the connections file"
        )
    return version.center


class _Ear:
    """Hears what became of rows: counts them, writes the rejected ones down, shows progress."""

    def __init__(self, tally: Tally, rejected: RejectedRows, file: LeadFile) -> None:
        self.tally = tally
        self._rejected = rejected
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self.progress.disable = not sys.stderr.isatty()
        self._task = self.progress.add_task("rows", total=file.lines)

    def __call__(self, outcomes: list[Outcome]) -> None:
        before = self.tally.rows
        for outcome in outcomes:
            self.tally.add(outcome)
            if outcome.fate in ("refused", "rejected"):
                self._rejected.add(outcome)
        self.progress.update(self._task, completed=self.tally.rows)
        if self.progress.disable and self.tally.rows // TELL_EVERY > before // TELL_EVERY:
            tell(f"{self.tally.rows} rows")


async def _import(importer: Importer, rows: Iterator[Row], ear: _Ear) -> None:
    try:
        with ear.progress:
            await importer.run(rows, ear)
    except UnreadableFile as error:
        raise Refused(f"{error} ({ear.tally.rows} rows before it were read)") from error
    except LedgerUnavailable as error:
        went = f"{ear.tally.rows} rows are done; the same command goes on from there"
        raise LedgerUnavailable(f"{error} ({went})") from error
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from error


def _summary(
    wanted: FromFile, file: LeadFile, tally: Tally, rejected_file: str | None, why_no_client: str
) -> FileSummary:
    return FileSummary(
        automation=wanted.automation,
        file=str(wanted.file),
        encoding=file.encoding,
        rows=tally.rows,
        entered=tally.fates["entered"],
        entered_before=tally.fates["entered before"],
        queued=tally.fates["queued"],
        refused=dict(tally.refused.most_common()),
        rejected=tally.fates["rejected"],
        not_started=tally.not_started,
        rejected_file=rejected_file,
        temporal=why_no_client or "answers",
    )


def file_lines(summary: FileSummary) -> Iterator[str | Table]:
    """The summary for people."""
    yield f"{summary.file} ({summary.encoding}) into {summary.automation}"
    counts = (
        ("rows", summary.rows),
        ("entered", summary.entered),
        ("entered before", summary.entered_before),
        ("wait for their lane", summary.queued),
        ("refused", sum(summary.refused.values())),
        ("rejected", summary.rejected),
    )
    yield table("", ("", ""), [row for row in counts if row[1] or row[0] in ("rows", "entered")])
    for reason, count in summary.refused.items():
        yield f"refused {count}: {reason}"
    if summary.rejected_file:
        yield f"the rows that did not enter, each with its reason: {summary.rejected_file}"
    if summary.not_started:
        yield f"{summary.not_started} are started by a worker's repair loop once Temporal answers"
