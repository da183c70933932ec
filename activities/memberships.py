"""add_to_campaign and marketo_program: leads in Campaigns and programs, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.aliases import record_of
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow
from activities.once import Deed, do_once
from activities.platform_payloads import campaign_payload, program_payload
from activities.platforms import Platforms, platform_intent
from activities.scene import Scene, judge_step_in, read_scene
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import HandOver, Never, Receipt
from workflows.engine.effects import Effect, Outcome
from workflows.engine.platform_effects import AddToCampaign, MarketoProgram, System

Payload = Callable[[Scene, str | None], dict[str, Any]]


class CampaignMemberships:
    """Makes leads members. The systems themselves see to it that nobody is a member twice."""

    def __init__(self, ledger: Ledger, connections: Connections, platforms: Platforms) -> None:
        self._ledger = ledger
        self._connections = connections
        self._platforms = platforms

    @activity.defn
    async def add_to_campaign(self, effect: AddToCampaign) -> Outcome:
        """Add the lead to a Salesforce Campaign, or set the status of the member it is."""
        return await self._add(
            effect,
            "salesforce",
            lambda scene, record: campaign_payload(effect, record, scene.accounts),
        )

    @activity.defn
    async def marketo_program(self, effect: MarketoProgram) -> Outcome:
        """Give the lead a status in a Marketo program."""
        return await self._add(
            effect, "marketo", lambda scene, record: program_payload(effect, record, scene.accounts)
        )

    async def _add(self, effect: Effect, system: System, payload: Payload) -> Outcome:
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            record = await record_of(tx, scene.lead, system)
        try:
            asked = payload(scene, record)
        except Never as refusal:
            raise as_application_error(refusal) from refusal
        deed = Deed(
            intent=platform_intent(effect, scene, asked),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=self._ask,
            capability=capability_of(asked["system"]),
            tells_how=True,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _ask(self, row: EffectRow, _hand_over: HandOver) -> Receipt:
        asked = row.payload
        groups = self._platforms.memberships(asked["system"])
        return await groups.add_member(asked["group"], asked["record"], asked["status"])
