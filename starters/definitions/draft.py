"""What is checked of an automation file, and what this installation has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from activities.ledger.http_connections import HttpConnection
from starters.definitions.strict_yaml import Document, Path
from workflows.engine.automation import Automation
from workflows.engine.steps import AnyStep

Severity = Literal["error", "warning"]
Found = tuple[Path, Severity, str]


@dataclass(frozen=True, slots=True)
class Configured:
    """What this installation has: vendors by name, and each center's mailboxes.

    ``writable`` are the fields that a step may write to each center's CRM, ``pools`` whom it may
    assign leads to, and ``consents`` those that it asks people for; ``approvers`` are those who may
    decide its reviews. ``platforms`` are the fields that a push may write, by center and system;
    ``timelines`` are the centers that have a template for timeline events. ``http`` are each
    center's HTTP connections, ``listeners`` who is told of tracked events, and ``unset`` the
    variables of secrets that have no value here. ``lead_fields`` are the fields that leads have, of
    centers that list them.
    """

    vendors: frozenset[str] = frozenset()
    mailboxes: Mapping[str, Collection[str]] | None = None
    writable: Mapping[str, Collection[str]] | None = None
    pools: Mapping[str, Collection[str]] | None = None
    http: Mapping[str, Mapping[str, HttpConnection]] | None = None
    listeners: Mapping[str, Collection[str]] | None = None
    unset: Collection[str] = ()
    platforms: Mapping[str, Mapping[str, Collection[str]]] | None = None
    timelines: Collection[str] | None = None
    approvers: Mapping[str, Collection[str]] | None = None
    consents: Mapping[str, Collection[str]] | None = None
    lead_fields: Mapping[str, Collection[str]] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is checked: the steps that could be read, by their places, and the whole if it could.

    In a file with mistakes the whole has stand-ins for what could not be read: ``unread`` are the
    ids of such steps, and no finding may rest on them.

    ``templates`` has each template's merge fields, and whether each has a default. None for
    ``templates`` or ``connections`` means that they are not known here, and not checked; so does
    None for ``now``, the present instant.
    """

    document: Document
    steps: Mapping[int, AnyStep]
    automation: Automation | None
    templates: Mapping[str, Mapping[str, bool]] | None
    connections: Configured | None
    now: datetime | None = None
    unread: frozenset[str] = frozenset()
