"""The reception: an event is committed first, answered next, and told to enrollments behind that.

What every endpoint of the ingress shares, and reading a request's body within bounds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest

from activities import dispatch
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import Connections
from activities.ledger.inbox import Incoming, Received
from activities.ledger.leads import find_lead
from config.settings import IngressSettings, TwilioSettings
from starters.ingress.metrics import IngressMetrics
from starters.ingress.readiness import Readiness
from starters.ingress.temporal_link import TemporalLink
from workers.triggering import enter_fired
from workers.writing_back import start_writeback

BODY_SECONDS = 60
OPT_OUTS = ("unsubscribe", "complaint")


@dataclass(frozen=True, slots=True)
class Reception:
    """The ledger that keeps, the accounts, what callers must show, and the line to Temporal."""

    ledger: Ledger
    connections: Connections
    settings: IngressSettings
    link: TemporalLink
    twilio: TwilioSettings | None = None
    metrics: IngressMetrics = field(default_factory=IngressMetrics)
    readiness: Readiness = field(default_factory=Readiness)

    async def take_in(self, incoming: Incoming) -> Received:
        """Commit an event. Enrollments and the CRM learn of it right after, in the background.

        Raises:
            LedgerUnavailable: nothing was committed; nothing may be acknowledged.
        """
        received = await self._commit(incoming)
        also = await self._under_the_address_of_now(incoming)
        if also:
            await self._commit(also)
        return received

    async def _under_the_address_of_now(self, incoming: Incoming) -> Incoming | None:
        """An opt-out from an earlier address of a record holds for the one it has now, too."""
        if incoming.event.kind not in OPT_OUTS or not (incoming.lead and incoming.person):
            return None
        async with self.ledger.reading() as tx:
            lead = await find_lead(tx, incoming.center, incoming.lead)
        if lead is None or lead.person == incoming.person:
            return None
        event = incoming.event.model_copy(update={"id": f"{incoming.event.id}/record"})
        return Incoming(event, incoming.center, incoming.source, person=lead.person)

    async def _commit(self, incoming: Incoming) -> Received:
        received = await dispatch.take_in(self.ledger, incoming, self.connections)
        self.metrics.took_in(incoming.source, is_new=received.is_new)
        if received.targets:
            event = incoming.event.id
            self.link.soon(lambda client: dispatch.deliver(self.ledger, client, event))
        if received.fired:
            causes = received.fired
            self.link.soon(
                lambda client: enter_fired(self.ledger, client, self.connections, causes)
            )
        if received.writebacks and not received.targets:
            self.link.soon(lambda client: start_writeback(client, "salesforce"))
        return received

    async def enroll(self, request: Request) -> dispatch.Enrolled:
        """Commit an admission or a refusal. The workflow is started right after.

        Raises:
            LedgerUnavailable: nothing was committed.
        """
        enrolled = await dispatch.enroll(self.ledger, None, request, self.connections)
        if enrolled.entry is not None:
            # Asked again with the same cause, it finds the admission and starts the workflow.
            self.link.soon(
                lambda client: dispatch.enroll(self.ledger, client, request, self.connections)
            )
        return enrolled

    @property
    def centers(self) -> tuple[str, ...]:
        """The centers there are."""
        return tuple(dict.fromkeys(("default", *self.connections.centers)))


async def read_body(request: HttpRequest, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it.

    Raises:
        HTTPException: 413 if it is longer, 408 if it has not come within a minute.
    """
    parts, size = [], 0
    too_long = HTTPException(413, f"longer than {limit} bytes: send it in smaller parts")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise too_long
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise too_long
                parts.append(part)
    except TimeoutError:
        raise HTTPException(408, f"not sent within {BODY_SECONDS} s: send it again") from None
    return b"".join(parts)
