"""Bookkeeping activities: admit, record, repin, close. Quick transactions, retried until done."""

from __future__ import annotations

from temporalio import activity

from activities.ledger import Ledger
from activities.ledger.admissions import Answer, Request, admit
from activities.ledger.connections import Connections
from activities.ledger.entries import close, find_entry, mark_running, record
from activities.ledger.leads import Lead, find_lead, locks_of_admission
from activities.ledger.publishing import NotPublished, newest_version
from activities.ledger.repinning import repin
from workflows.contracts import (
    Admission,
    AdmitRequest,
    CloseRequest,
    Recorded,
    RecordRequest,
    Repinned,
    RepinRequest,
    enrollment_id,
)


class Bookkeeping:
    """What an enrollment tells and asks the ledger."""

    def __init__(self, ledger: Ledger, connections: Connections) -> None:
        self._ledger = ledger
        self._connections = connections

    @activity.defn
    async def admit(self, request: AdmitRequest) -> Admission:
        """Admit a lead whose workflow was started by hand; it must be known to the ledger."""
        info = activity.info()
        right_id = enrollment_id(request.automation, request.lead)
        if info.workflow_id != right_id:
            return Admission(
                refused=f"start it under the workflow id {right_id}: it keeps leads "
                "from being inside twice"
            )
        lead = await self._lead_of(request)
        if isinstance(lead, str):
            return Admission(refused=lead)
        # The first run: a workflow that is reset asks again, and must get the same answer.
        wanted = Request(request.automation, lead, cause=f"run:{request.first_run}")
        shared = (f"automation:{request.automation}",)
        async with self._ledger.transaction(*locks_of_admission(lead), shared=shared) as tx:
            answer = await admit(self._ledger, tx, wanted, self._connections)
        if answer.start and answer.start.entry:
            run_id = info.workflow_run_id or ""
            await mark_running(self._ledger, right_id, answer.start.entry, run_id)
        return Admission(start=answer.start, refused=answer.refused or _not_now(answer))

    async def _lead_of(self, request: AdmitRequest) -> Lead | str:
        """The lead that a workflow was started for, or why it cannot be admitted."""
        async with self._ledger.reading() as tx:
            try:
                center = (await newest_version(tx, request.automation)).center
            except NotPublished as error:
                return str(error)
            lead = await find_lead(tx, center, request.lead)
        return lead or f"unknown lead {request.lead}: enroll it with its fields"

    @activity.defn
    async def record(self, request: RecordRequest) -> Recorded:
        """Record events that came as direct signals."""
        async with self._ledger.transaction(*await self._locks(request)) as tx:
            return await record(self._ledger, tx, request, self._connections)

    @activity.defn
    async def close(self, request: CloseRequest) -> Recorded:
        """End an entry; the answer is the exit that counts."""
        async with self._ledger.transaction(*await self._locks(request)) as tx:
            return await close(self._ledger, tx, request, self._connections)

    @activity.defn
    async def repin(self, request: RepinRequest) -> Repinned:
        """Pin an entry to the version that its workflow has moved to."""
        async with self._ledger.transaction(*await self._locks(request)) as tx:
            return await repin(self._ledger, tx, request)

    async def _locks(self, request: RecordRequest | RepinRequest) -> tuple[str, ...]:
        async with self._ledger.reading() as tx:
            entry = await find_entry(tx, request.enrollment, request.entry)
            lead = await find_lead(tx, entry["center"], entry["lead"]) if entry else None
        # Two persons, if the lead has got another address since: its mails lock the second one.
        persons = {entry["person"] if entry else "", lead.person if lead else ""} - {""}
        return tuple(f"person:{person}" for person in sorted(persons))


def _not_now(answer: Answer) -> str:
    return "its lane is busy: it is queued, and started when the lane is free" * answer.queued
