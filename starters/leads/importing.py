"""Enrolling a whole file of leads: bounded, safe to repeat, and going on where it was cut off.

Each row is asked for under an id of its own, made of the automation, the content of the file and
the row's line: the ledger answers a row once, so that a second run only does what is left.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Literal

from temporalio.client import Client

from activities.dispatch import enroll
from activities.ledger.admissions import Request
from activities.ledger.leads import BadLead, Lead, as_sample, new_lead
from activities.ledger.listing import Answered, answers_to, entered_by
from starters.commands.opened import Opened
from starters.leads.file import LeadFile
from starters.leads.rows import Row
from starters.leads.salesforce_ids import lead_id

AT_ONCE = 20
CHUNK = 400
STARTS_MISSED = 3
"""After so many starts that Temporal did not take, the rest is left to the repair loop."""

Fate = Literal["entered", "entered before", "queued", "refused", "rejected"]


@dataclass(frozen=True, slots=True)
class Import:
    """One file for one automation. ``again`` makes another import of the same file.

    ``sample`` is empty, or the name of the test that its leads are samples for.
    """

    automation: str
    center: str
    file: LeadFile
    again: str = ""
    sample: str = ""

    @property
    def prefix(self) -> str:
        """What the causes of all its rows begin with."""
        text = "\n".join((self.automation, self.file.digest, self.again))
        return f"import:{sha256(text.encode()).hexdigest()[:24]}:"

    def cause(self, row: Row) -> str:
        """The id under which a row asks for its admission."""
        return f"{self.prefix}{row.line}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row, and why. ``started``: its workflow has been started, too."""

    row: Row
    fate: Fate
    reason: str = ""
    started: bool = True


@dataclass(slots=True)
class Tally:
    """What became of all rows so far."""

    rows: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    not_started: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one more row."""
        self.rows += 1
        self.fates[outcome.fate] += 1
        if outcome.fate == "refused":
            # Rows are named in the file of rejected rows; here they would be a line each.
            alike = outcome.reason.partition(" as line ")[0]
            self.refused[alike] += 1
        self.not_started += not outcome.started


class Importer:
    """Enrolls rows, some at a time; rows of one person one after the other, in their order."""

    def __init__(self, here: Opened, client: Client | None, plan: Import) -> None:
        self._here = here
        self._client = client
        self._plan = plan
        self._missed = 0
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, rows: Iterable[Row], told: Callable[[list[Outcome]], None]) -> None:
        """Enroll all rows; ``told`` hears of them in their order.

        Raises:
            LedgerUnavailable: the ledger gave out; a second run goes on from there.
        """
        for chunk in _chunks(iter(rows)):
            told(await self._enroll(chunk))

    async def _enroll(self, rows: Sequence[Row]) -> list[Outcome]:
        async with self._here.ledger.reading() as tx:
            before = await answers_to(tx, [self._plan.cause(row) for row in rows])
        outcomes: dict[int, Outcome] = {}
        by_person: dict[str, list[tuple[Row, Lead]]] = defaultdict(list)
        for row in rows:
            lead = self._read(row)
            answered = before.get(self._plan.cause(row))
            if isinstance(lead, Outcome):
                outcomes[row.line] = lead
            elif answered and self._is_settled(answered):
                outcomes[row.line] = _as_before(row, answered)
            else:
                by_person[lead.person].append((row, lead))
        people = (self._one_by_one(those, before) for those in by_person.values())
        for some in await asyncio.gather(*people):
            outcomes |= {outcome.row.line: outcome for outcome in some}
        return [outcomes[row.line] for row in rows]

    def _is_settled(self, answered: Answered) -> bool:
        """Whether there is nothing left to do: all but starting what was admitted only."""
        return not answered.refused and (answered.state != "ADMITTED" or self._client is None)

    def _read(self, row: Row) -> Lead | Outcome:
        if row.problem:
            return Outcome(row, "rejected", row.problem)
        try:
            written = str(row.fields.get("id") or "")
            lead = lead_id(written) if written else None
            found = new_lead(self._here.ledger, self._plan.center, row.fields, lead)
            sample = self._plan.sample
            return as_sample(self._here.ledger, found, sample) if sample else found
        except BadLead as error:
            return Outcome(row, "rejected", str(error))

    async def _one_by_one(
        self, rows: Sequence[tuple[Row, Lead]], before: dict[str, Answered]
    ) -> list[Outcome]:
        async with self._room:
            return [await self._one(row, lead, before) for row, lead in rows]

    async def _one(self, row: Row, lead: Lead, before: dict[str, Answered]) -> Outcome:
        answered = before.get(self._plan.cause(row))
        if answered and answered.refused:
            return Outcome(row, "refused", await self._why(row, lead, answered.refused))
        request = Request(self._plan.automation, lead, self._plan.cause(row))
        enrolled = await enroll(self._here.ledger, self._client, request, self._here.connections)
        if enrolled.refused:
            return Outcome(row, "refused", await self._why(row, lead, enrolled.refused))
        if enrolled.queued:
            return Outcome(row, "queued")
        self._watch(enrolled.started)
        fate: Fate = "entered" if enrolled.is_new else "entered before"
        return Outcome(row, fate, started=enrolled.started)

    def _watch(self, started: bool) -> None:
        """Each start that Temporal does not take costs seconds: do not wait for a million."""
        self._missed = 0 if started else self._missed + 1
        if self._missed >= STARTS_MISSED:
            self._client = None

    async def _why(self, row: Row, lead: Lead, reason: str) -> str:
        """The refusal; of a second row of one person it is that the first one has entered."""
        async with self._here.ledger.reading() as tx:
            cause = await entered_by(tx, self._plan.automation, lead.person, self._plan.prefix)
        first = cause.removeprefix(self._plan.prefix) if cause else str(row.line)
        return reason if first == str(row.line) else f"same person as line {first}"


def _as_before(row: Row, answered: Answered) -> Outcome:
    if answered.state == "QUEUED":
        return Outcome(row, "queued")
    return Outcome(row, "entered before", started=answered.state != "ADMITTED")


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
