"""A deed: one effect that is to be done once, with all that its activity knows about doing it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.effects import EffectRow, Intent
from activities.vendors.capabilities import AT_MOST_ONCE, Capability
from activities.vendors.ports import HandOver, Never, Receipt
from workflows.engine.effects import Outcome

Judge = Callable[[AsyncConnection], Awaitable[Outcome | None]]
Ask = Callable[[EffectRow, HandOver], Awaitable[Receipt]]
Afterwards = Callable[[AsyncConnection, EffectRow], Awaitable[tuple[str, ...]]]
Refused = Callable[[AsyncConnection, Never], Awaitable[Outcome | None]]
LookUp = Callable[[EffectRow], Awaitable[Receipt | None]]


async def _nothing(_tx: AsyncConnection, _row: EffectRow) -> tuple[str, ...]:
    return ()


async def _no_answer(_tx: AsyncConnection, _failure: Never) -> Outcome | None:
    return None


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect to be done once.

    ``judge`` says in the claiming transaction why not to begin (None: go); ``ask`` calls the
    vendor; ``afterwards`` writes what follows, together with SENT, and returns write-backs.
    ``refused`` may turn a permanent refusal into an outcome, together with NOT_SENT.
    ``capability`` is what settles a lost answer: with a key the call is made again; with a lookup,
    and ``look_up`` to make it (None: not found), the vendor is asked; else it is unknown.
    ``for_samples``: it may be done for sample leads; all else is only written down for them.
    ``locks`` are the persons and, shared, the automations that the judgement is about;
    ``claim_locks`` is what only the claim needs for itself.
    ``last_try``: an unclear end of a call with a key is not left to another try.
    ``tells_how``: the timeline shows the receipt's note, such as created or updated.
    """

    intent: Intent
    judge: Judge
    ask: Ask
    afterwards: Afterwards = _nothing
    refused: Refused = _no_answer
    capability: Capability = AT_MOST_ONCE
    look_up: LookUp | None = None
    last_try: bool = False
    tells_how: bool = False
    for_samples: bool = False
    locks: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    claim_locks: tuple[str, ...] = ()
    owner: str = field(default_factory=lambda: uuid4().hex)

    @property
    def repeatable(self) -> bool:
        """Whether the vendor knows a key of ours."""
        return self.capability.key is not None

    @property
    def phase(self) -> str:
        """A repeatable call may have been done by any attempt that began."""
        return "repeatable" if self.repeatable else ""

    def was_lost(self, row: EffectRow, now: datetime) -> bool:
        """Whether an earlier attempt may have done it and it must not simply be made again."""
        if row.phase == "repeatable":
            key = self.capability.key
            return key is None or not key.holds(row.intent_at, now)
        return row.phase == "handed_over"
