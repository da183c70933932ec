"""notify: one message to the team's chat, at most once."""

from __future__ import annotations

from hashlib import sha256

from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent, find_effect
from activities.once import Deed, about_step, do_once
from activities.scene import Scene, judge_step_in, read_scene
from activities.templates import Template, TemplateProblem, render
from activities.vendors.ports import Chat, HandOver, Never, Receipt
from workflows.engine.effects import Notify, Outcome


class Notifications:
    """Messages to the team. ``chat`` is None where none is configured."""

    def __init__(self, ledger: Ledger, connections: Connections, chat: Chat | None) -> None:
        self._ledger = ledger
        self._connections = connections
        self._chat = chat

    @activity.defn
    async def notify(self, effect: Notify) -> Outcome:
        """Post a message. Slack knows no key of ours, so an unclear end is listed as unknown."""
        scene = await read_scene(self._ledger, effect, self._connections)

        deed = Deed(
            intent=await self._intent(effect, scene),
            judge=lambda tx: judge_step_in(self._ledger, tx, scene),
            ask=self._ask,
            locks=scene.locks,
            shared=scene.shared,
        )
        return await do_once(self._ledger, deed)

    async def _intent(self, effect: Notify, scene: Scene) -> Intent:
        async with self._ledger.reading() as tx:
            row = await find_effect(tx, effect.key)
        text = row.payload["text"] if row else _render(effect, scene)
        payload = {"channel": effect.channel, "text": text}
        digest = sha256(f"{effect.channel}\n{text}".encode()).hexdigest()
        about = about_step(effect, scene.lead.person)
        center = scene.lead.center
        return Intent(effect.key, center, effect.activity, "slack", payload, digest, about)

    async def _ask(self, row: EffectRow, hand_over: HandOver) -> Receipt:
        if self._chat is None:
            raise Never("slack", "not_configured", "set DRIPSTONE_SLACK__TOKEN, then retry")
        await hand_over()
        return await self._chat.post(row.payload["channel"], row.payload["text"])


def _render(effect: Notify, scene: Scene) -> str:
    template = Template(name=effect.step, subject="-", text=effect.text, html=None)
    try:
        return render(template, {"lead": scene.lead.merge_fields}).text
    except TemplateProblem as problem:
        raise as_application_error(Never("dripstone", "template", str(problem))) from problem
