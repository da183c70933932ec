"""assign: the lead's owner, here and in the CRM. A pool's turn is taken once per visit."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.crm_calls import CrmCalls, crm_intent
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, find_effect
from activities.ledger.facts import object_of
from activities.ledger.gate import judge_step
from activities.ledger.inbox import tell_criteria_met
from activities.ledger.leads import find_lead, is_sample, set_fields
from activities.ledger.turns import lock_of, next_turn, take_turn
from activities.once import Deed, do_once
from activities.scene import Scene, facts_of, note_verdict, read_scene
from activities.vendors.capabilities import capability_of
from activities.vendors.ports import Crm
from workflows.engine.effects import Assign, Outcome
from workflows.engine.events import Event


class Assignments:
    """Who looks after a lead. ``crm`` is None where none is configured."""

    def __init__(self, ledger: Ledger, connections: Connections, crm: Crm | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._ask = CrmCalls(crm).ask

    @activity.defn
    async def assign(self, effect: Assign) -> Outcome:
        """Set the owner in the lead projection and, for a Salesforce lead, there.

        Whose turn it is is decided with the intent, in one transaction: a retry finds the
        intent, and the turn taken.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        payload: dict[str, Any] = {"pool": effect.pool, "owners": [effect.to] if effect.to else []}
        record = scene.lead.salesforce_id
        if record and scene.accounts.salesforce:
            payload |= {"object": object_of(record), "id": record, "fields": {}}

        async def judge(tx: AsyncConnection) -> Outcome | None:
            facts = await facts_of(self._ledger, tx, scene)
            verdict = await note_verdict(self._ledger, tx, scene, judge_step(facts))
            if verdict or effect.pool is None or await find_effect(tx, effect.key):
                return verdict
            return await _take_turn(tx, scene, effect.pool, payload)

        pool_lock = (lock_of(scene.lead.center, effect.pool),) if effect.pool else ()
        deed = Deed(
            intent=crm_intent(effect, scene, payload),
            judge=judge,
            ask=self._ask,
            afterwards=lambda tx, row: self._keep(tx, scene, row),
            capability=capability_of("salesforce"),
            locks=(*scene.locks, *pool_lock),
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _keep(self, tx: AsyncConnection, scene: Scene, row: EffectRow) -> tuple[str, ...]:
        """The owner here too; it is a change of the lead like any other."""
        lead = await find_lead(tx, scene.lead.center, scene.lead.lead) or scene.lead
        await set_fields(self._ledger, tx, lead, {"owner": row.payload["owners"][0]})
        event = Event(id=f"{row.key}/changed", kind="lead_changed", at=await self._ledger.now(tx))
        await tell_criteria_met(self._ledger, tx, lead, event, self._connections)
        return ()


async def _take_turn(
    tx: AsyncConnection, scene: Scene, name: str, payload: dict[str, Any]
) -> Outcome | None:
    """Fill the payload in, which the intent is about to be written with."""
    pool = scene.accounts.pools.get(name)
    if pool is None:
        return Outcome(
            state="refused", cause=f"no pool {name!r}: add it to the connections file, then retry"
        )
    look = next_turn if is_sample(scene.lead.lead) else take_turn
    turn = await look(tx, scene.lead.center, name, pool)
    if turn is None:
        return Outcome(state="refused", cause=f"nobody of pool {name!r} is available: retry later")
    payload |= {"owners": [turn.user], "passed_over": list(turn.passed_over)}
    return None
