"""What there is of templates in the ledger: their versions and states, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.template_tables import (
    deactivated_templates,
    template_log,
    template_versions,
)


async def templates_of(tx: AsyncConnection, center: str) -> list[dict[str, Any]]:
    """Each template of a center once: its newest version, the newest active one, since when off."""
    row = template_versions.c
    query = select(template_versions).where(row.center == center).order_by(row.name, row.number)
    off = deactivated_templates.c
    switched_off = await tx.execute(select(off.name, off.since).where(off.center == center))
    since = {row[0]: row[1] for row in switched_off}
    found: dict[str, dict[str, Any]] = {}
    for version in (await tx.execute(query)).mappings():
        name = version["name"]
        known = found.get(name, {})
        active = version["number"] if version["state"] == "active" else known.get("active_version")
        found[name] = {
            "template": name,
            "kind": version["kind"],
            "newest_version": version["number"],
            "state": version["state"],
            "active_version": active,
            "deactivated_since": since.get(name),
        }
    return list(found.values())


async def versions_of(tx: AsyncConnection, center: str, name: str) -> list[Mapping[str, Any]]:
    """The versions of a template, oldest first."""
    row = template_versions.c
    query = select(template_versions).where(row.center == center, row.name == name)
    return [dict(found) for found in (await tx.execute(query.order_by(row.number))).mappings()]


async def log_of_template(tx: AsyncConnection, center: str, name: str) -> list[Mapping[str, Any]]:
    """What was done with a template, when and by whom, oldest first."""
    row = template_log.c
    query = select(template_log).where(row.center == center, row.name == name)
    return [dict(found) for found in (await tx.execute(query.order_by(row.line))).mappings()]
