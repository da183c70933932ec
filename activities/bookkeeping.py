"""Bookkeeping activities: admit, record, close. Quick ledger transactions, retried until done."""

from __future__ import annotations

from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.admissions import Request, admit
from activities.ledger.connections import Connections
from activities.ledger.entries import close, find_entry, mark_running, record
from activities.ledger.leads import find_lead
from activities.ledger.publishing import NotPublished, newest_version
from activities.vendors.ports import Never
from workflows.contracts import Admission, AdmitRequest, CloseRequest, Recorded, RecordRequest


class Bookkeeping:
    """What an enrollment tells and asks the ledger."""

    def __init__(self, ledger: Ledger, connections: Connections) -> None:
        self._ledger = ledger
        self._connections = connections

    @activity.defn
    async def admit(self, request: AdmitRequest) -> Admission:
        """Admit a lead whose workflow was started by hand; it must be known to the ledger."""
        info = activity.info()
        run_id = info.workflow_run_id or ""
        center = await center_of(self._ledger, request.automation)
        async with self._ledger.transaction(f"automation:{request.automation}") as tx:
            lead = await find_lead(tx, center, request.lead)
            if lead is None:
                return Admission(refused=f"unknown lead {request.lead}: enroll it with its fields")
            wanted = Request(request.automation, lead, cause=f"run:{run_id}")
            answer = await admit(self._ledger, tx, wanted, self._connections)
        if answer.start and answer.start.entry:
            await mark_running(self._ledger, info.workflow_id or "", answer.start.entry, run_id)
        return Admission(start=answer.start, refused=answer.refused)

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

    async def _locks(self, request: RecordRequest) -> tuple[str, ...]:
        async with self._ledger.reading() as tx:
            entry = await find_entry(tx, request.enrollment, request.entry)
        return (f"person:{entry['person']}",) if entry else ()


async def center_of(ledger: Ledger, automation: str) -> str:
    """The center of an automation's newest version.

    Raises:
        ApplicationError: of type ``Never``: it is not published.
    """
    try:
        async with ledger.reading() as tx:
            return (await newest_version(tx, automation)).center
    except NotPublished as error:
        raise as_application_error(Never("dripstone", "not_published", str(error))) from error
