"""Effects of which nobody knows whether they happened: list them, and settle one by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

import typer
from rich.table import Table
from temporalio.client import Client

from activities.ledger.effects import EffectRow, find_effect
from activities.ledger.unknowns import settle_unknown, unknown_effects
from starters.commands.enrollments import NoAnswer, ask, entry_of
from starters.commands.opened import Opened, opened
from starters.commands.orders import carry_out
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.who import By, operator
from workflows.contracts import OrderBody
from workflows.engine.holds import SENT_AGAIN

verbs = typer.Typer()

COLUMNS = ("key", "since", "activity", "why", "the vendor may know it as")
HINT = (
    "Look at the vendor, then: dripstone unknowns KEY --sent, --not-sent, or --resend (a mail that "
    "did not arrive is sent once more)."
)


@verbs.command()
def unknowns(
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="Settle this one; without it, list all.")
    ] = None,
    automation: Annotated[
        str | None, typer.Option("--automation", "-a", help="Only of this automation.")
    ] = None,
    sent: Annotated[bool, typer.Option("--sent", help="It happened.")] = False,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="It did not happen.")] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="It did not happen: send the mail once more.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """List what may or may not have been sent, or say what became of one."""
    if key is None and (sent or not_sent or resend):
        raise WrongUse("say which: dripstone unknowns KEY --sent; without KEY they are listed")
    if key is not None and sent + not_sent + resend != 1:
        raise WrongUse("say what became of it: one of --sent, --not-sent, --resend")
    if key is None:
        _list(automation, limit, as_json)
        return
    who = by or operator()

    async def work() -> str:
        async with opened() as here:
            row = await _unknown(here, key)
            if resend:
                await _send_again(here, row, who)
            return await _settle(here, row, sent, who)

    state = asyncio.run(work())
    again = "; the mail is sent once more" if resend else ""
    answer(as_json, {"key": key, "state": state, "resent": resend}, [f"{key}: {state}{again}"])


def _list(automation: str | None, limit: int, as_json: bool) -> None:
    async def work() -> list[Mapping[str, Any]]:
        async with opened() as here, here.ledger.reading() as tx:
            return await unknown_effects(tx, automation, limit)

    found = asyncio.run(work())
    shown = [
        (one["key"], one["intent_at"], one["activity"], one["reason"], _reference(one))
        for one in found
    ]
    lines: list[str | Table] = [table("", COLUMNS, shown), HINT] if found else ["none"]
    answer(as_json, {"unknowns": found}, lines)


def _reference(one: Mapping[str, Any]) -> str:
    return str(one["vendor_ref"] or one["message_id"] or "")


async def _unknown(here: Opened, key: str) -> EffectRow:
    async with here.ledger.reading() as tx:
        row = await find_effect(tx, key)
    if row is None:
        raise Refused(f"{key}: there is no such effect: dripstone unknowns lists those")
    if row.state != "UNKNOWN":
        raise Refused(f"{key}: is {row.state}, not UNKNOWN: there is nothing to settle")
    return row


async def _send_again(here: Opened, row: EffectRow, who: str) -> None:
    """A new visit of the step, once: the update has an id, by which a run of the workflow knows it
    again, and its words are in the timeline, which outlives the run."""
    if row.activity != "send_email" or not (row.enrollment and row.step):
        raise Refused(f"{row.key}: only a mail can be sent again: settle it with --not-sent")
    async with here.ledger.reading() as tx:
        entry = await entry_of(tx, row.enrollment)
    if entry["state"] == "CLOSED" or entry["entry"] != row.entry:
        raise Refused(f"{row.enrollment}: has ended, and sends nothing any more: --not-sent")
    visit = row.key.rsplit("/", 2)[1]
    why, client = f"visit {visit} did not arrive", await here.client()
    if await _was_sent_again(client, entry, row.step, why):
        return
    body = OrderBody(target=row.step, by=who, reason=why)
    once = f"resend-{sha256(row.key.encode()).hexdigest()[:24]}"
    await carry_out(client, row.enrollment, "resend", body, once)


async def _was_sent_again(client: Client, entry: Mapping[str, Any], step: str, why: str) -> bool:
    """Whether that was ordered before, by somebody who did not come to settle it."""
    try:
        timeline = (await ask(client, entry)).timeline
    except NoAnswer as error:
        raise Refused(f"{entry['enrollment']}: {error}") from error
    said = [one.why for one in timeline if one.step == step and one.what == SENT_AGAIN]
    return any(one.endswith(why) for one in said)


async def _settle(here: Opened, row: EffectRow, sent: bool, who: str) -> str:
    state: Literal["SENT", "NOT_SENT"] = "SENT" if sent else "NOT_SENT"
    why = f"{'it arrived' if sent else 'it did not arrive'}, says {who}"
    if not await settle_unknown(here.ledger, row.key, state, why, here.connections):
        raise Refused(f"{row.key}: somebody else has settled it meanwhile")
    return state
