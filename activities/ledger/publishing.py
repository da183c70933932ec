"""Published versions, their lifecycle and their templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Text, bindparam, cast, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.lifecycle import Act, note
from activities.ledger.settings import keep_settings
from activities.ledger.store import Ledger
from activities.ledger.tables import automations, lifecycle, templates
from activities.ledger.upsert import insert_new
from workflows.engine.automation import Automation


class NotPublished(LookupError):
    """There is no such published automation or version; the message says how to publish it."""


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The text of one template version."""

    name: str
    subject: str
    text: str
    html: str | None

    @property
    def digest(self) -> str:
        """What tells versions of a template apart."""
        parts = json.dumps([self.name, self.subject, self.text, self.html])
        return sha256(parts.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Version:
    """One published version: it never changes. ``templates`` maps names to digests."""

    center: str
    automation: str
    version: int
    digest: str
    definition: Automation
    templates: Mapping[str, str]


def definition_json(automation: Automation) -> dict[str, Any]:
    """The definition as it is kept, pinned and hashed: without what stands at its default."""
    dumped: dict[str, Any] = automation.model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    )
    return dumped


async def publish(
    ledger: Ledger, automation: Automation, source: str, texts: list[TemplateText], by: str
) -> tuple[Version, bool]:
    """Make a version of ``automation``, with its templates pinned. False if nothing had changed.

    Publishing does not enable: see ``set_state``.
    """
    definition = definition_json(automation)
    pinned = {text.name: text.digest for text in texts}
    digest = sha256(json.dumps([definition, pinned], sort_keys=True).encode()).hexdigest()[:24]
    async with ledger.transaction(f"automation:{automation.id}") as tx:
        newest = await _newest(tx, automation.id)
        put_away = (await find_state(tx, automation.id) or ("", 0))[0] == "archived"
        if newest and newest.digest == digest and not put_away:
            return newest, False
        if newest and newest.center != automation.center:
            raise ValueError(
                f"automation id {automation.id!r} belongs to center {newest.center!r}: ids are "
                "unique across centers; choose another id"
            )
        await _object_to_follow_up(tx, automation)
        number = newest.version + 1 if newest else 1
        version = Version(automation.center, automation.id, number, digest, automation, pinned)
        await _keep_templates(tx, automation.center, texts)
        published = {"source": source, "published_at": await ledger.now(tx), "published_by": by}
        await tx.execute(insert(automations).values(_row_of(version) | published))
        before = newest.definition if newest else None
        await keep_settings(ledger, tx, before, automation, by)
        if put_away:
            await tx.execute(delete(lifecycle).where(lifecycle.c.automation == automation.id))
        because = automation.consent.ignored_because if automation.consent else ""
        reason = f"consents are ignored, {because}" if because else ""
        act = Act("published", automation.center, by, automation.id, number, reason)
        await note(ledger, tx, act)
    return version, True


async def _object_to_follow_up(tx: AsyncConnection, automation: Automation) -> None:
    follow_up = automation.campaign.follow_up if automation.campaign else None
    follower = await _newest(tx, follow_up.enroll_in) if follow_up else None
    if follower and follower.center != automation.center:
        raise ValueError(
            f"follow_up: automation {follower.automation!r} belongs to center {follower.center!r}: "
            "nothing crosses a center; name one of the same center"
        )


def _row_of(version: Version) -> dict[str, Any]:
    names = ("center", "automation", "version", "digest", "templates")
    row = {name: getattr(version, name) for name in names}
    return row | {"definition": definition_json(version.definition)}


async def _keep_templates(tx: AsyncConnection, center: str, texts: list[TemplateText]) -> None:
    for text in texts:
        row = asdict(text) | {"digest": text.digest, "center": center}
        await insert_new(tx, templates, row)


async def set_state(ledger: Ledger, automation: str, state: str, by: str) -> Version:
    """Enable or disable the newest published version, at once for leads in flight too.

    Raises:
        NotPublished: nothing of that id has been published, or it is archived.
    """
    async with ledger.transaction(f"automation:{automation}") as tx:
        newest = await newest_version(tx, automation)
        await put_state(ledger, tx, newest, state, (by, ""))
        return newest


