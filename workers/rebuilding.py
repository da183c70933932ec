"""Reconciling a restored ledger: what workflows' histories tell of the gap is written again.

It may be done again at any time. What no history tells is for the operator to see to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.high_water import Behind
from activities.ledger.inbox import Incoming
from activities.ledger.rebuilding import Did, Run, center_of, rebuild_effect, rebuild_entry
from activities.message import message_id_for, unsubscribe_token
from workers.run_stories import Asked, RunStory, read_story

MARGIN = timedelta(minutes=10)
"""How long before the backup a history may have ended and still be read: clocks, and the mark."""

STOPS = ("reply", "unsubscribe", "complaint", "bounce", "sms_opt_out")
"""Kinds of events that must not stay forgotten; of others too little stands in a history."""

UNREPEATABLE = ("send_email", "send_sms", "notify", "http_call", "track_event")
"""Effects at vendors without a key of ours: an attempt that was under way is unknown."""


@dataclass
class Rebuilt:
    """What was found in histories that the ledger did not know, and what it still does not."""

    runs: int = 0
    entries: int = 0
    closed: int = 0
    sent: int = 0
    unknown: int = 0
    events: int = 0
    lost: list[str] = field(default_factory=list)


class Rebuilding:
    """Reads the histories of enrollments that were alive at the backup, or began since."""

    def __init__(self, ledger: Ledger, client: Client, connections: Connections) -> None:
        self._ledger = ledger
        self._client = client
        self._connections = connections

    async def rebuild(self, behind: Behind) -> Rebuilt:
        """Read them all, those that have ended first: they give lanes free.

        Raises:
            RPCError: Temporal stopped answering; do it again.
        """
        told = Rebuilt()
        since = (behind.ledger.at - MARGIN).isoformat()
        for which in (f"CloseTime > '{since}'", "ExecutionStatus = 'Running'"):
            query = f"WorkflowType = 'Enrollment' AND {which}"
            async for found in self._client.list_workflows(query):
                await self._one(found, behind, told)
        return told

    async def _one(self, found: WorkflowExecution, behind: Behind, told: Rebuilt) -> None:
        handle = self._client.get_workflow_handle(found.id, run_id=found.run_id)
        history = await handle.fetch_history()
        story = await read_story(history.events, self._client.data_converter)
        told.runs += 1
        was_refused = bool(story.ending and story.ending.refused)
        if story.start is None or story.start.entry is None or was_refused:
            return
        run = _run_of(found, story)
        state = await rebuild_entry(self._ledger, run)
        told.entries += state == "written"
        told.closed += state == "closed"
        if state == "lost":
            told.lost.append(f"{found.id}/{story.start.entry}")
            return
        is_open = found.status is WorkflowExecutionStatus.RUNNING
        tries = await self._tries(found) if is_open else {}
        for asked in story.asked.values():
            await self._effect(asked, tries.get(asked.effect.activity, 0), behind, told)
        await self._events(story, told)

    async def _tries(self, found: WorkflowExecution) -> dict[str, int]:
        """Of what is in flight, the attempt it is at, by activity."""
        handle = self._client.get_workflow_handle(found.id, run_id=found.run_id)
        described = await handle.describe()
        pending = described.raw_description.pending_activities
        return {one.activity_type.name: one.attempt for one in pending}

    async def _effect(self, asked: Asked, tries: int, behind: Behind, told: Rebuilt) -> None:
        state = "SENT" if asked.outcome and asked.outcome.state == "sent" else ""
        if asked.outcome and asked.outcome.state == "unknown":
            state = "UNKNOWN"
        if not state and _was_tried_before(asked, tries, behind.since):
            state = "UNKNOWN"
        if not state:
            return
        about = await self._about(asked)
        did = Did(asked.effect, asked.at, "SENT" if state == "SENT" else "UNKNOWN", about)
        if await rebuild_effect(self._ledger, did):
            told.sent += state == "SENT"
            told.unknown += state == "UNKNOWN"

    async def _about(self, asked: Asked) -> dict[str, str]:
        """By what answers to a mail are known: its link's token, and its Message-ID if all
        mailboxes of the center send from one domain."""
        effect = asked.effect
        if effect.activity != "send_email":
            return {}
        about = {"token": unsubscribe_token(effect.key, self._ledger.secret)}
        async with self._ledger.reading() as tx:
            center = await center_of(tx, effect.enrollment.split(":")[1]) or "default"
        mailboxes = self._connections.of(center).mailboxes.values()
        domains = {box.address.rpartition("@")[2] for box in mailboxes}
        if len(domains) == 1:
            (domain,) = domains
            about["message_id"] = message_id_for(effect.key, self._ledger.secret, domain)
        return about

    async def _events(self, story: RunStory, told: Rebuilt) -> None:
        assert story.start
        async with self._ledger.reading() as tx:
            center = await center_of(tx, story.start.automation) or "default"
        for event in story.heard:
            if event.kind not in STOPS:
                continue
            known = event.model_copy(update={"recorded": False, "writebacks": ()})
            incoming = Incoming(known, center, "reconcile", story.start.lead)
            received = await take_in(self._ledger, incoming, self._connections)
            told.events += received.is_new


def _run_of(found: WorkflowExecution, story: RunStory) -> Run:
    assert story.start
    assert story.began_at
    exit_ = story.ending.exit if story.ending else None
    ended = None if story.goes_on else story.ended_at
    return Run(story.start, found.run_id, story.began_at, ended, exit_)


def _was_tried_before(asked: Asked, tries: int, found_behind_at: datetime) -> bool:
    """Whether an attempt from before the ledger was put back may have come through unseen."""
    if asked.effect.activity not in UNREPEATABLE or asked.at >= found_behind_at:
        return False
    if not asked.is_over:
        return tries > 1
    return asked.outcome is not None and asked.outcome.state == "held" and asked.attempt > 1
