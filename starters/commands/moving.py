"""Moving leads in flight to another version: foreseen for each, carried out, and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import (
    Client,
    RPCError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.ledger.entries import find_entry
from activities.ledger.leads import find_lead
from activities.ledger.publishing import Version, find_version
from activities.ledger.repinning import moves_to, repin_queued
from activities.ledger.starting import values_for
from starters.commands.enrollments import ANSWER_PATIENCE, NoAnswer, ask, why_no_answer
from starters.commands.standing import Standing, living
from workflows.contracts import MigrateBody, RepinRequest, Status
from workflows.engine.migrating import Place, landing

AT_ONCE = 8
"""Leads that are moved at the same time."""

How = Literal["keeps", "moves", "lost", "back", "stays"]


@dataclass(frozen=True, slots=True)
class Move:
    """One lead: from which version and step, where to, and why. ``done`` once it is carried out."""

    enrollment: str
    entry: int
    lead: str
    version: int
    step: str
    how: How
    to_step: str = ""
    why: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done: to which version, with which names, and who orders it."""

    to: Version
    renamed: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    reason: str = ""

    def body(self, status: Status, **more: Any) -> MigrateBody:
        """The update for a lead that stands as ``status`` says."""
        about = {"version": self.to.version, "digest": self.to.digest}
        about |= {"definition": self.to.definition, "renamed": dict(self.renamed)}
        about |= {"step": status.step, "visit": status.visit, "by": self.by, "reason": self.reason}
        return MigrateBody.model_validate(about | more)


class Mover:
    """Moves the leads of one automation. Safe to be cut off: done again, it goes on."""

    def __init__(self, ledger: Ledger, client: Client, orders: Orders) -> None:
        self._ledger = ledger
        self._client = client
        self._orders = orders
        self._versions: dict[int, Version] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def foresee(self) -> list[Move]:
        """Where each lead that is on another version would go; nothing changes."""
        async with self._ledger.reading() as tx:
            inside = await living(tx, self._client, self._orders.to.automation)
            elsewhere = [one for one in inside if one.version != self._orders.to.version]
            return [await self._foreseen(tx, one) for one in elsewhere]

    async def carry_out(self, moves: Sequence[Move]) -> list[Move]:
        """Move those that can be moved; a lead that is in the way of itself stays, with why."""
        return await self._each(moves, self._move)

    async def carry_out_all(self) -> list[Move]:
        """Foresee, and carry out."""
        return await self.carry_out(await self.foresee())

    async def take_back(self, *, really: bool) -> list[Move]:
        """Return those who were moved to the version and have not moved since."""
        async with self._ledger.reading() as tx:
            rows = await moves_to(tx, self._orders.to.automation, self._orders.to.version)
        back = {row["enrollment"]: row for row in rows}
        moves = [_backward(row) for row in rows]

        async def one(move: Move) -> Move:
            return await self._return(move, back[move.enrollment], really)

        return await self._each(moves, one)

    async def _each(
        self, moves: Sequence[Move], act: Callable[[Move], Awaitable[Move]]
    ) -> list[Move]:
        async def in_turn(move: Move) -> Move:
            async with self._turn:
                return await act(move)

        return list(await asyncio.gather(*map(in_turn, moves)))

    async def _foreseen(self, tx: AsyncConnection, one: Standing) -> Move:
        move = Move(one.enrollment, one.entry, one.lead, one.version, one.step, "stays")
        if one.state == "queued":
            return replace(move, how="keeps", why="waits for its lane: begins in that version")
        if one.state == "closing":
            return replace(move, why="it is leaving")
        if one.state == "admitted" or not one.step:
            return replace(move, why="it is being started: try again in a moment")
        old = await self._version(tx, one.version)
        place = landing(old.definition, self._orders.to.definition, one.step, self._orders.renamed)
        return replace(move, how=place.how, to_step=place.step, why=place.why)

    async def _version(self, tx: AsyncConnection, number: int) -> Version:
        if number not in self._versions:
            found = await find_version(tx, self._orders.to.automation, number)
            self._versions[number] = found
        return self._versions[number]

    async def _move(self, move: Move) -> Move:
        if move.how not in ("keeps", "moves"):
            return move
        async with self._ledger.reading() as tx:
            entry = await find_entry(tx, move.enrollment, move.entry)
            lead = await find_lead(tx, entry["center"], entry["lead"]) if entry else None
        if entry is None or lead is None or entry["state"] == "CLOSED":
            return replace(move, how="stays", why="it has left meanwhile")
        if entry["state"] == "QUEUED":
            return await self._move_queued(move, entry["person"])
        try:
            status = (await ask(self._client, entry)).status
        except NoAnswer as error:
            return replace(move, how="stays", why=str(error))
        body = self._orders.body(status, values=values_for(self._orders.to, lead))
        return await self._ordered(replace(move, step=status.step), body)

    async def _move_queued(self, move: Move, person: str) -> Move:
        orders = self._orders
        request = RepinRequest(
            id=uuid4().hex,
            enrollment=move.enrollment,
            entry=move.entry,
            from_version=move.version,
            to_version=orders.to.version,
            digest=orders.to.digest,
            how="keeps",
            before=Place(step=""),
            step="",
            visit=0,
            by=orders.by,
            reason=orders.reason,
        )
        if await repin_queued(self._ledger, request, person):
            return replace(move, done=True)
        return replace(move, how="stays", why="it is being started: try again in a moment")

    async def _return(self, move: Move, row: Mapping[str, Any], really: bool) -> Move:
        async with self._ledger.reading() as tx:
            old = await self._version(tx, row["from_version"])
            entry = await find_entry(tx, row["enrollment"], row["entry"])
        assert entry is not None
        try:
            status = (await ask(self._client, entry)).status
        except NoAnswer as error:
            return replace(move, how="stays", why=str(error))
        if (status.step, status.visit) != (row["step"], row["visit"]):
            return replace(move, how="stays", step=status.step, why="it has moved on since")
        before = Place.model_validate(row["before"])
        keeps = row["how"] == "keeps"
        renamed = {row["step"]: before.step} if keeps and row["step"] != before.step else {}
        orders = replace(self._orders, to=old, renamed=renamed)
        body = orders.body(status, undoes=row["id"], back=None if keeps else before)
        return await self._ordered(move, body) if really else move

    async def _ordered(self, move: Move, body: MigrateBody) -> Move:
        """Send the update; what the enrollment objects to is why the lead stays."""
        handle = self._client.get_workflow_handle(move.enrollment)
        try:
            after: Status = await handle.execute_update(
                "migrate", body, result_type=Status, rpc_timeout=ANSWER_PATIENCE
            )
        except WorkflowUpdateFailedError as error:
            said = error.cause.message if isinstance(error.cause, ApplicationError) else error.cause
            return replace(move, how="stays", why=str(said))
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return replace(move, how="stays", why="no worker answered in time: try again")
        except RPCError as error:
            return replace(move, how="stays", why=why_no_answer(error))
        return replace(move, to_step=after.step, done=True)


def _backward(row: Mapping[str, Any]) -> Move:
    lead = row["enrollment"].rsplit(":", 1)[-1]
    place = (row["enrollment"], row["entry"], lead, row["to_version"], row["step"])
    return Move(*place, how="back", to_step=str(row["before"]["step"]))