async def put_state(
    ledger: Ledger, tx: AsyncConnection, newest: Version, state: str, why: tuple[str, str]
) -> None:
    """Set the state, and log who did it and the reason, in ``why``, unless nothing changes.

    Raises:
        NotPublished: it is archived.
    """
    before = await find_state(tx, newest.automation)
    if before == (state, newest.version):
        return
    if before and before[0] == "archived":
        raise NotPublished(
            f"automation {newest.automation!r} is archived: dripstone publish FILE makes a new "
            "version of it"
        )
    row = {
        "center": newest.center,
        "automation": newest.automation,
        "version": newest.version,
        "state": state,
        "changed_at": await ledger.now(tx),
        "changed_by": why[0],
    }
    if not await insert_new(tx, lifecycle, row):
        here = lifecycle.c.automation == newest.automation
        await tx.execute(lifecycle.update().where(here).values(row))
    act = "turned off" if state == "off" else state
    about = (newest.automation, newest.version)
    await note(ledger, tx, Act(act, newest.center, why[0], *about, why[1]))


async def find_state(tx: AsyncConnection, automation: str) -> tuple[str, int] | None:
    """(enabled | disabled | off | archived, the version that new leads get); None if never set."""
    here = lifecycle.c.automation == automation
    row = (await tx.execute(select(lifecycle).where(here))).mappings().first()
    return (row["state"], row["version"]) if row else None


_VERSIONS = select(
    *(automations.c[name] for name in ("center", "automation", "version", "digest")),
    cast(automations.c.definition, Text).label("definition"),
    automations.c.templates,
).where(automations.c.automation == bindparam("automation"))
_VERSION = _VERSIONS.where(automations.c.version == bindparam("version"))
_NEWEST = _VERSIONS.order_by(automations.c.version.desc()).limit(1)


async def find_version(tx: AsyncConnection, automation: str, version: int) -> Version:
    """That published version.

    Raises:
        NotPublished: there is none.
    """
    found = await tx.execute(_VERSION, {"automation": automation, "version": version})
    row = found.mappings().first()
    if row is None:
        raise NotPublished(f"automation {automation!r} has no published version {version}")
    return _version(dict(row))


async def newest_version(tx: AsyncConnection, automation: str) -> Version:
    """The newest published version.

    Raises:
        NotPublished: nothing of that id has been published.
    """
    newest = await _newest(tx, automation)
    if newest is None:
        raise NotPublished(
            f"automation {automation!r} is not published: dripstone publish FILE does that"
        )
    return newest


_TEMPLATE = select(templates).where(
    templates.c.center == bindparam("center"),
    templates.c.name == bindparam("name"),
    templates.c.digest == bindparam("digest"),
)


async def find_template(tx: AsyncConnection, center: str, name: str, digest: str) -> TemplateText:
    """That version of a template.

    Raises:
        NotPublished: there is none.
    """
    which = {"center": center, "name": name, "digest": digest}
    found = (await tx.execute(_TEMPLATE, which)).mappings().first()
    if found is None:
        raise NotPublished(f"template {name!r} of version {digest} is not in the ledger")
    return TemplateText(found["name"], found["subject"], found["text"], found["html"])


async def _newest(tx: AsyncConnection, automation: str) -> Version | None:
    row = (await tx.execute(_NEWEST, {"automation": automation})).mappings().first()
    return _version(dict(row)) if row else None


def _version(row: Mapping[str, Any]) -> Version:
    return Version(
        row["center"],
        row["automation"],
        row["version"],
        row["digest"],
        parsed(row["definition"]),
        row["templates"],
    )


@lru_cache(maxsize=512)
def parsed(definition: str) -> Automation:
    """The definition of a version, which never changes, and which every effect and event needs."""
    return Automation.model_validate_json(definition)
