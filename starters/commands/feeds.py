"""Feeds on the command line: how each stands, and a poller's word that it has looked."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from activities.ledger.feeds import FeedState, feed_states, hear_of
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from workflows.engine.durations import write_duration

verbs = typer.Typer()

COLUMNS = ("center", "feed", "kind", "state", "last heard of", "may be")


@verbs.command()
def feeds(
    heard: Annotated[
        str | None,
        typer.Option("--heard", metavar="FEED", help="Note that this feed was polled just now."),
    ] = None,
    center: Annotated[
        str | None, typer.Option("--center", help="Whose feed, with --heard; default: default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How the feeds stand that replies, bounces and opt-outs come in by.

    Exit status 1 if one is not fresh.
    """
    if center and not heard:
        raise WrongUse("--center: goes with --heard; without it all feeds are listed")
    if heard:
        at = asyncio.run(_hear(heard, center or "default"))
        answer(as_json, {"feed": heard, "heard_at": at}, [f"{heard}: heard of at {at}"])
        return
    found = asyncio.run(_states())
    shown = [_shown(one) for one in found]
    answer(as_json, {"feeds": [_document(one) for one in found]}, [table("", COLUMNS, shown)])
    if any(one.why for one in found):
        raise Refused("messages wait for a feed that is not fresh: mend what reports it")


async def _hear(feed: str, center: str) -> datetime:
    async with opened() as here:
        if feed not in here.connections.of(center).feeds:
            raise Refused(f"{feed}: center {center!r} declares no such feed: see connections.yaml")
        async with here.ledger.transaction() as tx:
            return await hear_of(here.ledger, tx, center, feed)


async def _states() -> list[FeedState]:
    async with opened() as here:
        return await feed_states(here.ledger, here.connections)


def _shown(one: FeedState) -> tuple[Any, ...]:
    may_be = f"{write_duration(one.max_age)} old" if one.max_age else ""
    return (one.center, one.feed, one.kind, one.state, one.heard_at, may_be)


def _document(one: FeedState) -> dict[str, Any]:
    written = {name: getattr(one, name) for name in FeedState.__dataclass_fields__}
    return written | {"max_age": write_duration(one.max_age) if one.max_age else None}
