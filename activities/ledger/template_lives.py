"""The life of templates: each text is a numbered version, which is drafted, reviewed, then active.

Only active versions are taken when an automation is published; it pins them, so later texts do
not reach it. A template that is deactivated holds its mails in every automation at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.publishing import TemplateText
from activities.ledger.store import Ledger
from activities.ledger.tables import templates
from activities.ledger.template_switch import is_deactivated, lock_of
from activities.ledger.template_tables import (
    deactivated_templates,
    template_log,
    template_versions,
)
from activities.ledger.upsert import insert_new

State = Literal["draft", "reviewed", "active"]


class TemplateRefused(ValueError):
    """What is asked of a template cannot be; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A template's text as its files have it, and its kind: text, basic, themed or custom."""

    text: TemplateText
    kind: str


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One text of a template. Its state only ever goes on: draft, reviewed, active."""

    center: str
    name: str
    number: int
    digest: str
    kind: str
    state: State
    drafted_by: str


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody does with a template: with its version ``number``, the newest if None."""

    center: str
    name: str
    by: str
    number: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Activated:
    """The version that is active now, if the order was about one; ``was_off``: mails were held."""

    version: TemplateVersion | None
    was_off: bool


async def draft(
    ledger: Ledger, center: str, written: Sequence[Written], by: str
) -> list[TemplateVersion]:
    """Take texts in as drafts; one that is known already stays what it is."""
    async with ledger.transaction(*locks_of(center, written)) as tx:
        return [await take_in(ledger, tx, center, one, by) for one in written]


async def review(ledger: Ledger, order: Order, *, by_another: bool = False) -> TemplateVersion:
    """Mark a version as reviewed.

    Raises:
        TemplateRefused: there is none, or ``by_another`` and its reviewer is its author.
    """
    async with ledger.transaction(lock_of(order.center, order.name)) as tx:
        version = await _asked_for(tx, order)
        if by_another and version.drafted_by == order.by:
            raise TemplateRefused(
                f"template {order.name!r} version {version.number} was drafted by {order.by!r}: "
                f"in center {order.center!r} somebody else reviews it"
            )
        if version.state == "draft":
            await put_state(ledger, tx, version, "reviewed", (order.by, order.reason))
        return await _asked_for(tx, order)


async def activate(ledger: Ledger, order: Order) -> Activated:
    """Make a reviewed version active, and let the template's mails go on if it was deactivated.

    Whoever calls this tells the held ones (``release_for``).

    Raises:
        TemplateRefused: there is no such version, or it is a draft.
    """
    async with ledger.transaction(lock_of(order.center, order.name)) as tx:
        version = await _asked_for(tx, order)
        was_off = await is_deactivated(tx, order.center, order.name)
        if was_off:
            row = deactivated_templates
            here = (row.c.center == order.center) & (row.c.name == order.name)
            await tx.execute(delete(row).where(here))
            await _note(ledger, tx, order, "switched on")
        if version.state == "draft" and was_off and order.number is None:
            return Activated(None, was_off)  # a draft of it may well wait for its review
        if version.state == "draft":
            raise TemplateRefused(
                f"template {order.name!r} version {version.number} is a draft: "
                f"dripstone template review {order.name}"
            )
        if version.state == "reviewed":
            await put_state(ledger, tx, version, "active", (order.by, order.reason))
        return Activated(await _asked_for(tx, order), was_off)


async def deactivate(ledger: Ledger, order: Order) -> bool:
    """Hold every mail of the template from this commit on; False if it was deactivated before.

    Raises:
        TemplateRefused: there is no such template.
    """
    async with ledger.transaction(lock_of(order.center, order.name)) as tx:
        await _asked_for(tx, order)
        now = await ledger.now(tx)
        row = {"center": order.center, "name": order.name, "since": now}
        is_new = await insert_new(tx, deactivated_templates, row)
        if is_new:
            await _note(ledger, tx, order, "deactivated")
    return is_new


async def take_in(
    ledger: Ledger, tx: AsyncConnection, center: str, written: Written, by: str
) -> TemplateVersion:
    """Take a text in as a draft, inside a transaction that has the template's lock."""
    known = await version_of_text(tx, center, written.text)
    if known:
        return known
    text, row = written.text, template_versions.c
    here = (row.center == center) & (row.name == text.name)
    newest = await tx.scalar(select(func.max(row.number)).where(here)) or 0
    version = TemplateVersion(center, text.name, newest + 1, text.digest, written.kind, "draft", by)
    await insert_new(tx, templates, asdict(text) | {"digest": text.digest, "center": center})
    await tx.execute(insert(template_versions).values(asdict(version)))
    await _note(ledger, tx, Order(center, text.name, by, version.number), "drafted")
    return version


async def version_of_text(
    tx: AsyncConnection, center: str, text: TemplateText
) -> TemplateVersion | None:
    """The version that has this text."""
    row = template_versions.c
    here = (row.center == center) & (row.name == text.name) & (row.digest == text.digest)
    found = (await tx.execute(select(template_versions).where(here))).mappings().first()
    return TemplateVersion(**found) if found else None


async def _asked_for(tx: AsyncConnection, order: Order) -> TemplateVersion:
    row = template_versions.c
    query = select(template_versions).where(row.center == order.center, row.name == order.name)
    if order.number is not None:
        query = query.where(row.number == order.number)
    found = (await tx.execute(query.order_by(row.number.desc()).limit(1))).mappings().first()
    if found is None:
        which = f" version {order.number}" if order.number is not None else ""
        raise TemplateRefused(
            f"center {order.center!r} has no template {order.name!r}{which} in its ledger: "
            f"dripstone template list; its file is taken in with dripstone template draft "
            f"{order.name}"
        )
    return TemplateVersion(**found)


async def put_state(
    ledger: Ledger,
    tx: AsyncConnection,
    version: TemplateVersion,
    state: State,
    why: tuple[str, str],
) -> None:
    """Put a version on, and note who did it and why, in ``why``."""
    row = template_versions.c
    here = (row.center == version.center) & (row.name == version.name)
    here &= row.number == version.number
    await tx.execute(update(template_versions).where(here).values(state=state))
    order = Order(version.center, version.name, why[0], version.number, why[1])
    await _note(ledger, tx, order, "activated" if state == "active" else state)


async def _note(ledger: Ledger, tx: AsyncConnection, order: Order, act: str) -> None:
    line: dict[str, Any] = {
        "center": order.center,
        "name": order.name,
        "number": order.number,
        "act": act,
        "reason": order.reason,
        "done_at": await ledger.now(tx),
        "done_by": order.by,
    }
    await tx.execute(insert(template_log).values(line))


def locks_of(center: str, written: Iterable[Written]) -> set[str]:
    """The locks of these templates."""
    return {lock_of(center, one.text.name) for one in written}
