"""The command that moves leads in flight to another version: migrate."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.ledger.publishing import find_version
from starters.commands.lifecycle import AutomationId
from starters.commands.moving import Move, Mover, Orders
from starters.commands.opened import opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.who import By, Why, operator

verbs = typer.Typer()

SHOWN_ONE_BY_ONE = 50
COLUMNS = ("version", "step", "what becomes of it", "step then", "why", "leads")
EACH = ("lead", "version", "step", "what becomes of it", "step then", "why")


@verbs.command("migrate")
def migrate_command(
    automation: AutomationId,
    to: Annotated[int, typer.Option("--to", min=1, help="The version that leads go on in.")],
    names: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW", help="A step's name there. As often as wanted."),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take it back for those who have not moved since.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without, it is shown.")] = False,
    reason: Why = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Show for each lead in flight where it would go in a version, then --apply moves them.

    A lead keeps the step that both versions have, and its wait. Cut off, it is safe to repeat.
    """
    renamed = dict(_pair(name) for name in names or ())
    if undo and renamed:
        raise WrongUse("--map goes with moving there, not with --undo")

    orders = Wanted(automation, to, renamed, by or operator(), reason)
    moves = asyncio.run(_moved(orders, undo=undo, apply=apply))
    counts: dict[str, int] = dict(Counter(move.how for move in moves))
    document = {"automation": automation, "to": to, "undo": undo, "applied": apply}
    answer(as_json, document | {"counts": counts, "moves": moves}, _lines(document, counts, moves))
    if apply and any(not move.done for move in moves):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    automation: str
    to: int
    renamed: Mapping[str, str]
    by: str
    reason: str


async def _moved(wanted: Wanted, *, undo: bool, apply: bool) -> list[Move]:
    async with opened() as here:
        async with here.ledger.reading() as tx:
            version = await find_version(tx, wanted.automation, wanted.to)
        unknown = [new for new in wanted.renamed.values() if not version.definition.step(new)]
        if unknown:
            known = ", ".join(step.id for step in version.definition.steps)
            raise Refused(f"--map: {', '.join(unknown)}: no step of version {wanted.to}: {known}")
        orders = Orders(version, wanted.renamed, wanted.by, wanted.reason)
        mover = Mover(here.ledger, await here.client(), orders)
        if undo:
            return await mover.take_back(really=apply)
        return await (mover.carry_out_all() if apply else mover.foresee())


def _pair(name: str) -> tuple[str, str]:
    old, _, new = name.partition("=")
    if not old or not new:
        raise WrongUse(f"--map {name}: write OLD=NEW, two ids of steps")
    return old, new


def _lines(
    document: Mapping[str, Any], counts: Mapping[str, int], moves: Sequence[Move]
) -> Iterator[str | Table]:
    name, to = document["automation"], document["to"]
    if not moves:
        nobody = "nobody was moved there and can go back" if document["undo"] else "nobody to move"
        yield f"{name} version {to}: {nobody}"
        return
    if len(moves) <= SHOWN_ONE_BY_ONE:
        yield table("", EACH, ((one.lead, *_what(one)) for one in moves))
    else:
        groups = Counter(_what(one) for one in moves)
        yield table("", COLUMNS, ((*group, count) for group, count in sorted(groups.items())))
    yield ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))
    if counts.get("lost"):
        yield "a lost lead stays on its version until --map OLD=NEW says where it goes"
    left = sum(not move.done for move in moves)
    if not document["applied"]:
        yield "nothing has changed: --apply does it"
    else:
        again = f", {left} not: the same command tries again" if left else ""
        yield f"{len(moves) - left} done{again}"


def _what(move: Move) -> tuple[int, str, str, str, str]:
    return move.version, move.step, move.how, move.to_step, move.why
