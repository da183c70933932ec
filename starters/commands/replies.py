"""``dripstone replies``: what leads have answered, what it was read as, and the decision on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.table import Table

from activities.dispatch import deliver, take_in
from activities.ledger.inbox import Incoming
from activities.ledger.replies import (
    OPERATOR,
    Reply,
    find_reply,
    list_replies,
    readings_of,
    words_of,
)
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.who import By, Why, operator
from workers.writing_back import start_writeback
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED, STOPS, ReplyClass, class_named

verbs = typer.Typer()

COLUMNS = ("id", "came in", "lead", "class", "sure", "state")
CLASSES = ", ".join(one.value for one in ReplyClass)


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a person says that a reply is, and whether outreach goes on after it."""

    reply: str
    told: ReplyClass
    go_on: bool
    by: str
    reason: str

    @property
    def verdict(self) -> str:
        """An opt-out and a refusal stop; so does anything that is not let go on."""
        return "go_on" if self.go_on or self.told is ReplyClass.OOO else "stop"


@verbs.command("replies")
def replies_command(
    reply: Annotated[
        str | None, typer.Argument(metavar="ID", help="Show this one; left out: list them.")
    ] = None,
    given: Annotated[str, typer.Option("--class", help=f"What it is: {CLASSES}.")] = "",
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Outreach to the lead goes on (with --class).")
    ] = False,
    reason: Why = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Show those that are settled, too.")
    ] = False,
    center: Annotated[str | None, typer.Option("--center", help="Only this center's.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """List the replies that nobody has judged for sure; show one; or say what it is (--class)."""
    if reply and given:
        _decide(_decision(reply, given, go_on, (by or operator(), reason)), as_json)
    elif given or go_on:
        raise WrongUse("--class and --go-on go together with one reply: say which, and what it is")
    elif reply:
        _show(reply, as_json)
    else:
        _list(center, everything, limit, as_json)


def _decision(reply: str, given: str, go_on: bool, who: tuple[str, str]) -> _Decision:
    told = class_named(given)
    if told is None:
        raise WrongUse(f"--class: is none of {CLASSES}")
    if go_on and told in STOPS:
        raise WrongUse(f"--go-on: after a {told.value} reply outreach does not go on")
    return _Decision(reply, told, go_on, *who)


def _list(center: str | None, everything: bool, limit: int, as_json: bool) -> None:
    async def work() -> list[Reply]:
        async with opened() as here, here.ledger.reading() as tx:
            return await list_replies(tx, center, settled_too=everything, limit=limit)

    found = asyncio.run(work())
    rows = [
        (one.id, one.received_at, one.lead, one.reply_class or "?", one.sure, one.state.lower())
        for one in found
    ]
    lines: list[str | Table] = [table("", COLUMNS, rows)] if found else ["none waits"]
    if len(found) == limit:
        lines.append(f"the first {limit} only: --limit shows more")
    answer(as_json, {"replies": [asdict(one) for one in found]}, lines)


async def _known(tx: Any, name: str) -> Reply:
    found = await find_reply(tx, None, name)
    if found is None:
        raise Refused(f"{name}: there is no such reply: dripstone replies --all lists them")
    return found


def _show(name: str, as_json: bool) -> None:
    async def work() -> tuple[Reply, tuple[str, str], list[Mapping[str, Any]]]:
        async with opened() as here, here.ledger.reading() as tx:
            found = await _known(tx, name)
            return found, await words_of(tx, found.event), await readings_of(tx, found.event)

    found, words, readings = asyncio.run(work())
    document = asdict(found) | {"subject": words[0], "text": words[1], "readings": readings}
    answer(as_json, document, _lines(found, words, readings))


def _lines(
    found: Reply, words: tuple[str, str], readings: list[Mapping[str, Any]]
) -> Iterator[str | Table]:
    yield f"{found.id}: {found.state.lower()}, {found.lead}, {found.reply_class or 'not read yet'}"
    yield f"Subject: {words[0]}"
    yield ""
    yield words[1] or "(its words are not known)"
    rows = [
        (one["at"], one["reply_class"], one["sure"], one["given_by"], one["reason"])
        for one in readings
    ]
    yield table("Read as", ("at", "class", "sure", "by", "why"), rows)


def _decide(decision: _Decision, as_json: bool) -> None:
    async def work() -> tuple[Reply, bool, str]:
        async with opened() as here:
            return await _take_in(here, decision)

    found, told, why = asyncio.run(work())
    lines = [f"{found.id}: {decision.told.value}, {decision.verdict.replace('_', ' ')}"]
    if why:
        lines.append(f"enrollments are told once Temporal is back: {why}")
    document = {"reply": found.id, "class": decision.told.value, "verdict": decision.verdict}
    answer(as_json, document | {"told": told}, lines)


async def _take_in(here: Opened, decision: _Decision) -> tuple[Reply, bool, str]:
    async with here.ledger.reading() as tx:
        found, now = await _known(tx, decision.reply), await here.ledger.now(tx)
    event = Event(
        id=f"operator-{uuid4().hex}",
        kind=RECLASSIFIED,
        at=now,
        data={
            "reply": found.event,
            "class": decision.told.value,
            "verdict": decision.verdict,
            "by": decision.by,
            "reason": decision.reason,
            "via": OPERATOR,
        },
    )
    incoming = Incoming(event, found.center, OPERATOR, found.lead, found.person)
    received = await take_in(here.ledger, incoming, here.connections)
    client = await here.client_if_up()
    told = bool(client and await deliver(here.ledger, client, event.id))
    if client and received.writebacks and not received.targets:
        await start_writeback(client, "salesforce")
    return found, told, here.why_no_client
