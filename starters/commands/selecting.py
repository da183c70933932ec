"""Selecting the audience of a campaign from a file of leads, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from temporalio.service import RPCError

from activities.ledger.launching import version_in_force, within_hours
from activities.ledger.leads import BadLead, Lead, new_lead
from activities.ledger.lifecycle import find_obstacle
from activities.ledger.publishing import Version
from activities.ledger.selecting import Selected, Selection, open_launch, select_leads
from activities.ledger.waves import WAITING, audience_counts, waves_of, waves_of_version
from starters.commands.opened import Opened, opened
from starters.commands.output import Refused, tell
from starters.leads.file import UnreadableFile, examine
from starters.leads.importing import Outcome
from starters.leads.rejected import RejectedRows
from starters.leads.rows import Row, read_rows
from starters.leads.salesforce_ids import lead_id
from workers.launching import wake_launch
from workflows.engine.waves import Waves

CHUNK = 100
TELL_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class FromFile:
    """What to launch with. ``dry_run`` writes nothing; ``again`` judges the turned-away anew."""

    automation: str
    file: Path
    rejected: Path | None
    by: str
    again: bool = False
    dry_run: bool = False

    @property
    def rejected_path(self) -> Path:
        """Where rows that were not selected are written."""
        return self.rejected or self.file.with_name(f"{self.file.name}.rejected.csv")


@dataclass(slots=True)
class Tally:
    """What became of the rows so far; those ``rejected`` could not be read."""

    rows: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)


async def launch_file(wanted: FromFile) -> dict[str, Any]:
    """Select, and have the waves released.

    Raises:
        Refused: the campaign lets nobody in or has no waves, or the file cannot be read.
        LedgerUnavailable: the ledger gave out; the same command goes on from there.
    """
    async with opened() as here:
        version = await _version(here, wanted)
        selection = Selection(
            version, here.connections, wanted.by, wanted.again, keep=not wanted.dry_run
        )
        tally, rejected_file = await _select_file(here, selection, wanted)
        if selection.keep:
            await wake(here, wanted.automation)
        return {
            "automation": wanted.automation,
            "version": version.version,
            "file": str(wanted.file),
            "dry_run": wanted.dry_run,
            "rows": tally.rows,
            **{name: tally.fates[name] for name in ("selected", "known", "rejected")},
            "excluded": dict(tally.excluded.most_common()),
            "rejected_file": rejected_file,
            "waves": await _ahead(here, version, tally.fates["selected"] * wanted.dry_run),
            "temporal": here.why_no_client or "answers",
        }


async def _select_file(
    here: Opened, selection: Selection, wanted: FromFile
) -> tuple[Tally, str | None]:
    """Go through the file; what became of its rows, and where those not selected are."""
    tally = Tally()
    try:
        file = examine(wanted.file)
        columns, rows = read_rows(file)
        if file.note:
            tell(file.note)
        if selection.keep:
            await open_launch(here.ledger, selection)
        rejected = RejectedRows(wanted.rejected_path, columns)
        with rejected:
            await _select(here, selection, rows, (tally, rejected))
    except UnreadableFile as error:
        after = f" ({tally.rows} rows before it were read)" if tally.rows else ""
        raise Refused(f"{error}{after}") from error
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from error
    return tally, str(rejected.path) if rejected.count else None


async def wake(here: Opened, automation: str) -> None:
    """Have the launch looked at now; if Temporal is down, the repair loop does it later."""
    client = await here.client_if_up()
    if client is None:
        return
    try:
        await wake_launch(client, automation)
    except RPCError as error:
        here.why_no_client = error.message


async def _version(here: Opened, wanted: FromFile) -> Version:
    automation = wanted.automation
    async with here.ledger.reading() as tx:
        version = await version_in_force(tx, automation)
        obstacle = await find_obstacle(here.ledger, tx, automation)
    if waves_of_version(version) is None:
        raise Refused(
            f"{automation}: its campaign block has no waves: write 'waves: {{}}' into it, or let "
            f"everybody in at once with dripstone enroll {automation} --file"
        )
    if obstacle and not wanted.dry_run:
        raise Refused(f"{automation}: is {obstacle.what}: {obstacle.remedy}")
    return version


async def _select(
    here: Opened, selection: Selection, rows: Iterator[Row], ears: tuple[Tally, RejectedRows]
) -> None:
    tally, rejected = ears
    while chunk := list(islice(rows, CHUNK)):
        leads = [(row, _read(here, selection.version.center, row)) for row in chunk]
        readable = [(row, lead) for row, lead in leads if isinstance(lead, Lead)]
        done = await select_leads(here.ledger, selection, [lead for _, lead in readable])
        fates = {row.line: one for (row, _), one in zip(readable, done, strict=True)}
        before = tally.rows
        for row, lead in leads:
            one = fates[row.line] if isinstance(lead, Lead) else lead
            _count(tally, rejected, row, one)
        if tally.rows // TELL_EVERY > before // TELL_EVERY:
            tell(f"{tally.rows} rows")


def _count(tally: Tally, rejected: RejectedRows, row: Row, one: Selected | str) -> None:
    tally.rows += 1
    if isinstance(one, str):
        tally.fates["rejected"] += 1
        rejected.add(Outcome(row, "rejected", one))
        return
    tally.fates[one.fate] += 1
    if one.fate == "excluded":
        # Rows are named in the file of rejected rows; here they would be a line each.
        tally.excluded[one.reason.partition(" as ")[0]] += 1
        rejected.add(Outcome(row, "refused", one.reason))


def _read(here: Opened, center: str, row: Row) -> Lead | str:
    if row.problem:
        return row.problem
    try:
        written = str(row.fields.get("id") or "")
        return new_lead(here.ledger, center, row.fields, lead_id(written) if written else None)
    except BadLead as error:
        return str(error)


async def _ahead(here: Opened, version: Version, more: int) -> Sequence[dict[str, Any]]:
    """The waves to come, and before when none of them is released; ``more`` would be selected."""
    plan = waves_of_version(version) or Waves()
    async with here.ledger.reading() as tx:
        counts = await audience_counts(tx, version.automation)
        released = await waves_of(tx, version.automation)
        now = await here.ledger.now(tx)
    everybody = sum(counts.values()) - counts.get("excluded", 0) + more
    sizes = plan.ahead(len(released), everybody, counts.get(WAITING, 0) + more)
    due: datetime = max((row["changed_at"] + plan.spacing for row in released), default=now)
    found = []
    for number, size in enumerate(sizes, start=len(released) + 1):
        due = within_hours(plan, here.connections.of(version.center), max(due, now))
        by_hand = plan.release == "by_hand" and number > 1
        found.append({"number": number, "size": size, "not_before": None if by_hand else due})
        due += plan.spacing
    return found
