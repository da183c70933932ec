"""hubspot_timeline_event and hubspot_meeting: what happened to a lead, as HubSpot shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio import activity

from activities.deed import Ask
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.aliases import record_of
from activities.ledger.connections import Connections
from activities.ledger.conversations import last_conversation, last_meeting
from activities.ledger.effects import EffectRow
from activities.once import Deed, do_once
from activities.platforms import Platforms, platform_intent
from activities.scene import Scene, judge_step_in, read_scene
from activities.templates import TemplateProblem
from activities.timeline_payloads import meeting_payload, timeline_payload
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import (
    HandOver,
    LoggedMeeting,
    Never,
    Receipt,
    RecordKey,
    TimelineEvent,
)
from workflows.engine.effects import Effect, Outcome
from workflows.engine.platform_effects import HubspotMeeting, HubspotTimelineEvent


class Timelines:
    """Activities of a contact. Each has a key of its own, so that trying again makes no second."""

    def __init__(self, ledger: Ledger, connections: Connections, platforms: Platforms) -> None:
        self._ledger = ledger
        self._connections = connections
        self._platforms = platforms

    @activity.defn
    async def hubspot_timeline_event(self, effect: HubspotTimelineEvent) -> Outcome:
        """Put an event on the timeline, with the newest conversation and a link to it."""
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            record = await record_of(tx, scene.lead, "hubspot")
            said = await last_conversation(tx, scene.lead), await self._ledger.now(tx)
        try:
            payload = timeline_payload(effect, scene.lead, record, scene.accounts, said)
        except (Never, TemplateProblem) as problem:
            raise _parked(problem) from problem
        return await self._do(effect, scene, payload, self._add_event)

    @activity.defn
    async def hubspot_meeting(self, effect: HubspotMeeting) -> Outcome:
        """Log the lead's newest meeting; attendees are linked if they are users there."""
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            record = await record_of(tx, scene.lead, "hubspot")
            booked = await last_meeting(tx, scene.lead)
        try:
            payload = meeting_payload(effect, scene.lead, record, scene.accounts, booked)
        except (Never, TemplateProblem) as problem:
            raise _parked(problem) from problem
        return await self._do(effect, scene, payload, self._log_meeting)

    async def _do(
        self, effect: Effect, scene: Scene, payload: Mapping[str, Any], ask: Ask
    ) -> Outcome:
        deed = Deed(
            intent=platform_intent(effect, scene, payload),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=ask,
            capability=capability_of(payload["system"]),
            tells_how=True,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _add_event(self, row: EffectRow, _hand_over: HandOver) -> Receipt:
        asked = row.payload
        event = TimelineEvent(
            key=asked["key"],
            template=asked["template"],
            record=asked["record"],
            at=datetime.fromisoformat(asked["at"]),
            tokens=asked["tokens"],
            extra=asked["extra"],
        )
        return await self._platforms.timeline.add_event(event)

    async def _log_meeting(self, row: EffectRow, _hand_over: HandOver) -> Receipt:
        asked = row.payload
        meeting = LoggedMeeting(
            which=RecordKey(None, asked["key_field"], asked["key"]),
            contact=asked["record"],
            fields=asked["fields"],
            attendees=tuple(asked["attendees"]),
        )
        return await self._platforms.timeline.log_meeting(meeting)


def _parked(problem: Never | TemplateProblem) -> Exception:
    if isinstance(problem, Never):
        return as_application_error(problem)
    return as_application_error(Never("dripstone", "template", str(problem)))
