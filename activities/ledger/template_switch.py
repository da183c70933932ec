"""The switch of a template: while it is off, the gate holds its mails in every automation."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.template_tables import deactivated_templates


def lock_of(center: str, name: str) -> str:
    """Sends of a template and its deactivation wait for each other under this name."""
    return f"template:{center}:{name}"


def cause_of_hold(name: str) -> str:
    """What the mails of a deactivated template are held for."""
    return f"the template {name!r} is deactivated"


_OFF = select(deactivated_templates.c.name).where(
    deactivated_templates.c.center == bindparam("center"),
    deactivated_templates.c.name == bindparam("name"),
)


async def is_deactivated(tx: AsyncConnection, center: str, name: str) -> bool:
    """Whether no mail of the template may begin now."""
    return await tx.scalar(_OFF, {"center": center, "name": name}) is not None
