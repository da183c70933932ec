"""Which texts may be published: active ones of templates that are not switched off."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.store import Ledger
from activities.ledger.template_lives import (
    TemplateVersion,
    Written,
    locks_of,
    put_state,
    take_in,
    version_of_text,
)
from activities.ledger.template_switch import is_deactivated

_ON_PUBLISH = "by publishing an automation with it"


async def ready_to_publish(
    ledger: Ledger, center: str, written: Sequence[Written], by: str, *, vouches: bool
) -> dict[str, str]:
    """What keeps these texts from being published, by name; nothing if all of them are active.

    If who publishes ``vouches`` for them, texts that are not known yet are taken in as reviewed
    and active, provided that nothing stands against the others; else they are taken in as drafts.
    """
    async with ledger.transaction(*locks_of(center, written)) as tx:
        known = {one.text.name: await version_of_text(tx, center, one.text) for one in written}
        against = {}
        for name, version in known.items():
            if said := await _objection(tx, center, name, version):
                against[name] = said
        if against and vouches:
            return against
        for one in written:
            name = one.text.name
            if known[name]:
                continue
            version = await take_in(ledger, tx, center, one, by)
            if vouches:
                await put_state(ledger, tx, version, "reviewed", (by, _ON_PUBLISH))
                await put_state(ledger, tx, version, "active", (by, _ON_PUBLISH))
            else:
                against[name] = await _objection(tx, center, name, version) or ""
    return against


async def _objection(
    tx: AsyncConnection, center: str, name: str, version: TemplateVersion | None
) -> str | None:
    where = "" if center == "default" else f" --center {center}"
    activate_it = f"dripstone template activate {name}{where}"
    if await is_deactivated(tx, center, name):
        return f"template {name!r} is deactivated: {activate_it}"
    if version is None or version.state == "active":
        return None
    which, number = f"--version {version.number}", version.number
    if version.state == "reviewed":
        return f"template {name!r} version {number} is not active: {activate_it} {which}"
    review_it = f"dripstone template review {name}{where} {which}"
    return f"template {name!r} version {number} is a draft: {review_it}, then {activate_it} {which}"
