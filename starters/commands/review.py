"""Commands for reviewers: review shows what waits, approve decides it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from activities.dispatch import deliver
from activities.ledger.deciding import Decided, Decision, Edited, decide
from activities.ledger.reviews import Review, find_review, log_of, waiting_reviews
from starters.commands.opened import Opened, opened
from starters.commands.output import AsJson, Refused, WrongUse, answer, table
from starters.commands.private_files import open_private
from starters.commands.who import By, Why, operator
from workers.reviewing import BadEdit, as_file, read_edit

verbs = typer.Typer()

COLUMNS = ("id", "automation", "lead", "step", "asked", "edited by")
ReviewId = Annotated[str, typer.Argument(metavar="ID", help="As dripstone review lists it.")]


@verbs.command()
def review(
    review_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Show this mail; left out: list all.")
    ] = None,
    center: Annotated[str | None, typer.Option("--center", help="Only this center's.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the mail there, to be edited.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List the mails that wait for an approval, oldest first; or show one."""
    if review_id:
        _show(review_id, out, as_json)
        return
    if out:
        raise WrongUse("--out goes with one review: say which")

    async def work() -> list[Review]:
        async with opened() as here, here.ledger.reading() as tx:
            return await waiting_reviews(tx, center, limit)

    found = asyncio.run(work())
    rows = [
        (one.id, one.automation, one.lead, one.step, one.asked_at, one.edited_by) for one in found
    ]
    lines: list[str | Table] = [table("", COLUMNS, rows)] if found else ["none waits"]
    answer(as_json, {"reviews": [_document(one) for one in found]}, lines)


def _document(one: Review) -> dict[str, Any]:
    """What is told of a review in a list: not the mail itself."""
    names = ("id", "center", "enrollment", "entry", "automation", "lead", "step", "state")
    more = ("asked_by", "asked_at", "author", "edited_by", "decided_by", "decided_at", "reason")
    return {name: getattr(one, name) for name in (*names, *more)}


def _show(review_id: str, out: Path | None, as_json: bool) -> None:
    async def work() -> tuple[Review, list[Any]]:
        async with opened() as here, here.ledger.reading() as tx:
            return await _known(tx, review_id), await log_of(tx, review_id)

    found, log = asyncio.run(work())
    if out:
        with open_private(out) as text:
            text.write(as_file(found))
    document = _document(found) | {"mail": found.mail, "log": log}
    answer(as_json, document, _lines(found, log))


async def _known(tx: Any, review_id: str) -> Review:
    found = await find_review(tx, review_id)
    if found is None:
        raise Refused(f"{review_id}: there is no such review: dripstone review lists them")
    return found


def _lines(found: Review, log: list[Any]) -> Iterator[str | Table]:
    mail = found.mail
    yield f"{found.id}: {found.state.lower()}, {found.enrollment}, step {found.step}"
    yield f"From: {mail['from_name']} <{mail['from_address']}>"
    yield f"To: {mail['to_address']}"
    yield f"Subject: {mail['subject']}"
    yield ""
    yield mail["text"]
    if mail["html"]:
        yield "--- html ---"
        yield mail["html"]
    rows = [(line["done_at"], line["act"], line["done_by"], line["reason"]) for line in log]
    yield table("Done so far", ("at", "what", "by", "why"), rows)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a decision."""

    decided: Decided
    told: bool = False
    why_not_told: str = ""


@verbs.command()
def approve(
    review_id: ReviewId,
    reject: Annotated[bool, typer.Option("--reject", help="Decide against it.")] = False,
    reason: Why = "",
    edit: Annotated[
        Path | None, typer.Option("--edit", help="Approve it with the text of this file.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Approve a mail, perhaps with another text, or reject it. Works with Temporal down."""
    if reject and edit:
        raise WrongUse("--edit goes with an approval, not with --reject")

    async def work() -> _Done:
        async with opened() as here:
            changed = await _edited(here, review_id, edit) if edit else None
            decision = Decision(review_id, not reject, by or operator(), reason, changed)
            decided = await decide(here.ledger, decision, here.connections)
            client = await here.client_if_up() if decided.event else None
            told = bool(client and await deliver(here.ledger, client, decided.event))
            return _Done(decided, told, here.why_no_client)

    done = asyncio.run(work())
    if done.decided.refused:
        raise Refused(f"{review_id}: {done.decided.refused}")
    verdict = "rejected" if reject else "approved"
    lines = [f"{review_id}: {verdict}{'' if done.decided.is_new else ' before'}"]
    if done.decided.needs_another:
        verdict = "edited"
        lines = [f"{review_id}: edited; it waits for somebody else's approval"]
    if done.why_not_told:
        lines.append(f"the lead goes on once Temporal is back: {done.why_not_told}")
    document = {"review": review_id, "verdict": verdict, "told": done.told}
    answer(as_json, document | {"is_new": done.decided.is_new}, lines)


async def _edited(here: Opened, review_id: str, path: Path) -> Edited:
    async with here.ledger.reading() as tx:
        found = await _known(tx, review_id)
    try:
        return read_edit(found, path, here.connections.of(found.center))
    except BadEdit as problem:
        raise Refused(str(problem)) from problem
